package attune_test

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestLocked: a locked device sends the film that the service has accepted, from where it
// was, and nothing else; its passphrase gives everything back, and no other does.
func TestLocked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	must(t, sam.Uploader.SetPolicy(attune.NetworkPolicy{Film: attune.OverAsk}))
	clip := f.add(t, longer(t, film(t, "visit.mp4"), 9<<20), "").Clip
	s.sync(sam)
	s.down.Store(true)
	visit, err := sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	_, _, err = sam.Uploader.Release()
	must(t, err)

	locked, err := sam.Lock()
	must(t, err)
	defer locked.Close()
	if _, err := sam.Outbox.Waiting(); err == nil {
		t.Error("the client that was locked still answers")
	}
	if _, err := locked.Sync(t.Context()); !attune.Offline(err) {
		t.Errorf("without a network: %v", err)
	}
	s.down.Store(false)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got attune.Report
	must(t, locked.Follow(ctx, attune.Follow{Told: func(r attune.Round) {
		if got = r.Report; len(got.Uploaded) > 0 {
			cancel()
		}
	}}))
	if len(got.Uploaded) != 1 || got.Uploaded[0] != clip || len(got.Accepted) != 0 || got.Pulled != 0 {
		t.Errorf("while it was locked: %+v", got)
	}
	if q, err := locked.Queue(); err != nil || len(q) != 0 {
		t.Errorf("the queue is %+v, %v", q, err)
	}

	if _, err := locked.Unlock([]byte("three hens in a boat")); attune.CodeOf(err) != attune.CodePassphrase {
		t.Errorf("another passphrase: %v", err)
	}
	if r, err := locked.Sync(t.Context()); err != nil || len(r.Uploaded) != 0 {
		t.Errorf("it did not stay as it was: %+v, %v", r, err)
	}
	sam, err = locked.Unlock(passphrase)
	must(t, err)
	defer sam.Close()
	if r := s.sync(sam); len(r.Accepted) != 1 || policies.SessionID(r.Accepted[0].ID) != visit {
		t.Errorf("what waited for the person: %+v", r.Accepted)
	}
	if v, err := sam.Clips.Show(clip); err != nil || v.State != attune.ClipStored {
		t.Errorf("the clip is %s, %v", v.State, err)
	}
}

// TestLockedInAnotherProcess: what a locked device is given is enough, and no more than
// its own key; two programs never hold a home.
func TestLockedInAnotherProcess(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	key, err := sam.LockedKey()
	must(t, err)
	if key.Device != sam.Keys.Device() {
		t.Errorf("the key is of %v", key.Device)
	}
	if _, err := attune.OpenLocked(sam.Home(), key, s.config()); attune.CodeOf(err) != attune.CodeInUse {
		t.Errorf("a home that is in use: %v", err)
	}
	if _, err := attune.OpenLocked(t.TempDir(), key, s.config()); attune.CodeOf(err) != attune.CodeHome {
		t.Errorf("no home: %v", err)
	}
	must(t, sam.Uploader.SetPolicy(attune.NetworkPolicy{Film: attune.OverAsk}))
	f.add(t, film(t, "visit.mp4"), "")
	s.sync(sam)
	must(t, sam.Uploader.SetPolicy(attune.NetworkPolicy{}))
	must(t, sam.Close())
	locked, err := attune.OpenLocked(sam.Home(), key, s.config())
	must(t, err)
	defer locked.Close()
	if r, err := locked.Sync(t.Context()); err != nil || len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v, %v", r.Uploaded, err)
	}
}

// TestLockedStops: a withdrawal that was taken down without a signal does not wait for the
// passphrase. It is settled, once, when the device is unlocked.
func TestLockedStops(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	s.down.Store(true)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	_, err := sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	locked, err := sam.Lock()
	must(t, err)
	defer locked.Close()
	if _, err := locked.Sync(t.Context()); !attune.Offline(err) {
		t.Errorf("without a network: %v", err)
	}
	s.down.Store(false)
	for range 2 {
		if _, err := locked.Sync(t.Context()); err != nil {
			t.Errorf("locked: %v", err)
		}
	}
	s.sync(s.head)
	if known, ok := s.head.Mirror.Family(f.id); !ok || len(known.Withdrawn) != 1 {
		t.Error("the withdrawal waits for the passphrase")
	}
	sam, err = locked.Unlock(passphrase)
	must(t, err)
	defer sam.Close()
	r := s.sync(sam)
	kinds := map[policies.Kind]int{}
	for _, o := range r.Accepted {
		kinds[o.Kind]++
	}
	if len(r.Accepted) != 2 || kinds["consent.withdraw"] != 1 || kinds["session.log"] != 1 {
		t.Errorf("settled %v", kinds)
	}
}

// TestLockedStopsDoNotHoldFilm: a service that cannot take a withdrawal at this moment gets
// the film all the same, and the withdrawal later.
func TestLockedStopsDoNotHoldFilm(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	must(t, sam.Uploader.SetPolicy(attune.NetworkPolicy{Film: attune.OverAsk}))
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	other, err := sam.Families.AddPerson(f.id, policies.Carer, policies.Own, "", policies.NoLink, "Gran")
	must(t, err)
	s.sync(sam)
	s.down.Store(true)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{other}, policies.ByPhone))
	_, _, err = sam.Uploader.Release()
	must(t, err)
	locked, err := sam.Lock()
	must(t, err)
	defer locked.Close()
	s.down.Store(false)
	s.lose("/v1/restrictions")
	r, err := locked.Sync(t.Context())
	if err == nil || len(r.Uploaded) != 1 || r.Uploaded[0] != clip {
		t.Errorf("uploaded %v, %v", r.Uploaded, err)
	}
	s.spoil.Store(nil)
	if _, err := locked.Sync(t.Context()); err != nil {
		t.Errorf("the withdrawal: %v", err)
	}
}
