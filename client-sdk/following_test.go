package attune_test

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestFollowSends: what is done on a device that follows goes by itself, while the
// service answers and after it did not.
func TestFollowSends(t *testing.T) {
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
