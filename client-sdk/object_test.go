package attune_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestObject: the father says no to what the mother signed for the child. Film of the
// child is used by nobody until the father signs a form; the mother's does not lift it.
func TestObject(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	dad, err := w.sam.Families.AddPerson(w.id, policies.Carer, policies.Own, "", policies.NoLink, "Dad")
	must(t, err)
	w.sync(w.sam)
	w.sync(w.mo)
	w.plays(w.clip)
	if err := w.sam.Consents.Object(w.id, []policies.PersonID{dad}, dad, policies.ByPhone); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("objecting to one's own film: %v", err)
	}
	// Whoever hears it records it: Bea is not the clip's author.
	w.sync(w.bea)
	must(t, w.bea.Consents.Object(w.id, []policies.PersonID{w.child}, dad, policies.ByPhone))
	if g, err := w.bea.Clips.Gate(w.id, []policies.PersonID{w.child}); err != nil || g.Open {
		t.Errorf("the gate is open beside an objection that is queued: %+v, %v", g, err)
	}
	w.sync(w.bea)
	w.paused()

	for _, c := range []*attune.Client{w.sam, w.head} {
		w.sync(c)
		list, err := c.Families.Objected()
		if err != nil || len(list) != 1 || list[0].By != dad || list[0].People[0] != w.child || list[0].Reference != "NF-1042" {
			t.Errorf("objected = %+v, %v", list, err)
		}
		if want := map[*attune.Client]string{w.sam: "Dad"}[c]; list[0].Label != want {
			t.Errorf("label = %q, want %q", list[0].Label, want)
		}
	}
	w.sync(w.mo)
	if list, err := w.mo.Families.Objected(); err != nil || len(list) != 0 {
		t.Errorf("it is shown to a viewer: %+v, %v", list, err)
	}

	w.agree(w.mo.Keys.Staff()) // the mother again
	w.sync(w.sam)
	w.paused()

	w.signs(dad)
	w.agree(w.mo.Keys.Staff())
	w.sync(w.sam)
	if list, err := w.sam.Families.Objected(); err != nil || len(list) != 0 {
		t.Errorf("after the father agreed: %+v, %v", list, err)
	}
	w.sync(w.mo)
	w.plays(w.clip)
}

// TestObjectDecided: the two do not come to agree, and a head of service who did not
// take the objection down settles it.
func TestObjectDecided(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	dad, err := w.sam.Families.AddPerson(w.id, policies.Carer, policies.Own, "", policies.NoLink, "Dad")
	must(t, err)
	w.sync(w.sam)
	w.sync(w.bea)
	w.sync(w.mo)
	must(t, w.bea.Consents.Object(w.id, []policies.PersonID{w.child}, dad, policies.ByPhone))
	w.sync(w.bea)
	w.paused()
	w.sync(w.head)
	id, err := w.head.Decisions.Find(w.id, "")
	if err == nil {
		t.Errorf("the empty text names objection %s", id.Short())
	}
	list, err := w.head.Families.Objected()
	must(t, err)
	w.sync(w.sam)
	for who, c := range map[string]struct {
		client *attune.Client
		want   wire.Code
	}{"who recorded it": {w.bea, attune.CodeInput}, "a practitioner": {w.sam, wire.CodeSigner}} {
		if err := c.client.Decisions.Make(w.id, list[0].ID, policies.MayBeUsed, policies.CourtOrder); attune.CodeOf(err) != c.want {
			t.Errorf("decided by %s: %v, want %s", who, err, c.want)
		}
	}
	must(t, w.head.Decisions.Make(w.id, list[0].ID, policies.MayBeUsed, policies.CourtOrder))
	w.sync(w.head)
	w.plays(w.clip)
	w.sync(w.bea)
	if list, err := w.bea.Families.Objected(); err != nil || len(list) != 0 {
		t.Errorf("after the decision: %+v, %v", list, err)
	}
}

// paused: neither the viewer nor the team sees the clip.
func (w *watched) paused() {
	w.t.Helper()
	for who, c := range map[string]struct {
		client  *attune.Client
		purpose policies.Purpose
	}{"viewer": {w.mo, policies.Supervision}, "team": {w.bea, policies.FilmAndUse}} {
		p, err := c.client.Clips.Open(context.Background(), w.clip, c.purpose)
		if err == nil {
			p.Close()
		}
		if attune.CodeOf(err) != wire.CodeDenied {
			w.t.Errorf("%s: %v, want denied", who, err)
		}
	}
}

// signs is a form on which somebody else decides for the child.
func (w *watched) signs(by policies.PersonID) {
	w.t.Helper()
	form := filepath.Join(w.t.TempDir(), "form.jpg")
	must(w.t, os.WriteFile(form, []byte("a photographed form"), 0o600))
	_, err := w.sam.Consents.Sign(attune.SignConsent{
		Family: w.id, Form: form,
		People:   []policies.Covered{{Person: w.child, By: by, Basis: policies.ParentalResponsibility}},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true},
	})
	must(w.t, err)
}
