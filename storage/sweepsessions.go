package storage

import (
	"context"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// stopFor is how long after its end an opened page can still ask us to stop. A phone
// keeps a page open for weeks, and its button must not lie; after a season there
// is the telephone number beside it.
const stopFor = 90 * 24 * policies.Hour

// playFor is how long after its end a viewing's row stays: a range that was asked
// for in time may still be on its way, and reads the row at each eighth.
const playFor = 24 * policies.Hour

// Bounds of one sweep: a batch shares its commit with whoever writes at the time and
// must not hold them up; what is left over goes next time.
const (
	sweepBatch   = 500 // rows
	sweepBatches = 20  // of each kind
)

// Swept is how many rows went.
type Swept struct{ Viewings, LinkSessions int64 }

// SweepSessions removes viewings that have ended, and opened pages of links that
// ended so long ago that they can no longer ask us to stop. None of them opens
// anything any more, and who watched what stays in the log and nowhere else: so
// no event is written. Safe to run beside everything, twice, and to break off. The
// sweeper is a principal of its own, which the rules let do this and nothing else; a
// service whose rules do not gets a *DeniedError, and keeps its rows.
//
// Source: RULES.md, SWEEP-1.
//
// Bearer tokens have no rows: they live in the server's memory until they end.
func (s *Store) SweepSessions(ctx context.Context) (out Swept, err error) {
	now := s.d.now()
	asked := policies.Request{Caller: policies.Caller{Sweeper: true}, Action: policies.ActSweep, Now: now}
	o, err := s.Records.Org(ctx)
	if err != nil {
		return out, err
	}
	if err := refusal(s.d.cfg.Bundle.Decide(asked, o, nil)); err != nil {
		return out, err
	}
	if out.Viewings, err = s.d.sweep(ctx, now-playFor, (*rows.Tx).SweepViewings); err != nil {
		return out, err
	}
	out.LinkSessions, err = s.d.sweep(ctx, now-stopFor, (*rows.Tx).SweepLinkSessions)
	return out, err
}

func (d *door) sweep(ctx context.Context, before policies.Micros, batch func(*rows.Tx, policies.Micros, int) (int64, error)) (total int64, err error) {
	for range sweepBatches {
		var n int64
		err := d.rows.Write(ctx, func(tx *rows.Tx) (err error) {
			n, err = batch(tx, before, sweepBatch)
			return err
		})
		total += n
		if err != nil || n < sweepBatch {
			return total, err
		}
	}
	return total, nil
}
