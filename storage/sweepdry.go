package storage

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// DryRun says what a run at a time would find: what would go, what would not, and why, each
// with its reasons; the earliest date first. It asks as a run does, and changes nothing. With
// a time to come it is a forecast: whatever is said until then is not in it.
func (w *Sweeper) DryRun(ctx context.Context, asOf policies.Micros) (out []DueClip, err error) {
	err = w.d.rows.Read(ctx, func(v *rows.View) error {
		list, err := w.dry(v, asOf)
		for _, row := range list {
			if err != nil {
				return err
			}
			var due DueClip
			if due, err = w.fateIn(v, row, asOf); err == nil && w.tells(due) {
				out = append(out, due)
			}
		}
		return err
	})
	slices.SortFunc(out, func(a, b DueClip) int {
		return cmp.Or(cmp.Compare(never(a.Due), never(b.Due)), cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Clip.String(), b.Clip.String()))
	})
	return out, err
}

// tells leaves out what is kept or waits, and was only looked at because somebody said
// something of its family.
func (w *Sweeper) tells(due DueClip) bool {
	return !slices.Contains([]policies.FateState{"", policies.FateKept, policies.FateWaiting, policies.FateClock, policies.FateGone}, due.State)
}

// dry are the rows that a run would look at: those that are due, those that wait for a
// person or are held, and those of families whose dates are not worked out yet.
func (w *Sweeper) dry(v *rows.View, asOf policies.Micros) (out []rows.Disposal, err error) {
	seen := map[policies.ClipID]bool{}
	add := func(list []rows.Disposal, bad error) {
		err = cmp.Or(err, bad)
		for _, row := range list {
			if !seen[row.Clip] {
				seen[row.Clip] = true
				out = append(out, row)
			}
		}
	}
	for _, state := range []rows.DisposalState{rows.FilmLive, rows.FilmMarked, rows.FilmDestroying} {
		by := asOf
		if state != rows.FilmLive {
			by = rows.Never
		}
		add(v.DueDisposals(state, by, rows.Disposal{}, math.MaxInt32))
	}
	add(v.WaitingDisposals(policies.ClipID{}, math.MaxInt32))
	if err != nil {
		return nil, err
	}
	families, err := v.Reckonings(math.MaxInt32)
	for _, id := range families {
		if err != nil {
			return nil, err
		}
		var f *policies.Family
		if f, err = v.Family(policies.FamilyID(id)); f != nil {
			for clip := range f.Clips {
				add([]rows.Disposal{{Clip: clip, Family: f.ID}}, nil)
			}
		}
	}
	return out, err
}
