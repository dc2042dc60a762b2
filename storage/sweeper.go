package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Sweeper destroys film whose end has come. It is a part of its own, with its own key for
// the objects, and may run as a process of its own beside the server: on the same database,
// whose lock puts its steps and the server's in one order.
//
// Every step is a transaction or a call to the object store, never both; each may be cut and
// is then done again, with the same end. What becomes of film is asked of
// [policies.Family.Fate] in the transaction that acts on it, and nowhere else. Start at
// [Sweeper.Run].
//
// Source: DESIGN §9, retention.
type Sweeper struct {
	d       *door
	records *Records
	objects objects.Disposer
	clock   func() Clock
}

// SweepConfig opens a sweeper.
type SweepConfig struct {
	Objects objects.Disposer // with the sweeper's own key
	Clock   func() Clock     // the machine's when nil
}

// Sweeper is the part of the store that destroys film.
func (s *Store) Sweeper(cfg SweepConfig) *Sweeper {
	w := &Sweeper{d: s.d, records: s.Records, objects: cfg.Objects, clock: cfg.Clock}
	if w.clock == nil {
		w.clock = func() Clock { return machineClock(s.d.cfg.Now()) }
	}
	return w
}

// Sweep is what one run did.
type Sweep struct {
	Reckoned  int                 // families whose dates were worked out anew
	Marked    []policies.ClipID   // hidden from now on, to be destroyed after their grace
	Spared    []policies.ClipID   // shown again: what their mark followed from is so no longer
	Ordered   []policies.ClipID   // past the point of no return
	Destroyed []policies.ClipID   // with their certificate
	Verified  []policies.ClipID   // looked for once more, and not found
	Returned  []policies.ClipID   // looked for once more, found, and deleted again
	Ended     []policies.FamilyID // whole records, of which digests are left
	Failed    []SweepFailure      // to be tried again at the next run
	Refused   *SweepRefused       // why it stopped before it was done; nil where it did not
}

// SweepFailure is a clip with which a run could not go on.
type SweepFailure struct {
	Clip policies.ClipID
	Err  error
}

// SweepRefused is why a sweep does nothing before an IG officer lets it go on: by a
// sweep.allow that names Of.
type SweepRefused struct {
	What policies.SweepRefusal
	Of   policies.Digest
	Why  string    // a sentence
	Due  []DueClip // of a list that is longer than usual
}

// DueClip is a clip, and what becomes of it.
type DueClip struct {
	Clip      policies.ClipID
	Family    policies.FamilyID
	Reference string
	policies.Fated
}

// sweepPage is how many rows are looked at in one piece: what one transaction reads, and no
// more than it takes to let others in between.
const sweepPage = 500

// Run does everything that is due, once. It may be called at any time, beside a server and
// beside another run, and broken off; what could not be done is tried again by the next one.
// ErrRecovering while the service is being put back: nothing is destroyed then. A refusal is
// no error: it stands in the answer. The clock is looked at before each step that destroys.
func (w *Sweeper) Run(ctx context.Context) (out Sweep, err error) {
	if err := w.mayRun(ctx); err != nil {
		return out, err
	}
	if out.Refused, err = w.checkClock(ctx); err != nil || out.Refused != nil {
		return out, err
	}
	for _, step := range []func(context.Context, *Sweep) error{w.reckon, w.mark, w.order, w.destroy, w.verify, w.endRecords} {
		if err := step(ctx, &out); err != nil || out.Refused != nil {
			return out, err
		}
	}
	return out, w.keepClock(ctx)
}

// ErrRecovering means that the service is being put back from a backup.
var ErrRecovering = errors.New("the service is being put back; nothing is destroyed before an information governance officer ends that")

func (w *Sweeper) mayRun(ctx context.Context) error {
	o, err := w.records.Org(ctx)
	if err != nil {
		return err
	}
	if _, recovering := o.Recovering(); recovering {
		return ErrRecovering
	}
	return nil
}

func (s *Sweep) failed(id policies.ClipID, err error) {
	s.Failed = append(s.Failed, SweepFailure{id, err})
}

// each calls fn for the rows of one state that are due, page by page, in the order of their
// dates. What fn puts off, or moves to another state, is not met again.
func (w *Sweeper) each(ctx context.Context, state rows.DisposalState, by policies.Micros, fn func(rows.Disposal) error) error {
	var last rows.Disposal
	for {
		var page []rows.Disposal
		err := w.d.rows.Read(ctx, func(v *rows.View) (err error) {
			page, err = v.DueDisposals(state, by, last, sweepPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := fn(row); err != nil {
				return err
			}
		}
		last = page[len(page)-1]
	}
}

// fate reads what becomes of a clip at a time.
func (w *Sweeper) fate(ctx context.Context, row rows.Disposal, at policies.Micros) (due DueClip, err error) {
	err = w.d.rows.Read(ctx, func(v *rows.View) error {
		due, err = w.fateIn(v, row, at)
		return err
	})
	return due, err
}

func (w *Sweeper) fateIn(v *rows.View, row rows.Disposal, at policies.Micros) (DueClip, error) {
	due := DueClip{Clip: row.Clip, Family: row.Family}
	a, err := w.d.asks(v, row.Family)
	if err != nil {
		return due, fmt.Errorf("family of clip %s: %w", row.Clip, err)
	}
	a.terms.Now = at
	due.Reference = a.family.Reference
	due.Fated, _ = a.family.Fate(row.Clip, a.terms)
	return due, nil
}

// never is a date that does not come.
func never(at policies.Micros) policies.Micros {
	if at == 0 {
		return rows.Never
	}
	return at
}

// days is a span as people say it.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Minute).String()
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
