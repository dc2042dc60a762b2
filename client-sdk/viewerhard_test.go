package attune_test

import (
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestRevokedFilmOffline: the head of service revoked the permission, and this device
// knows. Without a connection its own copy does not play either.
func TestRevokedFilmOffline(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	v, err := w.sam.Families.Show(w.id)
	must(t, err)
	w.sync(w.head)
	must(t, w.head.Approvals.Revoke(v.Clips[0].Approval, policies.Safeguarding))
	w.sync(w.head)
	w.sync(w.sam)
	w.down.Store(true)
	if p, err := w.sam.Clips.Open(context.Background(), w.clip, policies.FilmAndUse); err == nil {
		p.Close()
		t.Error("film whose permission was revoked plays offline")
	}
}

// TestOneOfflineSession: what is said one after the other without a connection is
// one after the other at the service too: taken off the list and put back; the
// permission revoked, and filming permitted anew.
func TestOneOfflineSession(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.sync(w.bea)
	w.sync(w.mo)
	w.plays(w.clip)

	w.sync(w.sam)
	w.down.Store(true)
	must(t, w.sam.Viewers.Remove(w.id, w.mo.Keys.Staff()))
	again, err := w.sam.Viewers.Add(w.id, w.mo.Keys.Staff(), policies.Supervision, time.Time{})
	must(t, err)
	w.down.Store(false)
	w.sync(w.sam)
	w.sync(w.mo)
	if _, err := w.mo.Clips.Open(context.Background(), w.clip, policies.Supervision); err == nil {
		t.Error("the new entry has the old countersign")
	}
	w.sync(w.head)
	must(t, w.head.Viewers.Countersign(w.id, again.ID))
	w.sync(w.head)
	if r := w.sync(w.bea); r.Keys != 1 {
		t.Errorf("%d keys written anew, want 1", r.Keys)
	}
	w.sync(w.mo)
	w.plays(w.clip)

	second, err := w.sam.Approvals.Request(w.id, 0)
	must(t, err)
	w.sync(w.sam)
	w.sync(w.head)
	v, err := w.sam.Families.Show(w.id)
	must(t, err)
	w.down.Store(true)
	must(t, w.head.Approvals.Revoke(v.Clips[0].Approval, policies.Safeguarding))
	must(t, w.head.Approvals.Grant(second))
	w.down.Store(false)
	w.sync(w.head)
	w.plays(w.clip)
	if r := w.sync(w.sam); r.Keys != 0 {
		t.Errorf("%d keys written", r.Keys)
	}
	w.clipStays(w.sam)
}

// TestObjectThenSignOffline: an objection and the objector's own form, made in one
// visit without a connection.
func TestObjectThenSignOffline(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	dad, err := w.sam.Families.AddPerson(w.id, policies.Carer, policies.Own, "", policies.NoLink, "Dad")
	must(t, err)
	must(t, w.sam.Consents.Object(w.id, []policies.PersonID{w.child}, dad, policies.InPerson))
	w.signs(dad)
	w.agree(w.mo.Keys.Staff())
	w.sync(w.sam)
	w.clipStays(w.sam)
}

// clipStays: a member of the team watches the clip.
func (w *watched) clipStays(c *attune.Client) {
	w.t.Helper()
	p, err := c.Clips.Open(context.Background(), w.clip, policies.FilmAndUse)
	must(w.t, err)
	must(w.t, p.Close())
}
