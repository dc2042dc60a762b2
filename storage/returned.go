package storage

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// Evidence proves that the service had accepted statements before it was put back: a leaf
// of the log in one of its signed states, and the statements before it in its record.
type Evidence struct {
	Record     policies.RecordID
	Checkpoint string // signed by this service, of whatever history
	Leaf       []byte
	Proof      []accesslog.Hash // from the leaf to that tree
	Links      []Link           // before it in the record, in order and without gap; may be none
}

// Link is a statement as its record's chain has it.
type Link struct {
	ID      policies.StatementID
	Class   policies.Class
	OrgHead policies.Digest // that it was judged under
}

// Returned is a statement that comes again, and when the device was told that it had been
// accepted.
type Returned struct {
	Sealed
	At policies.Micros
}

// ErrEvidence means that evidence proves nothing.
var ErrEvidence = errors.New("evidence that proves nothing")

// Return takes statements that the service had accepted before it was put back, from
// anybody who still holds them. One that evidence proves is taken without asking the
// rules again, and folded as of then while the service recovers: its author may have been
// revoked since, or its date have passed. Without evidence it is judged like any other.
// Results are as those of [Records.Accept].
//
// What an attacker with a device gains by lying about a time is little: evidence bounds
// it from above, the backup from below, and the order in the record is proved.
func (r *Records) Return(ctx context.Context, c policies.Caller, evidence []Evidence, batch []Returned, since int64) ([]Result, Proven, error) {
	o, err := r.Org(ctx)
	if err != nil {
		return nil, Proven{}, err
	}
	sealed := make([]Sealed, len(batch))
	for i, b := range batch {
		sealed[i] = b.Sealed
	}
	verified, checked := verify(o, sealed)
	var results []Result
	err = r.d.rows.Write(ctx, func(tx *rows.Tx) error {
		results = append([]Result{}, checked...)
		j, err := newJudge(r.d, tx, c)
		if err != nil {
			return err
		}
		proved := map[policies.StatementID]policies.Micros{}
		for _, e := range evidence {
			if err := j.proves(e, proved); err != nil && !errors.Is(err, ErrEvidence) {
				return err // else what it does not prove is judged like any other
			}
		}
		for i, b := range batch {
			if results[i].Err != nil {
				continue
			}
			if results[i], err = j.bring(verified[i], b, proved); err != nil {
				return err
			}
		}
		if err := j.repay(); err != nil {
			return err
		}
		return j.keep()
	})
	if err != nil {
		return nil, Proven{}, err
	}
	p, err := r.d.log.prove(ctx, since, results)
	return results, p, err
}

// bring takes one that is proved, and judges any other as if nobody had asked before: it
// may be that what it rests on came only now.
func (j *judge) bring(s policies.Statement, b Returned, proved map[policies.StatementID]policies.Micros) (Result, error) {
	if _, ok := s.Body.(*policies.ServiceRestored); ok {
		if r, there, err := j.again(s, b.Sealed); there || err != nil {
			return r, err
		}
		// It began a history that was lost, and would stand in this one as a lie: not
		// as the first row, and as the restoration whose end everybody waits for.
		return j.refuse(s, fmt.Errorf("%w: it began another history", policies.ErrNotPossible))
	}
	if at, ok := proved[s.ID]; ok && len(j.org.Restorations) > 0 {
		then, err := j.acceptedAt(s.ID, b.At, at)
		if err != nil {
			return Result{}, err
		}
		r, err := j.retake(s, b.Sealed, then)
		if err != nil || r.Err != nil {
			return r, err
		}
		return r, j.revisit(s)
	}
	by, _ := j.org.Signer(s.Signer)
	if err := j.tx.DropOutcome(s.ID, by.Staff); err != nil {
		return Result{}, err
	}
	return j.judge(s, b.Sealed)
}

