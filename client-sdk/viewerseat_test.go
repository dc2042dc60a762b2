package attune_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestViewerJoinsTeam: a practitioner who watches is taken on the team, and leaves it
// again. What they hold of the record changes with what they may receive of it.
func TestViewerJoinsTeam(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	ana := w.hire(policies.Practitioner, "Ana Lopez")
	w.sync(w.sam)
	w.agree(ana.Keys.Staff())
	w.sync(w.sam)
	_, err := w.sam.Viewers.Add(w.id, ana.Keys.Staff(), policies.Supervision, time.Time{})
	must(t, err)
	if r := w.sync(w.sam); r.Keys != 1 { // of the same organisation: nobody countersigns
		t.Errorf("%d keys written, want 1", r.Keys)
	}
	w.sync(ana)
	w.seen(ana, policies.Supervision, false)

	must(t, w.sam.Families.AddTeam(w.id, ana.Keys.Staff()))
	w.sync(w.sam)
	w.sync(ana)
	w.seen(ana, policies.FilmAndUse, true)
	later := w.add(t, film(t, "visit.mp4"), "").Clip
	if r := w.sync(w.sam); r.Keys != 0 {
		t.Errorf("%d keys written for a member of the team", r.Keys)
	}
	w.sync(ana)

	must(t, w.sam.Families.RemoveTeam(w.id, ana.Keys.Staff()))
	if r := w.sync(w.sam); r.Keys != 1 {
		t.Errorf("%d keys written for who only watches again, want the later clip's", r.Keys)
	}
	w.sync(ana)
	w.seen(ana, policies.Supervision, false)
	if p, err := ana.Clips.Open(context.Background(), later, policies.Supervision); err != nil {
		t.Errorf("the later clip: %v", err)
	} else {
		p.Close()
	}
}

// seen: the clip plays for a purpose, and what only the team reads is read or not.
func (w *watched) seen(c *attune.Client, purpose policies.Purpose, team bool) {
	t := w.t
	t.Helper()
	p, err := c.Clips.Open(context.Background(), w.clip, purpose)
	must(t, err)
	if !bytes.Equal(all(t, p), w.original) {
		t.Error("another film")
	}
	v, err := c.Families.Show(w.id)
	must(t, err)
	note, noteErr := c.Sessions.Note(w.id, w.session)
	if (v.People[0].Label != "") != team || (note != "") != team || v.Watches == team || v.Clips[0].Title == "" {
		t.Errorf("on the team: %v; label %q, note %q %v, title %q, watches %v",
			team, v.People[0].Label, note, noteErr, v.Clips[0].Title, v.Watches)
	}
}

// TestViewerOfTheDesk: nobody sees film by rank. A head of service watches what a
// family named them for, and is a desk as before once that ends.
func TestViewerOfTheDesk(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	head := w.head
	w.sync(head)
	if _, err := head.Clips.Open(context.Background(), w.clip, policies.Supervision); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("by rank: %v", err)
	}
	w.agree(head.Keys.Staff())
	w.sync(w.sam)
	_, err := w.sam.Viewers.Add(w.id, head.Keys.Staff(), policies.Supervision, time.Time{})
	must(t, err)
	w.sync(w.sam)
	w.sync(head)
	p, err := head.Clips.Open(context.Background(), w.clip, policies.Supervision)
	must(t, err)
	if p.Title != "Tea time "+marker || !bytes.Equal(all(t, p), w.original) {
		t.Errorf("the head of service sees %q, %d bytes", p.Title, p.Size)
	}
	must(t, w.sam.Viewers.Remove(w.id, head.Keys.Staff()))
	w.sync(w.sam)
	if r := w.sync(head); len(r.Dropped) != 0 {
		t.Errorf("the desk lost the family: %v", r.Dropped)
	}
	if _, err := head.Clips.Open(context.Background(), w.clip, policies.Supervision); attune.CodeOf(err) != attune.CodeNoKey {
		t.Errorf("after the removal: %v", err)
	}
	if _, err := head.Families.Show(w.id); err != nil {
		t.Error(err)
	}
}
