package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/attune-vf/attune/storage"
)

// sweepEvery is how often rows that open nothing any more are removed. An hour of a
// busy service is a few hundred of them.
const sweepEvery = time.Hour

// sweeping removes them until stop is called, which waits for the sweep in hand.
// One that fails is logged and tried again: nothing depends on it.
func sweeping(ctx context.Context, s *storage.Store, every time.Duration, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(every); ; {
			swept, err := s.SweepSessions(ctx)
			switch {
			case ctx.Err() != nil:
			case err != nil:
				log.Error("sweep of ended sessions", "error", err)
			case swept != storage.Swept{}:
				log.Info("swept ended sessions", "viewings", swept.Viewings, "link_sessions", swept.LinkSessions)
			}
			if n, err := s.Records.SweepWaiting(ctx); err != nil && ctx.Err() == nil {
				log.Error("sweep of what waited in vain", "error", err)
			} else if n > 0 {
				log.Info("swept what waited in vain", "statements", n)
			}
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}