// acceptedAt is when a statement counts as accepted before: what the ledger says, where it
// waits there; else what who brings it says, no later than was proved and no earlier than
// the last row of the backup, which does not have it.
func (j *judge) acceptedAt(id policies.StatementID, said, proved policies.Micros) (policies.Micros, error) {
	if at, ok, err := j.tx.OwedSince(id); ok || err != nil {
		return at, err
	}
	leaf, err := j.tx.Leaf(j.org.Restorations[len(j.org.Restorations)-1].Log.Size - 1)
	if err != nil {
		return 0, err
	}
	last, err := accesslog.Decode(leaf)
	return min(proved, max(said, policies.Micros(last.At))), err
}

// proves adds what evidence proves, with the latest time at which it can have been
// accepted.
func (j *judge) proves(e Evidence, proved map[policies.StatementID]policies.Micros) error {
	leaf, err := j.signedLeaf(e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	acc := leaf.Accepted
	proved[policies.StatementID(acc.Statement)] = policies.Micros(leaf.At)
	if len(e.Links) == 0 {
		return nil
	}
	head, err := j.headBefore(e.Record, acc.Position-int64(len(e.Links)))
	if err != nil {
		return err
	}
	for _, l := range e.Links {
		head = policies.NextHead(head, l.Class, l.ID, l.OrgHead)
	}
	if policies.NextHead(head, policies.Class(acc.Class), policies.StatementID(acc.Statement), policies.Digest(acc.OrgHead)) != policies.Digest(acc.Head) {
		return fmt.Errorf("%w: the chain of record %s does not lead to it", ErrEvidence, e.Record.Short())
	}
	for _, l := range e.Links {
		proved[l.ID] = policies.Micros(leaf.At)
	}
	return nil
}

// signedLeaf is the leaf, in a state of a log that this service's own keys signed.
func (j *judge) signedLeaf(e Evidence) (leaf accesslog.Event, err error) {
	origin, _, _ := strings.Cut(e.Checkpoint, "\n")
	if !strings.HasPrefix(origin, "attune/"+j.org.ID.String()+"/") {
		return leaf, errors.New("it is of another service's log")
	}
	for _, s := range append([]policies.Server{j.org.Server}, j.org.Retired...) {
		verifier, bad := accesslog.NewVerifier(origin, ed25519.PublicKey(s.LogKey[:]))
		if bad != nil {
			return leaf, bad
		}
		c, bad := accesslog.OpenCheckpoint(e.Checkpoint, verifier)
		if bad != nil {
			err = bad
			continue
		}
		if leaf, err = accesslog.Decode(e.Leaf); err != nil {
			return leaf, err
		}
		if leaf.Accepted == nil {
			return leaf, errors.New("the leaf accepts nothing")
		}
		return leaf, accesslog.VerifyInclusion(e.Proof, c.Size, c.Root, leaf.Index, e.Leaf)
	}
	return leaf, err
}

// headBefore is the head of a record before a position, as this database and the history
// before it have it in common.
func (j *judge) headBefore(record policies.RecordID, position int64) (policies.Digest, error) {
	if position == 1 {
		return policies.Digest{}, nil
	}
	s, ok, err := j.tx.StatementAt(record, position-1)
	if err != nil {
		return policies.Digest{}, err
	}
	if !ok {
		return policies.Digest{}, fmt.Errorf("%w: record %s has no position %d", ErrEvidence, record.Short(), position-1)
	}
	return s.Head, nil
}

// Restoration is a service.restored with its receipt.
type Restoration struct {
	Statement []byte
	Receipt   Receipt
}

// Restorations are the times that the service was put back, oldest first, proved by a
// checkpoint whose consistency with size since is proved too.
func (r *Records) Restorations(ctx context.Context, since int64) (out []Restoration, p Proven, err error) {
	var results []Result
	err = r.d.rows.Read(ctx, func(v *rows.View) error {
		all, err := v.StatementsOf("service.restored")
		for _, s := range all {
			out = append(out, Restoration{Statement: s.Raw})
			results = append(results, Result{ID: s.ID, Receipt: &Receipt{Place: place(s)}})
		}
		return err
	})
	if err != nil {
		return nil, p, err
	}
	if p, err = r.d.log.prove(ctx, since, results); err != nil {
		return nil, p, err
	}
	for i := range out {
		out[i].Receipt = *results[i].Receipt
	}
	return out, p, nil
}
