package attune_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
)

// sweep runs the service's sweeper once.
func (s *service) sweep() storage.Sweep {
	s.t.Helper()
	started := s.now().Add(-time.Hour)
	out, err := s.store.Sweeper(storage.SweepConfig{
		Objects: s.cfg.Objects.(objects.Disposer),
		Clock:   func() storage.Clock { return storage.Clock{Wall: s.now(), Running: s.now().Sub(started)} },
	}).Run(context.Background())
	must(s.t, err)
	for _, f := range out.Failed {
		s.t.Fatalf("sweep of clip %s: %v", f.Clip, f.Err)
	}
	return out
}

// TestFilmThatWasDestroyed leaves nothing of it on any device: the film, the key and the
// title go, each device says so, and who joins later has the record whole without them.
func TestFilmThatWasDestroyed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	ana := s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	clip := f.add(t, film(t, "visit.mp4"), "Tea time").Clip
	s.sync(sam)
	s.sync(ana)
	if v, err := ana.Clips.Show(clip); err != nil || v.Title != "Tea time" {
		t.Fatalf("before: %q, %v", v.Title, err)
	}
	must(t, ana.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.Writing))
	s.sync(ana)
	s.sync(s.head)
	var of policies.StatementID
	list, err := s.head.Decisions.Matters()
	must(t, err)
	for _, m := range list {
		if m.Kind == policies.WithdrawalWaits {
			must(t, of.UnmarshalText([]byte(m.Of)))
		}
	}
	must(t, s.head.Decisions.Confirm(f.id, of, "rang_known_number"))
	s.sync(s.head)
	s.pass(10 * 24 * time.Hour)
	// The service's days for a withdrawal have run: no grace comes after them.
	if out := s.sweep(); !slices.Equal(out.Marked, []policies.ClipID{clip}) || !slices.Equal(out.Destroyed, []policies.ClipID{clip}) {
		t.Fatalf("%+v, want it marked and destroyed", out)
	}
	for name, c := range map[string]*attune.Client{"sam": sam, "ana": ana} {
		r, err := c.Sync(context.Background())
		must(t, err)
		if !slices.Equal(r.Purged, []policies.ClipID{clip}) {
			t.Errorf("%s: purged %v, want the clip", name, r.Purged)
		}
		v, err := c.Clips.Show(clip)
		if err != nil || v.Title != "" || v.Key || v.Local || v.State != attune.ClipPurged {
			t.Errorf("%s still has %q, key %v, film %v, state %s, %v", name, v.Title, v.Key, v.Local, v.State, err)
		}
		if r, err := c.Sync(context.Background()); err != nil || len(r.Purged) > 0 || len(r.Refused) > 0 {
			t.Errorf("%s once more: %+v, %v", name, r, err)
		}
	}
	s.sync(s.head)
	if v, err := s.head.Clips.Show(clip); err != nil || len(v.Purged) != 2 {
		t.Errorf("devices that said so: %v, %v; want two", v.Purged, err)
	}
	late := s.hire(policies.Practitioner, "Lou Late")
	s.sync(sam)
	must(t, sam.Families.AddTeam(f.id, late.Keys.Staff()))
	s.sync(sam)
	s.sync(late)
	if v, err := late.Clips.Show(clip); err != nil || v.State != attune.ClipPurged || v.Key {
		t.Errorf("who came later: %+v, %v", v, err)
	}
	if _, err := os.Stat(payload(sam, clip)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the sealed film is still on Sam's device: %v", err)
	}
}
