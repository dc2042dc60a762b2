package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// pruneBatch is how many rows are deleted in one transaction: other writers wait for it.
const pruneBatch = 4096

// quietLog is how long a log in use is never silent. After more than that the clock is
// wrong, or nobody knows what the service has been doing.
const quietLog = 35 * 24 * policies.Hour

// Refusals of pruning.
var (
	ErrQuiet   = errors.New("the log's last event is not of these days: the clock may be wrong")
	ErrDecider = errors.New("pruning needs the name of who decided it, on one line")
	ErrMeant   = errors.New("a hold or a date has changed since this was planned")
)

// PrunePlan is what of the log can go by its age, and why no more of it.
type PrunePlan struct {
	Kept    int64  // the first event that is there
	To      int64  // the first that would be; Kept when nothing can go
	Size    int64  // of the log
	Because string // why the bundle from To on stays; "" when it is only not full yet

	families map[string]bool // pseudonyms of those who lose events
}

// PlanPrune says what can be pruned now: whole bundles of 256 events from the log's
// beginning, while each event in them is older than the adopted figures keep it and none
// is about a family that is held. It writes nothing.
//
// Source: DESIGN §9; audit notes §1.4, retention of the log.
func (l *Log) PlanPrune(ctx context.Context, where *time.Location) (plan PrunePlan, err error) {
	err = l.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := l.d.org.read(v)
		if err != nil {
			return err
		}
		if err := l.certified(o); err != nil {
			return err
		}
		newest, err := v.NewestEvent()
		if err != nil {
			return err
		}
		if gap := l.d.now() - policies.Micros(newest); gap < -policies.Minute || gap > quietLog {
			return ErrQuiet
		}
		if plan.Kept, err = v.Kept(); err != nil {
			return err
		}
		if plan.Size, err = v.LogSize(); err != nil {
			return err
		}
		a, err := l.newAgeing(v, where)
		if err != nil {
			return err
		}
		return a.plan(v, &plan)
	})
	return plan, err
}

// PruneLog prunes what [Log.PlanPrune] found. By is who decided it, as people know them:
// the service's figures say for how long at least, and a person that it is time. First
// the log begins later, with an event that names how far and how it stood before, under a
// signed checkpoint; then the rows are deleted. A crash between the two is finished by the
// next call, whatever it is asked.
//
// Searches, exports and verifications go on all the while. Old proofs stay good: the
// hashes of what was pruned are kept.
func (l *Log) PruneLog(ctx context.Context, where *time.Location, plan PrunePlan, by string) error {
	if by = strings.TrimSpace(by); by == "" || !oneLine(by) {
		return ErrDecider
	}
	if l.signer == nil {
		return errNotFounded
	}
	if plan.To > plan.Kept {
		err := l.d.rows.Write(ctx, func(tx *rows.Tx) error { return l.begin(tx, where, plan, by) })
		if err != nil {
			return fmt.Errorf("prune log: %w", err)
		}
	}
	l.d.step("log-pruned")
	return l.dropPruned(ctx)
}

// begin has the log begin at plan.To, in one transaction with its event.
func (l *Log) begin(tx *rows.Tx, where *time.Location, plan PrunePlan, by string) error {
	if kept, err := tx.Kept(); err != nil || kept != plan.Kept {
		return errors.Join(err, ErrMeant)
	}
	a, err := l.newAgeing(tx, where)
	if err != nil {
		return err
	}
	for p := range plan.families { // the events are as they were; what keeps them may not be
		if until, err := a.family(p); err != nil || until.because != "" || a.org.AnyServiceHold() {
			return errors.Join(err, ErrMeant)
		}
	}
	before := tx.Edge()
	_, _, err = tx.Log(rows.Event{
		At: int64(l.d.now()), Action: accesslog.PruneAction, Outcome: accesslog.Done,
		Subject: rows.Named{Kind: rows.NamedKey, ID: string(policies.SignServer)},
		Range:   accesslog.Pruned{Kept: plan.To, Size: before.Size(), Root: before.Root()}.String(), Detail: by + "\n",
	})
	if err != nil {
		return err
	}
	var shown []int64 // rows that prove when a service was put back
	for _, r := range a.org.Restorations {
		shown = append(shown, r.Log.Size-1)
	}
	if err := tx.Prune(plan.To, shown...); err != nil {
		return err
	}
	// Unsigned, the event would account for nothing: a verifier could not tell pruning
	// from cutting off.
	edge := tx.Edge()
	note, err := accesslog.Sign(edge.Checkpoint(l.origin), l.signer)
	if err != nil {
		return err
	}
	return tx.PutCheckpoint(edge.Size(), note)
}

// dropPruned deletes the rows, some at a time, and then the names that nothing needs.
func (l *Log) dropPruned(ctx context.Context) error {
	dropped := false
	for n := 1; n > 0; {
		err := l.d.rows.Write(ctx, func(tx *rows.Tx) (err error) {
			n, err = tx.DropPruned(pruneBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete pruned rows: %w", err)
		}
		dropped = dropped || n > 0
		l.d.step("log-pruned-batch")
	}
	if !dropped {
		return nil
	}
	return l.d.rows.Write(ctx, func(tx *rows.Tx) error { return tx.DropUnused() })
}
