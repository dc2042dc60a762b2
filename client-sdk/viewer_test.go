package attune_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// watched is a family with a clip, a team of two, and a supervisor of another
// organisation whom the form names.
type watched struct {
	*service
	family
	sam, bea, mo *attune.Client
	clip         policies.ClipID
	original     []byte
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{service: newService(t)}
	w.sam, w.bea = w.hire(policies.Practitioner, "Sam Reed"), w.hire(policies.Practitioner, "Bea Hall")
	w.mo = w.hireOutside("Mo Finch")
	w.sync(w.sam)
	w.family = w.service.family(w.sam)
	must(t, w.sam.Families.AddTeam(w.id, w.bea.Keys.Staff()))
	w.agree(w.mo.Keys.Staff())
	source := film(t, "visit.mp4")
	w.original = cleaned(t, source)
	w.clip = w.add(t, source, "Tea time "+marker).Clip
	w.sync(w.sam)
	return w
}

// hireOutside is hire for a supervisor of another organisation.
func (s *service) hireOutside(name string) *attune.Client {
	s.t.Helper()
	invitation, id, err := s.head.Staff.InviteOutside(policies.Supervisor, name)
	must(s.t, err)
	return s.welcome(name, invitation, id)
}

// agree is a new form of the mother's that names a viewer for supervision.
func (w *watched) agree(viewer policies.StaffID) {
	w.t.Helper()
	form := filepath.Join(w.t.TempDir(), "form.jpg")
	must(w.t, os.WriteFile(form, []byte("a photographed form"), 0o600))
	_, err := w.sam.Consents.Sign(attune.SignConsent{
		Family: w.id, Form: form,
		People: []policies.Covered{
			{Person: w.mum, By: w.mum, Basis: policies.Own},
			{Person: w.child, By: w.mum, Basis: policies.ParentalResponsibility},
		},
		Purposes: map[policies.Purpose]bool{policies.FilmAndUse: true, policies.FamilyCopy: true, policies.Supervision: true},
		Viewers:  []policies.NamedViewer{{Staff: viewer, Purpose: policies.Supervision, Until: policies.At(w.now().AddDate(0, 2, 0))}},
	})
	must(w.t, err)
}

// list puts the supervisor on the list, and has the head of service countersign it.
func (w *watched) list() {
	w.t.Helper()
	added, err := w.sam.Viewers.Add(w.id, w.mo.Keys.Staff(), policies.Supervision, time.Time{})
	must(w.t, err)
	w.sync(w.sam)
	w.sync(w.head)
	must(w.t, w.head.Viewers.Countersign(w.id, added.ID))
	w.sync(w.head)
}

func (w *watched) entry(c *attune.Client) attune.ViewerEntry {
	w.t.Helper()
	list, err := c.Viewers.List(w.id)
	must(w.t, err)
	if len(list) == 0 {
		w.t.Fatal("the viewer list is empty")
	}
	return list[len(list)-1]
}

