package attune_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestFind: people say names, references and the first letters of a number.
func TestFind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	for name, find := range map[string]func(string) (string, error){
		"nf-1042":                 func(x string) (string, error) { id, err := sam.Families.Find(x); return id.String(), err },
		f.id.Short():              func(x string) (string, error) { id, err := sam.Families.Find(x); return id.String(), err },
		"bo":                      func(x string) (string, error) { id, err := sam.Families.FindPerson(f.id, x); return id.String(), err },
		"helen carr":              func(x string) (string, error) { id, err := sam.Staff.Find(x); return id.String(), err },
		clip.Short():              func(x string) (string, error) { id, err := sam.Clips.Find(x); return id.String(), err },
		f.session.String():        func(x string) (string, error) { id, err := sam.Sessions.Find(f.id, x); return id.String(), err },
		f.session.Short() + "zzz": nil,
	} {
		if find == nil {
			var e *attune.Error
			if _, err := sam.Sessions.Find(f.id, name); !errors.As(err, &e) || e.Code != attune.CodeUnknown || e.Next == "" {
				t.Errorf("%s: %v, want unknown with what to do", name, err)
			}
			continue
		}
		if id, err := find(name); err != nil || id == "" {
			t.Errorf("find %q: %q, %v", name, id, err)
		}
	}
	if _, err := sam.Families.Find("NF-9999"); attune.CodeOf(err) != attune.CodeUnknown {
		t.Errorf("a family that is not here: %v, want unknown", err)
	}
}

// TestOfficer: the IG officer reads forms, and never a note, a name or film.
func TestOfficer(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ig := s.hire(policies.IGOfficer, "Ivy Gold")
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	s.sync(sam)
	s.sync(ig)
	list, err := ig.Consents.List(f.id)
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d forms, want 1", len(list))
	}
	form, err := ig.Consents.ReadForm(f.id, list[0].ID)
	if err != nil || !strings.Contains(string(form), marker) {
		t.Errorf("form: %d bytes, %v", len(form), err)
	}
	v, err := ig.Families.Show(f.id)
	must(t, err)
	for _, p := range v.People {
		if p.Label != "" {
			t.Errorf("the officer reads the label %q", p.Label)
		}
	}
	if len(v.Clips) != 1 || v.Clips[0].Title != "" || len(v.Sessions) != 0 {
		t.Errorf("the officer sees %d clips, title %q, %d sessions", len(v.Clips), v.Clips[0].Title, len(v.Sessions))
	}
	if _, err := ig.Clips.Open(context.Background(), clip, policies.FilmAndUse); err == nil {
		t.Error("the officer opened film")
	}
}

// TestEnding: links and people are ended, and what was refused is put away.
func TestEnding(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	link, err := sam.Links.Create(clip, f.mum, attune.LinkTerms{Days: 7, Opens: 3})
	must(t, err)
	s.sync(sam)
	found, err := sam.Links.Find(link.URL)
	must(t, err)
	must(t, sam.Links.Revoke(found))
	s.sync(sam)
	v, err := sam.Families.Show(f.id)
	must(t, err)
	if v.Links[0].State != policies.LinkRevoked {
		t.Errorf("link is %s, want revoked", v.Links[0].State)
	}

	_, err = sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	must(t, s.head.Staff.Revoke(sam.Keys.Staff()))
	s.sync(s.head)
	m, err := s.head.Staff.Show(sam.Keys.Staff())
	if err != nil || m.State != attune.Revoked {
		t.Errorf("Sam is %q, %v", m.State, err)
	}
	// Whatever the server answers to a revoked device, the work stays here.
	_, _ = sam.Sync(context.Background())
	waiting, err := sam.Outbox.Waiting()
	must(t, err)
	refused, err := sam.Outbox.Attention()
	must(t, err)
	if len(waiting)+len(refused) != 1 {
		t.Errorf("%d waiting and %d refused, want the one session", len(waiting), len(refused))
	}
	for _, o := range refused {
		must(t, sam.Outbox.Dismiss(o.ID))
	}
	if err := sam.Outbox.Dismiss(policies.StatementID{1}); attune.CodeOf(err) != attune.CodeUnknown {
		t.Errorf("dismiss what is not there: %v, want unknown", err)
	}
}
