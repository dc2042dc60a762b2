package attune_test

import (
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestViewerAdd: what this device can know is said before anything is queued.
func TestViewerAdd(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	ig := w.hire(policies.IGOfficer, "Ivy Gold")
	sue := w.hire(policies.Supervisor, "Sue Lane")
	line, joining, err := w.head.Staff.Invite(policies.Supervisor, "Una New")
	must(t, err)
	w.sync(w.head)
	w.join("Una New", line)
	w.sync(w.sam)
	mo := w.mo.Keys.Staff()
	for _, c := range []struct {
		name    string
		staff   policies.StaffID
		purpose policies.Purpose
		until   time.Time
		want    wire.Code
	}{
		{"NotNamed", sue.Keys.Staff(), policies.Supervision, time.Time{}, wire.CodeDenied},
		{"NotNamedForThat", mo, policies.Peers, time.Time{}, wire.CodeDenied},
		{"NoSuchPurpose", mo, "curiosity", time.Time{}, attune.CodeInput},
		{"OfTheTeam", w.bea.Keys.Staff(), policies.Supervision, time.Time{}, attune.CodeInput},
		{"IGOfficer", ig.Keys.Staff(), policies.Supervision, time.Time{}, attune.CodeInput},
		{"NotConfirmed", joining, policies.Supervision, time.Time{}, attune.CodeInput},
		{"NobodyAtAll", policies.StaffID{7}, policies.Supervision, time.Time{}, attune.CodeUnknown},
		{"TooLong", mo, policies.Supervision, w.now().AddDate(0, 0, 32), attune.CodeInput},
		{"Past", mo, policies.Supervision, w.now().AddDate(0, 0, -1), attune.CodeInput},
	} {
		if _, err := w.sam.Viewers.Add(w.id, c.staff, c.purpose, c.until); attune.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if left, err := w.sam.Outbox.Waiting(); err != nil || len(left) != 0 {
		t.Errorf("%d statements queued, %v, want none", len(left), err)
	}
	added, err := w.sam.Viewers.Add(w.id, mo, policies.Supervision, time.Time{})
	must(t, err)
	if d := added.Until.Sub(w.now()); d < 29*24*time.Hour || d > 31*24*time.Hour {
		t.Errorf("the service's figure is %v, want 30 days", d)
	}
	if err := w.sam.Viewers.Countersign(w.id, added.ID); attune.CodeOf(err) != wire.CodeSigner {
		t.Errorf("countersigned by who listed: %v", err)
	}
	w.sync(w.sam)
	w.sync(w.head)
	must(t, w.head.Viewers.Countersign(w.id, added.ID))
	if err := w.head.Viewers.Countersign(w.id, added.ID); attune.CodeOf(err) != attune.CodeInput {
		t.Errorf("countersigned twice: %v", err)
	}
}

// TestViewerKeyRefused: the service knows of a removal that the device which writes
// a key does not. The pair goes on waiting, and nobody is shown an error.
func TestViewerKeyRefused(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	removed := false
	w.pulled(func(*wire.PullReply) { // once the page is on its way
		if !removed {
			removed = true
			must(t, w.head.Viewers.Remove(w.id, w.mo.Keys.Staff()))
			_, err := w.head.Sync(context.Background())
			must(t, err)
		}
	})
	if r := w.sync(w.bea); r.Keys != 0 {
		t.Errorf("%d keys were written for who was removed", r.Keys)
	}
	if e := w.entry(w.bea); len(e.Waiting) != 1 {
		t.Errorf("the pair does not wait: %+v", e)
	}
	w.spoil.Store(nil)
	w.sync(w.bea)
	if e := w.entry(w.bea); e.State != policies.ListingRemoved || len(e.Waiting) != 0 {
		t.Errorf("after the next sync: %+v", e)
	}
}

// TestViewerKeyLost: the reply to a key is lost after its effect. The next sync
// learns that it is there, and the viewer has it once.
func TestViewerKeyLost(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.lose("/v1/sync/push")
	if _, err := w.bea.Sync(context.Background()); err == nil {
		t.Error("the reply was not lost")
	}
	w.spoil.Store(nil)
	w.sync(w.bea)
	if r := w.sync(w.mo); r.Given != 1 {
		t.Errorf("given %d keys, want 1", r.Given)
	}
	w.plays(w.clip)
	if e := w.entry(w.bea); len(e.Clips) != 1 || len(e.Waiting) != 0 {
		t.Errorf("on the device that wrote it: %+v", e)
	}
}

// TestViewerRevoked: whose certificate was revoked gets no key, is a task for nobody,
// and the list says why.
func TestViewerRevoked(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.sync(w.bea)
	w.sync(w.mo)
	must(t, w.head.Staff.Revoke(w.mo.Keys.Staff()))
	w.sync(w.head)
	w.add(t, film(t, "visit.mp4"), "")
	if r := w.sync(w.sam); r.Keys != 0 {
		t.Errorf("%d keys written for who was revoked", r.Keys)
	}
	if tasks, err := w.sam.Viewers.Waiting(); err != nil || len(tasks) != 0 {
		t.Errorf("tasks = %+v, %v, want none", tasks, err)
	}
	if e := w.entry(w.sam); e.Standing != attune.Revoked || len(e.Clips) != 0 {
		t.Errorf("entry = %+v", e)
	}
	if _, err := w.mo.Clips.Open(context.Background(), w.clip, policies.Supervision); attune.CodeOf(err) != wire.CodeDenied {
		t.Errorf("open: %v, want denied", err)
	}
}

// TestViewerEnds: the date passes, and nobody states it.
func TestViewerEnds(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.sync(w.bea)
	w.sync(w.mo)
	w.plays(w.clip)
	w.pass(31 * 24 * time.Hour)
	if _, err := w.mo.Clips.Open(context.Background(), w.clip, policies.Supervision); attune.CodeOf(err) != wire.CodeDenied {
		t.Errorf("open after the date: %v, want denied", err)
	}
	_, _ = w.mo.Sync(context.Background()) // the pull that meets the date
	w.sync(w.mo)
	if list, err := w.mo.Families.List(); err != nil || len(list) != 0 {
		t.Errorf("after the date the viewer has %+v, %v", list, err)
	}
	w.sync(w.bea)
	if e := w.entry(w.bea); e.State != policies.ListingEnded {
		t.Errorf("the entry is %s", e.State)
	}
}
