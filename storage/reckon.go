package storage

import (
	"context"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// reckonPage is how many families one transaction works out: it shares its commit with
// whoever writes at the time.
const reckonPage = 20

// reckon works out the dates of families of which something was said since that may move one,
// and writes when each clip is to be looked at next. A date that is late is no danger: before
// anything is destroyed the family is asked again.
func (w *Sweeper) reckon(ctx context.Context, out *Sweep) error {
	for {
		var some []policies.RecordID
		err := w.d.rows.Write(ctx, func(tx *rows.Tx) (err error) {
			if some, err = tx.Reckonings(reckonPage); err != nil {
				return err
			}
			for _, id := range some {
				if err := w.reckonFamily(tx, policies.FamilyID(id)); err != nil {
					return err
				}
				if err := tx.Reckoned(id); err != nil {
					return err
				}
			}
			return nil
		})
		out.Reckoned += len(some)
		if err != nil || len(some) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func (w *Sweeper) reckonFamily(tx *rows.Tx, id policies.FamilyID) error {
	a, err := w.d.asks(tx, id)
	if err != nil {
		return err
	}
	for clip := range a.family.Clips {
		row, keep, err := w.d.row(tx, a, clip)
		if err != nil {
			return err
		}
		if keep {
			continue
		}
		if err := tx.PutDisposal(row); err != nil {
			return err
		}
	}
	return nil
}

// row is what a clip's fate means for when it is looked at next. Keep is true of one whose
// order or certificate wrote its row.
func (d *door) row(tx *rows.Tx, a asked, clip policies.ClipID) (row rows.Disposal, keep bool, err error) {
	x, _ := a.family.Fate(clip, a.terms)
	row = rows.Disposal{Clip: clip, Family: a.family.ID, State: rows.FilmLive, Fate: x.State, Due: never(x.Date)}
	switch x.State {
	case policies.FateGone, policies.FateDestroying:
		was, there, err := tx.Disposal(clip)
		if there || err != nil {
			return was, true, err
		}
		row.State, row.Fate, row.Due = rows.FilmDestroying, "", x.Due // of a database whose rows were lost
		if x.State == policies.FateGone {
			row.State, row.Due = rows.FilmDestroyed, a.terms.Now
		}
		return row, false, nil
	}
	if len(a.family.Unspared(clip)) == 0 {
		return row, false, nil
	}
	row.State, row.Fate = rows.FilmMarked, ""
	if x.State != policies.FateGrace || len(a.family.Unspared(clip)) > 1 {
		row.Due = a.terms.Now // it is ordered, or spared
	}
	return row, false, nil
}
