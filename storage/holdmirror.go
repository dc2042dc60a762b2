package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Holds are mirrored to the object store: what the record says is held, the store then
// refuses to delete, whoever asks it. The record is first, and a sweep goes by it at once;
// the store is told after the commit, by a process that can do nothing else there, and the
// row remembers that it was. A release goes the same way: the store's hold falls last.
//
//	commit: the record, and a row "to be told"      nothing is swept from here on
//	each version: hold on, or off
//	commit: told, unless the record changed meanwhile
//
// A crash between leaves a row that is told again.

// heldNow reports whether anything keeps a clip from being destroyed.
func heldNow(o *policies.Org, f *policies.Family, id policies.ClipID, p policies.Pack, now policies.Micros) bool {
	return len(f.HeldBy(o, id, p, now)) > 0
}

// holds notes what of a family's stored film is held, and is not any more: in the
// transaction that changed the family, so that a clip which joins a held family is held with
// the same commit.
func (d *door) holds(tx *rows.Tx, o *policies.Org, f *policies.Family) error {
	was, err := tx.HeldClips(f.ID)
	if err != nil || len(f.Clips) == 0 {
		return err
	}
	p, err := d.figures(tx, o)
	if errors.Is(err, ErrNoFigures) {
		p, err = policies.Pack{}, nil // with none, nothing lapses
	}
	if err != nil {
		return err
	}
	now := d.now()
	for id, c := range f.Clips {
		// A hold that came too late keeps nothing, and must not stop the sweeper halfway.
		held := !c.Stored.IsZero() && c.Destroying.IsZero() && heldNow(o, f, id, p, now)
		if _, before := slices.BinarySearchFunc(was, id, byText); held == before {
			continue
		}
		if err := tx.PutHold(id, f.ID, held, now); err != nil {
			return err
		}
	}
	return nil
}

// byText is the order in which the database lists ids.
func byText(a, b policies.ClipID) int {
	return slices.Compare([]byte(a.String()), []byte(b.String()))
}

// lookedAt is an id that several goroutines read and write.
type lookedAt struct {
	mu sync.Mutex
	id policies.StatementID // guarded by mu
}

// Swap stores an id and returns the one before.
func (l *lookedAt) Swap(id policies.StatementID) (was policies.StatementID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was, l.id = l.id, id
	return was
}

// Store forgets the one before.
func (l *lookedAt) Store(id policies.StatementID) { l.Swap(id) }

// Mirrored is what one round did.
type Mirrored struct {
	Placed   int `json:"placed"`   // clips of which every version is held now
	Released int `json:"released"` // and of which none is any more
	Missing  int `json:"missing"`  // that the store has nothing of: see attuned check
	Failed   int `json:"failed"`   // that it refused; they are tried again in the next round
}

const holdBatch = 200

// lookAgain looks at what may be held by now without anything having been said of it. A hold
// on the whole service is in no family's record: every family is looked at once for each that
// was placed. One that was released is met with what is held.
func (s *Store) lookAgain(ctx context.Context) error {
	o, err := s.Records.Org(ctx)
	if err != nil {
		return err
	}
	var standing policies.StatementID
	for _, h := range o.ServiceHolds() {
		if h.Stands() {
			standing = h.ID // of several, each keeps everything
		}
	}
	all := !standing.IsZero() && s.d.heldAll.Swap(standing) != standing
	if err := s.RefreshHolds(ctx, all); err != nil {
		s.d.heldAll.Store(policies.StatementID{})
		return err
	}
	return nil
}

// RefreshHolds looks again at what is held where time alone changes it: a provisional hold
// lapses. With all set it looks at every family, as after a hold on the whole service.
func (s *Store) RefreshHolds(ctx context.Context, all bool) error {
	for after := ""; ; {
		var some []policies.RecordID
		err := s.d.rows.Read(ctx, func(v *rows.View) (err error) {
			if all {
				some, err = v.FamiliesAfter(after, expireBatch)
			} else {
				some, err = v.HeldFamilies(after, expireBatch)
			}
			return err
		})
		if err != nil || len(some) == 0 {
			return err
		}
		after = some[len(some)-1].String()
		err = s.d.rows.Write(ctx, func(tx *rows.Tx) error {
			o, err := s.d.org.read(tx)
			if err != nil {
				return err
			}
			for _, id := range some {
				f, err := tx.Family(policies.FamilyID(id))
				if err == nil && f != nil {
					err = s.d.holds(tx, o, f)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// MirrorHolds tells the object store what changed, clip by clip, and calls tell with how
// many it has told. What the store refuses is counted and left for the next round: one clip
// must not keep the others unheld. Safe to run twice, and to break off. An error is of the
// database, or the first of the store's when it failed with all.
func (s *Store) MirrorHolds(ctx context.Context, h objects.Holder, tell func(done int)) (out Mirrored, err error) {
	if err := s.lookAgain(ctx); err != nil {
		return out, fmt.Errorf("mirror holds: %w", err)
	}
	var first error
	for last := (rows.MirroredHold{Since: -1}); ; {
		var some []rows.MirroredHold
		err := s.d.rows.Read(ctx, func(v *rows.View) (err error) {
			some, err = v.HoldsToMirror(last, holdBatch)
			return err
		})
		if err != nil {
			return out, fmt.Errorf("mirror holds: %w", err)
		}
		if len(some) == 0 {
			if out.Placed+out.Released == 0 && first != nil {
				return out, first
			}
			return out, nil
		}
		last = some[len(some)-1]
		for _, m := range some {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			versions, err := tellHold(ctx, h, m)
			switch {
			case err != nil:
				out.Failed++
				if first == nil {
					first = fmt.Errorf("mirror the hold on clip %s: %w", m.Clip.Short(), err)
				}
				continue
			case versions == 0 && m.Held:
				out.Missing++
				continue
			}
			s.d.step("hold.told")
			if err := s.told(ctx, m, &out); err != nil {
				return out, fmt.Errorf("mirror holds: %w", err)
			}
			if tell != nil {
				tell(out.Placed + out.Released)
			}
		}
	}
}

// tellHold places or releases the hold on every version, and says how many there are.
func tellHold(ctx context.Context, h objects.Holder, m rows.MirroredHold) (n int, err error) {
	key := payloadKey(m.Clip)
	versions, err := h.Versions(ctx, key)
	for _, v := range versions {
		if err != nil {
			break
		}
		if v.Marker {
			continue
		}
		n++
		if err = h.Hold(ctx, key, v.ID, m.Held); errors.Is(err, objects.ErrNotFound) {
			n, err = n-1, nil // went meanwhile
		}
	}
	return n, err
}

func (s *Store) told(ctx context.Context, m rows.MirroredHold, out *Mirrored) error {
	var stands bool
	err := s.d.rows.Write(ctx, func(tx *rows.Tx) (err error) {
		stands, err = tx.HoldMirrored(m, s.d.now())
		return err
	})
	switch {
	case err != nil || !stands: // the record says otherwise by now: a row of its own
	case m.Held:
		out.Placed++
	default:
		out.Released++
	}
	return err
}
