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

// TestFollowSends: what is done on a device that follows goes by itself, while the
// service answers and after it did not.
func TestFollowSends(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rounds, ended := make(chan attune.Round, 1000), make(chan error)
	go func() { ended <- sam.Follow(ctx, attune.Follow{Told: func(r attune.Round) { rounds <- r }}) }()
	sent := func() policies.SessionID {
		t.Helper()
		visit, err := sam.Sessions.Log(f.id, "", 0, true, "")
		must(t, err)
		return visit
	}
	arrives := func(visit policies.SessionID) {
		t.Helper()
		for r := range rounds {
			for _, o := range r.Report.Accepted {
				if policies.SessionID(o.ID) == visit {
					return
				}
			}
		}
	}
	<-rounds
	arrives(sent())
	s.down.Store(true)
	again := sent()
	for r := range rounds {
		if attune.Offline(r.Err) && r.Failed > 0 {
			break
		}
	}
	s.down.Store(false)
	arrives(again)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestFollowHears: what somebody else did arrives because the server says that there is
// something, and not because the device asks each quarter of an hour.
func TestFollowHears(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	var notices atomic.Int64
	must(t, sam.Close())
	cfg := s.config()
	cfg.HTTP.Transport = counting{cfg.HTTP.Transport, &notices}
	sam, err := attune.Open(s.home("Sam Reed"), passphrase, cfg)
	must(t, err)
	defer sam.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rounds, ended := make(chan attune.Round, 1000), make(chan error)
	go func() { ended <- sam.Follow(ctx, attune.Follow{Told: func(r attune.Round) { rounds <- r }}) }()
	<-rounds
	for range 2 {
		_, _, err := s.head.Staff.Invite(policies.Practitioner, "Alex Moor")
		must(t, err)
		s.sync(s.head)
		for r := range rounds {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if r.Report.Pulled > 0 {
				break
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if n := notices.Load(); n < 2 || n > 10 {
		t.Errorf("it asked %d times for notices", n)
	}
}

// TestFollowLetsKeysGo: a device that follows and meets nobody for a fortnight holds no
// family's keys, without anybody starting it anew.
func TestFollowLetsKeysGo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.family(sam)
	s.down.Store(true)
	s.pass(15 * 24 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	must(t, sam.Follow(ctx, attune.Follow{Told: func(attune.Round) { cancel() }}))
	if gone, err := sam.Keys.KeysGone(); err != nil || gone.IsZero() {
		t.Errorf("keys went %v, %v", gone, err)
	}
}

// counting counts the requests for notices.
type counting struct {
	http.RoundTripper
	n *atomic.Int64
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/sync/notice" {
		c.n.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}
