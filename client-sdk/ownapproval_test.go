package attune_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// unapproved is a family with everything but an approval.
func (s *service) unapproved(sam *attune.Client, reference string) family {
	s.t.Helper()
	f := family{practitioner: sam}
	var err error
	f.id, err = sam.Families.Open(reference, policies.VIG)
	must(s.t, err)
	f.mum, err = sam.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.LinkSafe, "Mum")
	must(s.t, err)
	f.child, err = sam.Families.AddPerson(f.id, policies.Child, policies.ParentalResponsibility, "2024-03", policies.NoLink, "Bo")
	must(s.t, err)
	f.consent(s)
	f.session, err = sam.Sessions.Log(f.id, "", 0, true, "a note")
	must(s.t, err)
	s.sync(sam)
	return f
}

func (f family) gate(t *testing.T) policies.Gate {
	t.Helper()
	g, err := f.practitioner.Clips.Gate(f.id, []policies.PersonID{f.mum, f.child})
	must(t, err)
	return g
}

// TestOwnApproval: a practitioner is approved once, films two families under it, and
// when the head of service takes it back nobody films or watches any more.
func TestOwnApproval(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newServiceOf(t, "nhs")
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f, g := s.unapproved(sam, "NF-1"), s.unapproved(sam, "NF-2")
	if gate := f.gate(t); gate.Open || !strings.Contains(gate.Reasons[0].Text, "Ask for one for yourself") {
		t.Errorf("gate = %+v, want shut for want of an own approval", gate)
	}
	_, err := sam.Approvals.Request(f.id, 0)
	if attune.CodeOf(err) != attune.CodeInput || !strings.Contains(err.Error(), "approves practitioners") {
		t.Errorf("asking for a family = %v, want that this service does not", err)
	}
	own, err := sam.Approvals.RequestOwn(policies.VIG, 0)
	must(t, err)
	if _, err := sam.Approvals.RequestOwn(policies.VIG, 0); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("asking twice = %v", err)
	}
	s.sync(sam)
	s.sync(s.head)
	must(t, s.head.Approvals.Grant(own))
	s.sync(s.head)
	s.sync(sam)
	for _, f := range []family{f, g} {
		if gate := f.gate(t); !gate.Open || gate.Approval != own {
			t.Fatalf("gate = %+v, want open on the own approval", gate)
		}
	}
	clip := f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	s.sync(sam)
	watch := func() error {
		p, err := sam.Clips.Open(ctx, clip, policies.FilmAndUse)
		if err == nil {
			err = p.Close()
		}
		return err
	}
	must(t, watch())

	must(t, s.head.Approvals.Revoke(own, policies.NotNow))
	s.sync(s.head)
	if err := watch(); !ruledBy(err, "VIEW-APPROVAL") {
		t.Errorf("watching after the revocation = %v, want VIEW-APPROVAL", err)
	}
	g.add(t, film(t, "visit.mp4"), "filmed before the device knew")
	r, err := sam.Sync(ctx)
	must(t, err)
	if len(r.Refused) != 0 || len(r.Stopped) != 1 || !slices.Equal(r.Stopped[0].Rules, []string{"UPLOAD-DECISION"}) {
		t.Errorf("refused = %+v, stopped = %+v; want the film to wait for a decision", r.Refused, r.Stopped)
	}
	if gate := g.gate(t); gate.Open || !strings.Contains(gate.Reasons[0].Text, "revoked") {
		t.Errorf("gate = %+v, want shut by the revocation", gate)
	}
	again, err := sam.Approvals.RequestOwn(policies.VIG, 0)
	must(t, err)
	_, err = sam.Sync(ctx)
	must(t, err)
	s.sync(s.head)
	bea := s.hire(policies.Practitioner, "Bea Hall")
	if got := s.waiting(s.head, policies.ApprovalWaits); len(got) != 1 || got[0].Of != again.String() {
		t.Errorf("on the head of service's desk: %+v", got)
	}
	must(t, s.head.Approvals.Grant(again))
	s.sync(s.head)
	must(t, watch())
	_, err = sam.Sync(ctx)
	must(t, err)
	s.sync(bea)
	s.pass(345 * 24 * time.Hour)
	if got := s.waiting(sam, policies.ApprovalEnds); len(got) != 1 || got[0].Of != again.String() {
		t.Errorf("a month before its end its holder has %+v", got)
	}
	if got := s.waiting(bea, policies.ApprovalEnds); len(got) != 0 {
		t.Errorf("and a colleague %+v", got)
	}
}

