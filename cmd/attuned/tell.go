package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/attune-vf/attune/storage"
)

// tellEvery is how often what was refused and only counted becomes an event. A flood is
// so many events a day at most, whatever is sent.
const tellEvery = time.Minute

// telling writes them until stop is called; the rest is told when the store closes. What
// could not be written is told with the next.
func telling(ctx context.Context, s *storage.Store, every time.Duration, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := s.Log.TellRefusals(ctx); err != nil && ctx.Err() == nil {
				log.Error("tell what was refused", "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}
