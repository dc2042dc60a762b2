package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// playing is a family's film in use by everybody who may: opened, and in the middle.
type playing struct {
	*storagetest.World
	t      *testing.T
	family *storagetest.Family
	father policies.PersonID
	clip   storagetest.Clip
	late   storagetest.Clip // added, its film still to be sent
	link   storagetest.Link
	page   storage.Opened
	team   *storage.Viewing
	viewer *storage.Viewing
}

func startPlaying(t *testing.T) *playing {
	w := open(t)
	p := &playing{World: w, t: t, family: w.Open("NF-2041")}
	w.Clock.Forward(time.Minute)
	p.father = policies.PersonID(w.Sam.Does(p.family.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.NoLink}))
	p.family.Countersign(p.family.List(w.Visitor))
	p.clip, p.late = p.family.Store(200_000, true), p.family.Add(1000, true)
	p.link = p.family.Share(p.clip, 50)
	var err error
	if p.page, err = openLink(w, p.link, p.link.PIN); err != nil {
		t.Fatal(err)
	}
	if p.team, err = p.open(w.Ana, policies.FilmAndUse); err != nil {
		t.Fatal(err)
	}
	if p.viewer, err = p.open(w.Visitor, policies.Supervision); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *playing) open(who *storagetest.Person, purpose policies.Purpose) (*storage.Viewing, error) {
	return p.Clips.Open(context.Background(), who.Caller(), storage.ViewRequest{Clip: p.clip.ID, Purpose: purpose})
}

// read reads the first bytes again: nothing is newly entered, and it is asked all
// the same.
func (p *playing) read(v *storage.Viewing) error {
	body, err := v.ReadRange(context.Background(), 0, 1000)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}

// uses is everything that a stop may have to end, with the action that the log
// names.
func (p *playing) uses() map[string]func() error {
	ctx := context.Background()
	return map[string]func() error{
		"team opens": func() error { _, err := p.open(p.Sam, policies.FilmAndUse); return err },
		"team plays": func() error { return p.read(p.team) },
		"team copies": func() error {
			_, err := p.Clips.Open(ctx, p.Ana.Caller(), storage.ViewRequest{Clip: p.clip.ID, Purpose: policies.FamilyCopy, Copy: true, Reason: "for the family"})
			return err
		},
		"viewer opens": func() error { _, err := p.open(p.Visitor, policies.Supervision); return err },
		"viewer plays": func() error { return p.read(p.viewer) },
		"carer opens":  func() error { _, err := openLink(p.World, p.link, p.link.PIN); return err },
		"carer plays": func() error {
			body, _, err := p.Links.Read(ctx, policies.Caller{}, p.link.Token, p.page.Session, 0, 10)
			if err == nil {
				err = body.Close()
			}
			return err
		},
		"film arrives": func() error {
			up, err := p.Uploads.Create(ctx, p.Sam.Caller(), p.late.ID, int64(len(p.late.Payload)))
			if err == nil {
				_, err = p.Uploads.Append(ctx, p.Sam.Caller(), up.ID, 0, bytes.NewReader(p.late.Payload))
			}
			return err
		},
	}
}

// TestEveryStop: what each stop ends from the next request on, and by which rule.
// What it does not end is the other half of the promise: revoking a link takes
// nothing from the team, and removing a viewer nothing from the carer.
func TestEveryStop(t *testing.T) {
	everything := map[string]string{
		"team opens": "VIEW-CONSENT", "team plays": "VIEW-CONSENT", "team copies": "VIEW-CONSENT",
		"viewer opens": "VIEW-CONSENT", "viewer plays": "VIEW-CONSENT",
		"carer opens": "LINK-CONSENT LINK-REVOKED", "carer plays": "LINK-CONSENT LINK-REVOKED", "film arrives": "UPLOAD-DECISION",
	}
	for name, tt := range map[string]struct {
		stop  func(p *playing)
		wants map[string]string
	}{
		"the carer withdraws": {func(p *playing) {
			p.Ana.Does(p.family.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{p.family.Carer}, Channel: policies.ByPhone})
		}, everything},
		"for the child": {func(p *playing) {
			p.Visitor.Does(p.family.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{p.family.Child}, Channel: policies.Writing})
		}, everything},
		"the father objects": {func(p *playing) {
			p.Ana.Does(p.family.Record, "consent.object", &policies.ConsentObject{People: []policies.PersonID{p.family.Child}, By: p.father, Channel: policies.Writing})
		}, everything},
		"the carer presses stop": {func(p *playing) {
			if err := p.Links.Stop(context.Background(), policies.Caller{}, p.link.Token, p.page.Session); err != nil {
				p.t.Fatal(err)
			}
		}, everything},
		"the viewer is removed": {func(p *playing) {
			p.Ana.Does(p.family.Record, "viewer.remove", &policies.ViewerRemove{Staff: p.Visitor.Staff})
		}, map[string]string{"viewer opens": "VIEW-LIST", "viewer plays": "VIEW-LIST"}},
		"the viewer leaves their employer": {func(p *playing) {
			p.Head.Does(policies.RecordID(p.Org), "staff.revoke", &policies.StaffRevoke{Staff: p.Visitor.Staff})
		}, map[string]string{"viewer opens": "ACTIVE-1", "viewer plays": "ACTIVE-1"}},
		"the link is revoked": {func(p *playing) {
			p.Ana.Does(p.family.Record, "link.revoke", &policies.LinkRevoke{Link: p.link.ID})
		}, map[string]string{"carer opens": "LINK-REVOKED", "carer plays": "LINK-REVOKED"}},
		"filming is revoked": {func(p *playing) {
			p.Head.Does(p.family.Record, "approval.revoke", &policies.ApprovalRevoke{Request: p.family.Approval, Reason: policies.Safeguarding})
		}, map[string]string{
			"team opens": "VIEW-APPROVAL", "team plays": "VIEW-APPROVAL", "team copies": "VIEW-APPROVAL",
			"viewer opens": "VIEW-APPROVAL", "viewer plays": "VIEW-APPROVAL",
			"carer opens": "LINK-APPROVAL", "carer plays": "LINK-APPROVAL", "film arrives": "UPLOAD-DECISION",
		}},
		"a practitioner leaves the team": {func(p *playing) {
			p.Head.Does(p.family.Record, "team.remove", &policies.TeamRemove{Staff: p.Ana.Staff})
		}, map[string]string{"team plays": policies.DefaultDeny, "team copies": policies.DefaultDeny}},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPlaying(t)
			for use, try := range p.uses() {
				if use == "film arrives" {
					continue // it arrives once
				}
				if err := try(); err != nil {
					t.Fatalf("before, %s: %v", use, err)
				}
			}
			p.Clock.Forward(time.Minute)
			tt.stop(p)
			for use, try := range p.uses() {
				before := len(events(t, p.World, ""))
				err := try()
				rule, want := newestDenial(t, p.World, before), tt.wants[use]
				if (err != nil) != (want != "") || rule != want {
					t.Errorf("%s: %v, the log says %q; want %q", use, err, rule, want)
				}
			}
		})
	}
}

// newestDenial is the rules of the last denial since an index; "" for none.
func newestDenial(t *testing.T, w *storagetest.World, since int) (rules string) {
	t.Helper()
	for _, e := range events(t, w, "")[since:] {
		if e.Outcome == accesslog.Denied {
			rules = strings.Join(e.Rules, " ")
		}
	}
	return rules
}
