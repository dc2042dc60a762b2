package attune_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

func paperForm(t *testing.T) string {
	t.Helper()
	form := filepath.Join(t.TempDir(), "form.txt")
	must(t, os.WriteFile(form, []byte("Signed."), 0o600))
	return form
}

// TestFormOfItsOwn: a training event is asked about apart, and changes nothing else; an
// IG officer reads what was shown with each form, a head of service does not.
func TestFormOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	f := s.family(sam)
	both := []policies.Covered{{Person: f.mum, By: f.mum, Basis: policies.Own}, {Person: f.child, By: f.mum, Basis: policies.ParentalResponsibility}}
	sign := func(separate bool, yes ...policies.Purpose) (policies.ConsentID, error) {
		in := attune.SignConsent{Family: f.id, Form: paperForm(t), People: both, Separate: separate, Purposes: map[policies.Purpose]bool{},
			Understood: []policies.Aid{policies.Supporter}, Medium: policies.OnScreen}
		for _, p := range yes {
			in.Purposes[p] = true
		}
		return sam.Consents.Sign(in)
	}
	for name, yes := range map[string][]policies.Purpose{
		"with the rest":            {policies.FilmAndUse, policies.TrainingEvent},
		"nothing about filming":    {policies.Supervision},
		"a purpose of another's":   {policies.FilmAndUse, policies.Research},
		"no answer about anything": {},
	} {
		if _, err := sign(false, yes...); attune.CodeOf(err) != attune.CodeInput {
			t.Errorf("%s: %v, want input", name, err)
		}
	}
	for name, yes := range map[string][]policies.Purpose{
		"that answers film and use":     {policies.TrainingEvent, policies.FilmAndUse},
		"about what the main form asks": {policies.Supervision},
	} {
		if _, err := sign(true, yes...); attune.CodeOf(err) != attune.CodeInput {
			t.Errorf("a form of its own %s: %v, want input", name, err)
		}
	}
	_, err := sign(false, policies.FilmAndUse, policies.FamilyCopy)
	must(t, err)
	apart, err := sign(true, policies.TrainingEvent)
	must(t, err)
	agreed, err := sam.Consents.Agreed(f.id)
	must(t, err)
	var of []policies.Purpose
	for _, p := range agreed[0].Purposes {
		of = append(of, p.Purpose)
	}
	if want := []policies.Purpose{policies.FilmAndUse, policies.TrainingEvent, policies.FamilyCopy}; !slices.Equal(of, want) {
		t.Errorf("agreed = %v, want %v", of, want)
	}
	forms, err := sam.Consents.List(f.id)
	must(t, err)
	if last := forms[len(forms)-1]; last.ID != apart || !last.Separate || last.Medium != policies.OnScreen || !slices.Equal(last.Understood, []policies.Aid{policies.Supporter}) {
		t.Errorf("the form = %+v, want one of its own, on a screen, with a supporter", last)
	}

	s.sync(sam)
	s.sync(iris)
	s.sync(s.head)
	can, err := iris.Families.WhoCanSee(f.id)
	must(t, err)
	if can.Shown.Consent != apart || len(can.Shown.Lines) == 0 {
		t.Errorf("to the IG officer was shown %+v, want the lines of the last form", can.Shown)
	}
	can, err = s.head.Families.WhoCanSee(f.id)
	must(t, err)
	if !can.Shown.Consent.IsZero() || len(can.Shown.Lines) != 0 {
		t.Errorf("to the head of service was shown %+v, want nothing", can.Shown)
	}
}

// TestToldAndChanged: what was read to the family, and what is true since.
func TestToldAndChanged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Bell")
	f := s.family(sam)
	told := func() attune.Shown {
		t.Helper()
		can, err := sam.Families.WhoCanSee(f.id)
		must(t, err)
		return can.Shown
	}
	if d := told(); len(d.New)+len(d.Ended) != 0 || d.Consent.IsZero() {
		t.Errorf("just signed: %+v, want no difference", d)
	}
	s.sync(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	if d := told(); len(d.New) != 1 || len(d.Ended) != 1 || !strings.Contains(d.New[0], "2 people") || !strings.Contains(d.Ended[0], "1 person") {
		t.Errorf("a second practitioner: new %q, ended %q", d.New, d.Ended)
	}
	before, err := sam.Consents.InUse(f.id)
	must(t, err)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum, f.child}, policies.ByPhone))
	after, err := sam.Consents.InUse(f.id)
	must(t, err)
	if after != (attune.InUse{}) {
		t.Errorf("in use %+v, then %+v, want nothing", before, after)
	}
	if d := told(); !slices.ContainsFunc(d.New, func(l string) bool { return strings.HasPrefix(l, "Nobody may watch now") }) {
		t.Errorf("withdrawn: new %q", d.New)
	}
}

// TestSaidNo: no film of a visit at which somebody said no, on this device already, and
// the gate is shut for that day.
func TestSaidNo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	no, err := sam.Sessions.LogRefused(f.id, "", 0, "")
	must(t, err)
	add := func(session policies.SessionID) error {
		_, err := sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: film(t, "visit.mp4"), Kind: policies.Film,
			Session: session, People: []policies.PersonID{f.mum}})
		return err
	}
	var g *attune.GateError
	if err := add(policies.SessionID{}); !errors.As(err, &g) || !slices.Contains(g.Rules, "UPLOAD-TODAY") {
		t.Errorf("that day: %v, want shut by UPLOAD-TODAY", err)
	}
	_, err = sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	s.sync(sam)
	if err := add(no); !errors.As(err, &g) || !slices.Contains(g.Rules, "UPLOAD-TODAY") {
		t.Errorf("film of the visit at which somebody said no: %v, want shut by UPLOAD-TODAY", err)
	}
	must(t, add(policies.SessionID{}))
}

// TestPersonChangedShutsLink: the contact is not safe any more; she gets no other link.
func TestPersonChangedShutsLink(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "Ducks").Clip
	s.sync(sam)
	s.sync(sam)
	_, err := sam.Links.Create(clip, f.mum, attune.LinkTerms{})
	must(t, err)
	s.sync(sam)
	must(t, sam.Families.ChangePerson(f.id, f.mum, attune.ChangePerson{Contact: policies.NoLink}))
	s.sync(sam)
	v, err := sam.Families.Show(f.id)
	must(t, err)
	if got := v.People[0].Contact; got != policies.NoLink {
		t.Errorf("contact = %q, want %q", got, policies.NoLink)
	}
	if _, err := sam.Links.Create(clip, f.mum, attune.LinkTerms{}); err == nil {
		t.Error("another link was made for her")
	}
}