// TestViewer: a supervisor of another organisation watches once the family named
// them, a practitioner listed them, the head of service countersigned, and any
// device of the team has written their keys; and not an act longer.
func TestViewer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWatched(t)
	added, err := w.sam.Viewers.Add(w.id, w.mo.Keys.Staff(), policies.Supervision, time.Time{})
	must(t, err)
	if !added.Outside {
		t.Error("nobody is told that it waits for a countersign")
	}
	if r := w.sync(w.sam); r.Keys != 0 {
		t.Errorf("%d keys written before the countersign", r.Keys)
	}
	w.sync(w.mo)
	if list, err := w.mo.Families.List(); err != nil || len(list) != 0 {
		t.Errorf("before the countersign the viewer has %+v, %v", list, err)
	}
	w.sync(w.head)
	if tasks, err := w.head.Viewers.Waiting(); err != nil || len(tasks) != 1 || tasks[0].Name != "Mo Finch" || tasks[0].State != policies.ListingWaits {
		t.Errorf("the head of service has to see to %+v, %v", tasks, err)
	}
	must(t, w.head.Viewers.Countersign(w.id, added.ID))
	w.sync(w.head)

	// Between the countersign and the next sync of the team the pair waits.
	w.sync(w.mo)
	if e := w.entry(w.mo); len(e.Waiting) != 1 || len(e.Clips) != 0 || e.SignedBy != "Helen Carr" {
		t.Errorf("before a key is written: %+v", e)
	}
	if _, err := w.mo.Clips.Open(ctx, w.clip, policies.Supervision); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("open without a key: %v", err)
	}
	if r := w.sync(w.bea); r.Keys != 1 {
		t.Errorf("the colleague's device wrote %d keys, want 1", r.Keys)
	}
	if r := w.sync(w.sam); r.Keys != 0 {
		t.Errorf("the author's device wrote %d keys again", r.Keys)
	}
	if r := w.sync(w.mo); r.Given != 1 {
		t.Errorf("the viewer was given %d keys, want 1", r.Given)
	}
	w.plays(w.clip)
	w.seesNoMore()

	// A later clip has its key with the sync that brings it.
	source := film(t, "visit.mp4")
	later := w.add(t, source, "").Clip
	if r := w.sync(w.sam); r.Keys != 1 {
		t.Errorf("with a new clip %d keys were written, want 1", r.Keys)
	}
	w.sync(w.mo)
	w.plays(later)

	// Removed: nothing is left, on any device.
	must(t, w.bea.Viewers.Remove(w.id, w.mo.Keys.Staff()))
	w.sync(w.bea)
	if _, err := w.mo.Clips.Open(ctx, w.clip, policies.Supervision); attune.CodeOf(err) != "not_found" && attune.CodeOf(err) != "denied" {
		t.Errorf("open after the removal: %v", err)
	}
	if r := w.sync(w.mo); len(r.Dropped) != 1 {
		t.Errorf("dropped %v, want the family", r.Dropped)
	}
	if list, err := w.mo.Families.List(); err != nil || len(list) != 0 {
		t.Errorf("after the removal the viewer has %+v, %v", list, err)
	}

	// Listed again: both keys are written anew.
	w.sync(w.sam)
	w.list()
	if r := w.sync(w.sam); r.Keys != 2 {
		t.Errorf("after listing again %d keys were written, want 2", r.Keys)
	}
	if r := w.sync(w.mo); r.Given != 2 {
		t.Errorf("the viewer was given %d keys, want 2", r.Given)
	}
	w.plays(w.clip)
	if r := w.sync(w.bea); r.Keys != 0 {
		t.Errorf("the colleague's device wrote %d keys again", r.Keys)
	}
	if e := w.entry(w.bea); e.State != policies.ListingOpen || len(e.Clips) != 2 {
		t.Errorf("on the colleague's device: %+v", e)
	}
	noMarker(t, w.dir)
}

// plays expects that the viewer can watch the clip, whole.
func (w *watched) plays(clip policies.ClipID) {
	w.t.Helper()
	p, err := w.mo.Clips.Open(context.Background(), clip, policies.Supervision)
	must(w.t, err)
	if !bytes.Equal(all(w.t, p), w.original) {
		w.t.Error("the viewer sees another film")
	}
}

// seesNoMore: the title, and nothing that only the team may read, do or keep.
func (w *watched) seesNoMore() {
	t, ctx := w.t, context.Background()
	t.Helper()
	v, err := w.mo.Families.Show(w.id)
	must(t, err)
	if !v.Watches || v.People[0].Label != "" || len(v.Warnings) != 0 || len(v.Clips) != 1 {
		t.Errorf("family = %+v", v)
	}
	c := v.Clips[0]
	if c.Title != "Tea time "+marker || !c.Key || len(c.Viewing) != 1 || c.Viewing[0] != policies.Supervision {
		t.Errorf("clip = %+v", c)
	}
	if note, _ := w.mo.Sessions.Note(w.id, w.session); note != "" || len(v.Sessions) != 0 {
		t.Errorf("the viewer reads a clinical note: %q, %+v", note, v.Sessions)
	}
	if _, err := w.mo.Clips.Open(ctx, w.clip, policies.FilmAndUse); attune.CodeOf(err) != "not_found" || !strings.Contains(err.Error(), "supervision") {
		t.Errorf("for another purpose: %v", err)
	}
	dst := filepath.Join(t.TempDir(), "copy.mp4")
	if err := w.mo.Clips.SaveCopyFor(ctx, w.clip, policies.Supervision, dst, "to keep"); attune.CodeOf(err) != "denied" && attune.CodeOf(err) != "not_found" {
		t.Errorf("a copy: %v", err)
	}
	w.down.Store(true)
	if _, err := w.mo.Clips.Open(ctx, w.clip, policies.Supervision); !attune.Offline(err) {
		t.Errorf("without the service: %v, want offline", err)
	}
	w.down.Store(false)
}
