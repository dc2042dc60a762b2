package storage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// The volume breaker: a wrong date in a policy, or a mistake in this program, shows as film
// going that nobody expected.
//
// Source: DESIGN §9: stops when far more than usual falls due.
const (
	usualDue   = 50 // whatever the size of the service
	usualShare = 50 // one in so many of what is live
)

// mark marks what has come to its end and may go: it is hidden by the commit that says so.
func (w *Sweeper) mark(ctx context.Context, out *Sweep) error {
	now := w.d.now()
	var going []DueClip
	err := w.each(ctx, rows.FilmLive, now, func(row rows.Disposal) error {
		due, err := w.fate(ctx, row, now)
		if err != nil {
			out.failed(row.Clip, err)
			return nil
		}
		if due.State == policies.FateReady {
			going = append(going, due)
			return nil
		}
		return w.putOff(ctx, row)
	})
	if err != nil {
		return err
	}
	if out.Refused, err = w.tooMany(ctx, going); err != nil || out.Refused != nil {
		return err
	}
	for _, due := range going {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, err := w.records.stateIf(ctx, due.Family, func(f *policies.Family, t policies.Terms) (policies.Kind, policies.Body) {
			return markOf(f, due.Clip, t)
		})
		switch {
		case err != nil:
			out.failed(due.Clip, err)
		case !id.IsZero():
			out.Marked = append(out.Marked, due.Clip)
		}
	}
	return w.reckon(ctx, out) // their rows, by the marks
}

// markOf is the mark of a clip that may go now; nothing of any other.
func markOf(f *policies.Family, id policies.ClipID, t policies.Terms) (policies.Kind, policies.Body) {
	x, ok := f.Fate(id, t)
	if !ok || x.State != policies.FateReady || len(f.Unspared(id)) > 0 {
		return "", nil
	}
	due := cmp.Or(x.Due, t.Now)
	return "clip.mark", &policies.ClipMark{
		Clip: id, Class: x.Class, Ground: x.Ground, Authority: x.Authority, Due: min(due, t.Now), Until: x.Grace(t.Pack, t.Now), Pack: t.Policy,
	}
}

// putOff writes when a clip is looked at next, in the transaction that works it out.
func (w *Sweeper) putOff(ctx context.Context, row rows.Disposal) error {
	return w.d.rows.Write(ctx, func(tx *rows.Tx) error {
		a, err := w.d.asks(tx, row.Family)
		if err != nil {
			return err
		}
		next, keep, err := w.d.row(tx, a, row.Clip)
		if err != nil || keep {
			return err
		}
		return tx.PutDisposal(next)
	})
}

// tooMany refuses a list that is longer than usual, until an IG officer allows just that one.
func (w *Sweeper) tooMany(ctx context.Context, going []DueClip) (*SweepRefused, error) {
	if len(going) <= usualDue {
		return nil, nil
	}
	var live int64
	var o *policies.Org
	err := w.d.rows.Read(ctx, func(v *rows.View) error {
		m, err := v.SweepMark()
		if err != nil {
			return err
		}
		live = m.Live
		o, err = w.d.org.read(v)
		return err
	})
	if err != nil || int64(len(going)) <= max(usualDue, live/usualShare) {
		return nil, err
	}
	of := ListDigest(going)
	if a := o.Allowed[of]; a != nil && a.What == policies.RefusedVolume {
		return nil, nil
	}
	return &SweepRefused{
		What: policies.RefusedVolume, Of: of, Due: going,
		Why: fmt.Sprintf("%d clips of %d would be marked to be destroyed, which is far more than usual.", len(going), live),
	}, nil
}

// ListDigest names a list of clips that are to go, whatever its order: each with its ground
// and on whose word.
func ListDigest(list []DueClip) policies.Digest {
	lines := make([]string, len(list))
	for i, d := range list {
		lines[i] = fmt.Sprintf("%s %s %v\n", d.Clip, d.Ground, d.Authority)
	}
	slices.Sort(lines)
	h := sha256.New()
	h.Write([]byte("attune/sweep/list/v1\n"))
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return policies.Digest(h.Sum(nil))
}

// order looks again at what is marked and whose grace is over: it is ordered to be destroyed,
// or spared.
func (w *Sweeper) order(ctx context.Context, out *Sweep) error {
	now := w.d.now()
	err := w.each(ctx, rows.FilmMarked, now, func(row rows.Disposal) error {
		for { // a clip may have several marks to be taken back
			var kind policies.Kind
			id, err := w.records.stateIf(ctx, row.Family, func(f *policies.Family, t policies.Terms) (k policies.Kind, b policies.Body) {
				kind, b = orderOf(f, row.Clip, t)
				return kind, b
			})
			switch {
			case err != nil:
				out.failed(row.Clip, err)
				return nil
			case id.IsZero():
				return w.putOff(ctx, row)
			case kind == "clip.destroy":
				out.Ordered = append(out.Ordered, row.Clip)
				return nil
			default:
				out.Spared = append(out.Spared, row.Clip)
			}
		}
	})
	if err != nil {
		return err
	}
	return w.reckon(ctx, out)
}

// orderOf is what is said of a clip that is marked: that it is destroyed, when it still may
// be and its grace is over; that a mark is taken back, when it counts no longer or what it
// followed from is so no longer; nothing while its grace goes on.
func orderOf(f *policies.Family, id policies.ClipID, t policies.Terms) (policies.Kind, policies.Body) {
	x, ok := f.Fate(id, t)
	marks := f.Unspared(id)
	if !ok || len(marks) == 0 || x.State == policies.FateDestroying || x.State == policies.FateGone {
		return "", nil
	}
	for _, m := range marks {
		if m != x.Mark {
			return "clip.spare", &policies.ClipSpare{Clip: id, Mark: m}
		}
	}
	if x.State == policies.FateGo {
		return "clip.destroy", &policies.ClipDestroy{Clip: id, Mark: x.Mark}
	}
	return "", nil
}
