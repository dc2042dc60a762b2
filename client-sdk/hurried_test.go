package attune_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestStopBeforeTheFamilyIsKnown: a family is opened, consents and says stop, all
// before the next connection. Restrictions go first; sent before the family.open
// this one would be refused as concerning nothing, and the consent taken.
func TestStopBeforeTheFamilyIsKnown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	id, err := sam.Families.Open("NF-77", "vig")
	must(t, err)
	mum, err := sam.Families.AddPerson(id, policies.Carer, policies.Own, "", policies.LinkSafe, "Mum")
	must(t, err)
	form := filepath.Join(t.TempDir(), "form.txt")
	must(t, os.WriteFile(form, []byte("signed"), 0o600))
	_, err = sam.Consents.Sign(attune.SignConsent{Family: id, Form: form,
		People:   []policies.Covered{{Person: mum, By: mum, Basis: policies.Own}},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true}})
	must(t, err)
	must(t, sam.Consents.Withdraw(id, []policies.PersonID{mum}, "in_person"))
	if r := s.sync(sam); len(r.Refused) != 0 || r.Waiting != 0 {
		t.Fatalf("refused %v, waiting %d, want neither", r.Refused, r.Waiting)
	}
	list, err := sam.Consents.List(id)
	must(t, err)
	if len(list) != 1 || len(list[0].InForce) != 0 {
		t.Errorf("consents = %+v, want one that is in force for nobody", list)
	}
}

// TestAmbiguousName: two of one name are a question back, not "nobody". Two devices
// without a signal can both add them.
func TestAmbiguousName(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, alex := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Alex Moor")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, alex.Keys.Staff()))
	s.sync(sam)
	s.sync(alex)
	for d, label := range map[*attune.Client]string{sam: "Bob", alex: "BOB"} {
		_, err := d.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.NoLink, label)
		must(t, err)
	}
	s.sync(alex)
	s.sync(sam)
	if _, err := sam.Families.FindPerson(f.id, "Bob"); attune.CodeOf(err) != attune.CodeAmbiguous {
		t.Errorf("two people called Bob: %v, want ambiguous", err)
	}
}

// TestHurriedInput: what cannot be meant is refused in a sentence, and nothing of
// it is recorded.
func TestHurriedInput(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	before, err := sam.Outbox.Waiting()
	must(t, err)
	form := filepath.Join(t.TempDir(), "form.txt")
	must(t, os.WriteFile(form, []byte("signed"), 0o600))
	add := func(file string, kind policies.ClipKind, title string) error {
		_, err := sam.Clips.Add(context.Background(), attune.AddClip{Family: f.id, File: file, Kind: kind, Title: title, People: []policies.PersonID{f.mum, f.child}})
		return err
	}
	for name, do := range map[string]func() error{
		"EmptyReference": func() error { _, err := sam.Families.Open("", "vig"); return err },
		"LongLabel": func() error {
			_, err := sam.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.NoLink, strings.Repeat("x", 201))
			return err
		},
		"PurposeMisspelt": func() error {
			_, err := sam.Consents.Sign(attune.SignConsent{Family: f.id, Form: form,
				People:   []policies.Covered{{Person: f.mum, By: f.mum, Basis: policies.Own}},
				Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true, "resarch": false}})
			return err
		},
		"VisitToCome":  func() error { _, err := sam.Sessions.Log(f.id, "2999-01-01", 0, true, ""); return err },
		"VisitBelow0":  func() error { _, err := sam.Sessions.Log(f.id, "", -1, true, ""); return err },
		"MonthsTooBig": func() error { _, err := sam.Approvals.Request(f.id, 99999); return err },
		"LongTitle":    func() error { return add(film(t, "visit.mp4"), policies.Film, strings.Repeat("x", 201)) },
		"NoFile":       func() error { return add(filepath.Join(t.TempDir(), "none.mp4"), policies.Film, "") },
	} {
		if err := do(); attune.CodeOf(err) != attune.CodeInput {
			t.Errorf("%s: %v, want input", name, err)
		}
	}
	for name, err := range map[string]error{
		"Folder":       add(t.TempDir(), policies.Film, ""),
		"FilmAsStill":  add(film(t, "visit.mp4"), policies.Still, ""),
		"DeviceToRead": add(os.DevNull, policies.Film, ""),
	} {
		if attune.CodeOf(err) != attune.CodeNotVideo {
			t.Errorf("%s: %v, want not_a_video", name, err)
		}
	}
	after, err := sam.Outbox.Waiting()
	must(t, err)
	if len(after) != len(before) {
		t.Errorf("%d statements queued by what was refused", len(after)-len(before))
	}
	empty(t, sam)
}

// TestRemoveBehindLink: told to remove the recording, it removes the film and not
// the other name by which it was given; a second adding is told of the first.
func TestRemoveBehindLink(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // making a link needs rights there that a test does not have
	}
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	real := film(t, "visit.mp4")
	link := filepath.Join(t.TempDir(), "link.mp4")
	must(t, os.Symlink(real, link))
	in := attune.AddClip{Family: f.id, File: link, Kind: policies.Film, People: []policies.PersonID{f.mum, f.child}, Remove: true}
	first, err := sam.Clips.Add(context.Background(), in)
	must(t, err)
	second, err := sam.Clips.Add(context.Background(), in)
	must(t, err)
	if len(second.Warnings) != 1 || !strings.Contains(second.Warnings[0], first.Clip.Short()) {
		t.Errorf("warnings = %q, want the clip that was added before", second.Warnings)
	}
	must(t, sam.Clips.ConfirmSource(second.Clip, policies.SourceRemoved))
	if _, err := os.Stat(real); !os.IsNotExist(err) {
		t.Errorf("the recording is said to be removed, and is still there: %v", err)
	}
}

// TestAmbiguousReference: two families may carry one reference, where two practitioners
// opened the same case without a signal. Which one is meant is a question back.
func TestAmbiguousReference(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, alex := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Alex Moor")
	for _, d := range []*attune.Client{sam, alex} {
		_, err := d.Families.Open("NF-77", policies.VIG)
		must(t, err)
	}
	s.sync(sam)
	s.sync(alex)
	s.sync(s.head)
	if _, err := s.head.Families.Find("nf-77"); attune.CodeOf(err) != attune.CodeAmbiguous {
		t.Errorf("two families NF-77: %v, want ambiguous", err)
	}
}
