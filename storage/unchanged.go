package storage

import (
	"context"
	"sync/atomic"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Unchanged reports whether a pull with this cursor would bring nothing, not even a new
// cursor. It is decided from memory, asks no rule and writes no event: most of what
// devices ask is this. Where it is not plain, the answer is false, and Pull decides.
func (r *Records) Unchanged(ctx context.Context, c policies.Caller, cursor string) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	r.d.upToDate(ctx)
	seal, err := r.d.cursorSeal(ctx)
	if err != nil {
		return false, err
	}
	p, err := seal.openCursor(c.Staff, cursor)
	if err != nil || p.History != seal.history || p.Head >= 0 || p.Done < 0 {
		return false, nil
	}
	if o := r.d.org.last(); o == nil || !inForce(o, c, r.d.now()) {
		return false, nil
	}
	at, err := r.d.heads.of(ctx, r.d.rows, c.Staff)
	return at <= p.Done, err
}

// inForce reports whether the caller's device and person are.
func inForce(o *policies.Org, c policies.Caller, now policies.Micros) bool {
	d := o.Devices[c.Device]
	return d != nil && d.Staff == c.Staff && d.Active(now) && o.Staff[c.Staff].Active(now)
}

// seals remembers what cursors are sealed with: it never changes while a database is
// open, once its service is founded.
type seals struct{ known atomic.Pointer[cursorSeal] }

func (d *door) cursorSeal(ctx context.Context) (s *cursorSeal, err error) {
	if s := d.seals.known.Load(); s != nil {
		return s, nil
	}
	err = d.rows.Read(ctx, func(v *rows.View) (err error) {
		s, err = d.cursorSealIn(v)
		return err
	})
	return s, err
}

func (d *door) cursorSealIn(v *rows.View) (*cursorSeal, error) {
	if s := d.seals.known.Load(); s != nil {
		return s, nil
	}
	s, err := newCursorSeal(v)
	if err == nil && s.history != "" {
		d.seals.known.Store(s)
	}
	return s, err
}