func ruledBy(err error, rule string) bool {
	var e *attune.Error
	return errors.As(err, &e) && slices.Contains(e.Rules, rule)
}

// TestFamilyStopsOwnApproval: where filming of one family was revoked, the
// practitioner's approval films there no more; only an approval of the family does,
// which the service then takes although it approves practitioners.
func TestFamilyStopsOwnApproval(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "nhs")
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f, g := s.unapproved(sam, "NF-1"), s.unapproved(sam, "NF-2")
	own, err := sam.Approvals.RequestOwn(policies.VIG, 0)
	must(t, err)
	s.sync(sam)
	s.sync(s.head)
	must(t, s.head.Approvals.Grant(own))
	s.sync(s.head)
	must(t, s.head.Approvals.StopFamily(f.id, policies.Safeguarding))
	s.sync(s.head)
	s.sync(sam)
	if gate := f.gate(t); gate.Open {
		t.Error("the family is filmed under the practitioner's approval")
	}
	if gate := g.gate(t); !gate.Open {
		t.Errorf("another family: %+v", gate)
	}
	s.approve(sam, f.id)
	s.sync(sam)
	if gate := f.gate(t); !gate.Open || gate.Approval == own {
		t.Errorf("approved anew: %+v, want on the family's approval", gate)
	}
}

// TestGrantAll: of several requests each is granted or told of by itself, and none
// twice.
func TestGrantAll(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, bea := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Bea Hall")
	var asked []policies.ApprovalID
	for _, reference := range []string{"NF-1", "NF-2"} {
		f := s.unapproved(sam, reference)
		id, err := sam.Approvals.Request(f.id, 0)
		must(t, err)
		asked = append(asked, id)
		s.pass(time.Hour)
	}
	s.sync(sam)
	own, err := bea.Approvals.RequestOwn(policies.VIG, 3)
	must(t, err)
	s.sync(bea)
	asked = append(asked, own)
	s.sync(s.head)
	waiting, err := s.head.Approvals.Waiting()
	must(t, err)
	var ids []policies.ApprovalID
	for _, v := range waiting {
		ids = append(ids, v.ID)
	}
	if !slices.Equal(ids, asked) || waiting[2].Name != "Bea Hall" || !waiting[2].Own() || waiting[0].Own() {
		t.Fatalf("waiting = %+v, want three, the oldest first", waiting)
	}
	must(t, s.head.Approvals.Decline(ids[0], policies.NotNow))
	for _, d := range s.head.Approvals.GrantAll(append(ids, ids[2])) {
		refused := d.ID == ids[0]
		if refused != (d.Err != nil) && d.ID != ids[2] {
			t.Errorf("%s: %v", d.ID.Short(), d.Err)
		}
	}
	all := s.head.Approvals.GrantAll(ids)
	for i, want := range []string{"declined", "granted already", "granted already"} {
		if err := all[i].Err; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("once more: %v, want %s", err, want)
		}
	}
	r := s.sync(s.head)
	s.sync(bea)
	if got := state(t, bea, own); got != policies.Granted || len(r.Accepted) != 3 {
		t.Errorf("own approval is %s; %d statements sent, want a decline and two grants", got, len(r.Accepted))
	}
	if waiting, err = s.head.Approvals.Waiting(); err != nil || len(waiting) != 0 {
		t.Errorf("still waiting: %+v, %v", waiting, err)
	}
}

// TestScopeOfFamilies: where the service approves families, nobody asks for themselves.
func TestScopeOfFamilies(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, "court")
	sam := s.hire(policies.Practitioner, "Sam Reed")
	_, err := sam.Approvals.RequestOwn(policies.VIG, 0)
	if attune.CodeOf(err) != attune.CodeInput || !strings.Contains(err.Error(), "family by family") {
		t.Errorf("asking for oneself = %v", err)
	}
	f := s.unapproved(sam, "NF-1")
	s.approve(sam, f.id)
	s.sync(sam)
	if gate := f.gate(t); !gate.Open {
		t.Errorf("gate = %+v", gate)
	}
}
