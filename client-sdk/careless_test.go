package attune_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// A film given as the signed form would be read by IG officers, who never watch film.
func TestFormIsNoFilm(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	sign := attune.SignConsent{Family: f.id, Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true},
		People: []policies.Covered{{Person: f.mum, By: f.mum, Basis: policies.Own}}}
	for _, name := range []string{"visit.mp4", "phone.mov", "plain.webm"} {
		sign.Form = film(t, name)
		if _, err := sam.Consents.Sign(sign); attune.CodeOf(err) != attune.CodeInput || !strings.Contains(err.Error(), "film") {
			t.Errorf("%s as a form: %v, want input", name, err)
		}
	}
	sign.Form = film(t, "still.png")
	if _, err := sam.Consents.Sign(sign); err != nil {
		t.Errorf("a photograph of the form: %v", err)
	}
}

// Somebody who has just entered the form is told to sync, not to look for a form.
func TestGateNamesWhatIsOnlyUnsent(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.sync(sam)
	gran, err := sam.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.NoLink, "Gran")
	must(t, err)
	gate := func() string {
		_, err := sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: film(t, "visit.mp4"), Kind: policies.Film, People: []policies.PersonID{gran}})
		var g *attune.GateError
		if !errors.As(err, &g) {
			t.Fatalf("gate: %v, want shut", err)
		}
		return strings.Join(g.Reasons, " ")
	}
	if why := gate(); strings.Contains(why, "sync first") {
		t.Errorf("without any form: %q", why)
	}
	form := filepath.Join(t.TempDir(), "form.txt")
	must(t, os.WriteFile(form, []byte("Signed."), 0o600))
	_, err = sam.Consents.Sign(attune.SignConsent{Family: f.id, Form: form, Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true},
		People: []policies.Covered{{Person: gran, By: gran, Basis: policies.Own}}})
	must(t, err)
	if why := gate(); !strings.Contains(why, "sync first") {
		t.Errorf("with a form that is not sent: %q, want to be told to sync", why)
	}
}

// A command that is given twice does nothing the second time, and says so.
func TestGivenTwice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	again := func(what string, err error) {
		t.Helper()
		if attune.CodeOf(err) != attune.CodeInput || !strings.Contains(err.Error(), "already") {
			t.Errorf("%s: %v, want input that says already", what, err)
		}
	}
	v, err := sam.Families.Show(f.id)
	must(t, err)
	_, err = sam.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.NoLink, " "+strings.ToUpper(v.People[0].Label))
	again("a second person of one label", err)
	_, err = sam.Approvals.Request(f.id, 0)
	must(t, err)
	_, err = sam.Approvals.Request(f.id, 0)
	again("a second request", err)
	s.sync(sam)
	s.sync(s.head)
	list, err := s.head.Approvals.List()
	must(t, err)
	for _, a := range list {
		if a.State == policies.Requested {
			must(t, s.head.Approvals.Grant(a.ID))
			again("a second grant", s.head.Approvals.Grant(a.ID))
		}
	}
}

// A link that was ended, or is not sent, is shown as what it is.
func TestLinkShownAsItStands(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	s.sync(sam)
	made, err := sam.Links.Create(clip, f.mum, attune.LinkTerms{})
	must(t, err)
	shows := func(state policies.LinkState, unsent bool) {
		t.Helper()
		if l, err := sam.Links.Show(made.Link); err != nil || l.State != state || l.Unsent != unsent {
			t.Errorf("the link is %q, unsent %v, %v; want %q, %v", l.State, l.Unsent, err, state, unsent)
		}
	}
	shows(policies.LinkOpen, true)
	s.sync(sam)
	shows(policies.LinkOpen, false)
	must(t, sam.Links.Revoke(made.Link))
	shows(policies.LinkRevoked, false)
	must(t, sam.Links.Revoke(made.Link)) // again: nothing more is said
	if waiting, err := sam.Outbox.Waiting(); err != nil || len(waiting) != 1 {
		t.Errorf("%d statements wait, %v; want 1", len(waiting), err)
	}
}
