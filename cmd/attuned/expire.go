package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/attune-vf/attune/storage"
)

// expireEvery is how often somebody looks whether a date has passed. Looking costs
// nothing, and a device that is connected shall forget within seconds.
const expireEvery = time.Second

// expireAgain is when what could not be done is tried again: the disk is full, or so.
const expireAgain = time.Minute

// expiring ends what was granted until a date, as dates pass, and lets devices hear of what
// a sweeper beside this process has written, until stop is called. What fails is logged and
// tried again; until then the rules hold back what has ended.
func expiring(ctx context.Context, s *storage.Store, every time.Duration, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for wait := every; ; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			if err := s.Notice(ctx); err != nil && ctx.Err() == nil {
				log.Error("look for what another process wrote", "error", err)
			}
			if wait = every; !s.Due() {
				continue
			}
			switch n, err := s.Expire(ctx); {
			case ctx.Err() != nil:
			case err != nil:
				log.Error("end what has ended by its date", "error", err)
				wait = max(every, expireAgain)
			case n > 0:
				log.Info("ended by their dates", "endings", n)
			}
		}
	}()
	return func() { cancel(); <-done }
}
