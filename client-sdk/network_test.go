package attune_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestNetworkPolicy: what goes over which network. Film that may not waits, is listed with
// what to do, and goes when the network, the policy or the person's word lets it; what was
// said goes always.
func TestNetworkPolicy(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	must(t, sam.Close())
	metered, known := true, true
	cfg := s.config()
	cfg.Metered = func() (bool, bool) { return metered, known }
	sam, err := attune.Open(s.home("Sam Reed"), passphrase, cfg)
	must(t, err)
	defer sam.Close()
	f.practitioner = sam

	if p, err := sam.Uploader.Policy(); err != nil || p.Film != attune.OverAny {
		t.Errorf("the policy nobody chose is %v, %v", p, err)
	}
	for _, wrong := range []attune.NetworkPolicy{{Film: "wifi"}, {Film: attune.OverAsk, Above: -1}, {Film: attune.OverAsk, Above: 1 << 50}} {
		if err := sam.Uploader.SetPolicy(wrong); attune.CodeOf(err) != attune.CodeInput {
			t.Errorf("policy %v: %v", wrong, err)
		}
	}
	large := f.add(t, longer(t, film(t, "visit.mp4"), 3<<20), "").Clip
	policy := func(film attune.FilmOver, above int64) {
		t.Helper()
		must(t, sam.Uploader.SetPolicy(attune.NetworkPolicy{Film: film, Above: above}))
	}
	waits := func(want attune.UploadWaits) attune.QueuedUpload {
		t.Helper()
		if r := s.sync(sam); len(r.Uploaded) != 0 || len(r.Held) != 1 || r.Held[0].Clip != large || r.Held[0].Why == "" {
			t.Errorf("uploaded %v, held %v", r.Uploaded, r.Held)
		}
		q, err := sam.Uploader.Queue()
		must(t, err)
		if len(q) != 1 || q[0].Waits != want || q[0].Why == "" || q[0].Tries != 0 || q[0].Bytes < 3<<20 {
			t.Fatalf("the queue is %+v, want it to wait for %s", q, want)
		}
		return q[0]
	}
	policy(attune.OverUnmetered, 1<<20)
	waits(attune.WaitsForNetwork)
	metered, known = false, false
	waits(attune.WaitsForNetwork) // nobody can tell
	policy(attune.OverAsk, 0)
	metered, known = false, true
	waits(attune.WaitsForWord)

	// The word is for what waits now.
	if n, bytes, err := sam.Uploader.Release(); err != nil || n != 1 || bytes < 3<<20 {
		t.Errorf("released %d films, %d bytes, %v", n, bytes, err)
	}
	if q, err := sam.Uploader.Queue(); err != nil || len(q) != 1 || q[0].Waits != attune.WaitsForSync {
		t.Errorf("after the word: %+v, %v", q, err)
	}
	if r := s.sync(sam); len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v after the word", r.Uploaded)
	}
	large = f.add(t, longer(t, film(t, "visit.mp4"), 3<<20), "").Clip
	waits(attune.WaitsForWord)

	// A little is no matter, and a network that costs nothing is none either.
	policy(attune.OverAsk, 8<<20)
	if r := s.sync(sam); len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v of what is little", r.Uploaded)
	}
	f.add(t, longer(t, film(t, "visit.mp4"), 3<<20), "")
	policy(attune.OverUnmetered, 0)
	if r := s.sync(sam); len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v over a network that costs nothing", r.Uploaded)
	}
	if n, _, err := sam.Uploader.Release(); err != nil || n != 0 {
		t.Errorf("%d films waited for a word, %v", n, err)
	}
}

// TestUploadQueueTells: what waits and why, how far it is, how often it was tried, and how
// long the rest takes at the speed that was last measured.
func TestUploadQueueTells(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, longer(t, film(t, "visit.mp4"), 20<<20), "").Clip
	one := func() attune.QueuedUpload {
		t.Helper()
		q, err := sam.Uploader.Queue()
		must(t, err)
		if len(q) != 1 || q[0].Clip != clip {
			t.Fatalf("the queue is %+v", q)
		}
		return q[0]
	}
	if q := one(); q.Waits != attune.WaitsForClip || q.Tries != 0 || !q.Tried.IsZero() || q.Left != 0 {
		t.Errorf("before it was sent: %+v", q)
	}
	var pieces atomic.Int64
	spoil := func(r *http.Request, body []byte) []byte {
		if r.Method != http.MethodPatch {
			return body
		}
		s.pass(4 * time.Second) // each piece of 8 MiB takes that long
		if pieces.Add(1) == 2 {
			return nil
		}
		return body
	}
	s.spoil.Store(&spoil)
	if _, err := sam.Sync(context.Background()); !attune.Offline(err) {
		t.Fatalf("cut upload: %v", err)
	}
	q := one()
	if q.Waits != attune.WaitsForSync || q.Tries != 1 || q.Tried.IsZero() || q.Sent != 8<<20 {
		t.Errorf("after one piece of three: %+v", q)
	}
	// One piece arrived, in the time of two.
	if want := float64(q.Bytes-q.Sent) / (float64(8<<20) / 8); q.Left < want*0.8 || q.Left > want*1.2 {
		t.Errorf("%v s are left, want about %v", q.Left, want)
	}
	if r := s.sync(sam); len(r.Uploaded) != 1 {
		t.Errorf("uploaded %v", r.Uploaded)
	}
	if q, err := sam.Uploader.Queue(); err != nil || len(q) != 0 {
		t.Errorf("the queue is %+v, %v", q, err)
	}
}
