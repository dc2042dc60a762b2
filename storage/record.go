package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Records is the door to statements.
type Records struct {
	d        *door
	withheld atomic.Int64
}

// Accept judges a batch of statements in order and stores what may stand. It is
// the only way a fact is written.
//
// Signatures are checked outside the transaction. Inside, for each statement:
// number, fold, rule, event, rows. A refusal consumes the statement's number,
// commits its event, and blocks nothing. Results come in the order of the batch;
// their receipts prove inclusion in the tree of the returned checkpoint, whose
// consistency with size since is proved too (0 for no earlier size).
//
// The error is for the whole batch and means that nothing of it happened: ErrFull
// when the disk is full, but a batch of restrictions alone is taken even then,
// unless every one of them is refused.
func (r *Records) Accept(ctx context.Context, c policies.Caller, batch []Sealed, since int64) ([]Result, Proven, error) {
	return r.Push(ctx, c, Push{Statements: batch, Since: since})
}

// Push is what a device hands in.
type Push struct {
	Statements []Sealed
	Since      int64 // size of the last checkpoint that it holds

	// Known are statements whose refusal the device has kept: until it says so a refused
	// statement that is pushed again gets the answer that it got, and after that it is
	// judged anew.
	Known []policies.StatementID
}

// Push is [Records.Accept], and forgets answers that have arrived.
func (r *Records) Push(ctx context.Context, c policies.Caller, p Push) ([]Result, Proven, error) {
	batch := p.Statements
	o, err := r.Org(ctx)
	if err != nil {
		return nil, Proven{}, err
	}
	verified, checked := verify(o, batch)
	write, stops := r.d.rows.Write, restrictive(verified, checked)
	if stops {
		write = r.d.rows.WriteFromReserve
	}
	var results []Result
	err = write(ctx, func(tx *rows.Tx) error {
		results = slices.Clone(checked) // on a full disk this runs again
		for _, id := range p.Known {
			if err := tx.DropOutcome(id, c.Staff); err != nil {
				return err
			}
		}
		j, err := newJudge(r.d, tx, c)
		if err != nil {
			return err
		}
		for i := range batch {
			if results[i].Err != nil {
				continue
			}
			if results[i], err = j.judge(verified[i], batch[i]); err != nil {
				return err
			}
		}
		if stops && refusedAll(results) && r.d.rows.Room() != nil {
			return errNothingStops
		}
		if err := j.repay(); err != nil {
			return err
		}
		return j.keep()
	})
	if errors.Is(err, errNothingStops) {
		err = ErrFull
	}
	if err != nil {
		return nil, Proven{}, err
	}
	r.d.step("after the commit")
	proven, err := r.d.log.prove(ctx, p.Since, results)
	return results, proven, err
}

// errNothingStops undoes refusals on a full disk. They are events, and whoever ever
// had a key can send a restriction that is refused, the same one any number of times:
// the reserve is for withdrawals, and not for those.
var errNothingStops = errors.New("no room to log a refusal")

func refusedAll(results []Result) bool {
	return !slices.ContainsFunc(results, func(r Result) bool { return r.Err == nil && !r.Deferred })
}

// restrictive reports whether all that a batch holds stops something. A device sends
// its restrictions first and alone, so that they wait for nothing.
func restrictive(verified []policies.Statement, checked []Result) bool {
	some := false
	for i, s := range verified {
		if checked[i].Err != nil {
			continue // writes nothing
		}
		if row, ok := policies.RowOf(s.Kind); !ok || !row.Restriction {
			return false
		}
		some = true
	}
	return some
}

// verify checks the batch's signatures on all cores. A key that one statement of
// the batch certifies counts for the others, once that statement has verified;
// whether it may certify, the fold decides. So a person who joins is verified in
// two passes and everyone else in one. A kind that a later program knows is verified as
// well: it is refused, and takes its number.
func verify(o *policies.Org, batch []Sealed) ([]policies.Statement, []Result) {
	verified, results := make([]policies.Statement, len(batch)), make([]Result, len(batch))
	parsed := make([]statement.Unverified, len(batch))
	waiting := make([]int, 0, len(batch))
	for i, s := range batch {
		var err error
		if parsed[i], err = statement.ParseKept(s.Statement); err != nil {
			results[i] = Result{ID: policies.StatementID(policies.DigestOf(s.Statement)), Err: err}
			continue
		}
		results[i] = Result{ID: parsed[i].ID, Err: fmt.Errorf("%w: nobody here has the key %s", policies.ErrSigner, parsed[i].Signer.Short())}
		waiting = append(waiting, i)
	}
	fresh := map[policies.KeyID]policies.PublicKey{}
	for {
		ready, rest := keyed(o, fresh, parsed, waiting)
		if len(ready) == 0 {
			return verified, results
		}
		inParallel(ready, func(i int, key policies.PublicKey) {
			verified[i], results[i].Err = parsed[i].Verify(key)
		})
		for i := range ready {
			if results[i].Err != nil {
				continue
			}
			if kid, key, ok := statement.CertifiedKeys(verified[i]); ok {
				fresh[kid] = key
			}
		}
		waiting = rest
	}
}

// keyed splits off the statements whose key is known by now.
func keyed(o *policies.Org, fresh map[policies.KeyID]policies.PublicKey, parsed []statement.Unverified, waiting []int) (map[int]policies.PublicKey, []int) {
	ready := map[int]policies.PublicKey{}
	var rest []int
	for _, i := range waiting {
		key, ok := o.Key(parsed[i].Signer)
		if !ok {
			key, ok = fresh[parsed[i].Signer]
		}
		if ok {
			ready[i] = key
		} else {
			rest = append(rest, i)
		}
	}
	return ready, rest
}

func inParallel(work map[int]policies.PublicKey, do func(int, policies.PublicKey)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, key := range work {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i, key)
		})
	}
	all.Wait()
}
