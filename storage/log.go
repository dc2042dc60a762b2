package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// Log is the door to the access log.
type Log struct {
	d      *door
	origin string
	signer *accesslog.Signer

	// mu guards the fields below: the newest checkpoint signed here, and when one
	// was last kept in the database.
	mu   sync.Mutex
	size int64
	note string
	kept policies.Micros
}

// Origin is the log's name: "attune/<organisation>/<history>".
func Origin(org policies.OrgID, history string) string {
	return "attune/" + org.String() + "/" + history
}

// load learns the log's name. A database that is not founded has none yet.
func (l *Log) load(ctx context.Context) error {
	return l.d.rows.Read(ctx, func(v *rows.View) error {
		org, history, err := v.Authority()
		if err != nil || org.IsZero() {
			return err
		}
		l.origin = Origin(org, history)
		l.signer, err = accesslog.NewSigner(l.origin, l.d.cfg.LogKey)
		return err
	})
}

// Prove signs the tree as it stands and proves that it extends the tree of size
// since; 0 asks for no proof.
func (l *Log) Prove(ctx context.Context, since int64) (Proven, error) {
	return l.prove(ctx, since, nil)
}

// prove also completes the receipts of results, for the same tree.
func (l *Log) prove(ctx context.Context, since int64, results []Result) (Proven, error) {
	var p Proven
	var edge accesslog.Frontier
	err := l.d.rows.Read(ctx, func(v *rows.View) (err error) {
		if edge, err = v.Edge(); err != nil {
			return err
		}
		if since > 0 && since < edge.Size() {
			if p.Consistency, err = edge.ProveConsistency(v.Tiles(), since); err != nil {
				return err
			}
		}
		return receipts(v, edge, results)
	})
	if err != nil {
		return p, err
	}
	p.Size = edge.Size()
	p.Checkpoint, err = l.sign(ctx, edge)
	return p, err
}

func receipts(v *rows.View, edge accesslog.Frontier, results []Result) error {
	for _, r := range results {
		if r.Receipt == nil {
			continue
		}
		if r.Receipt.Leaf == nil {
			leaf, err := v.Leaf(r.Receipt.Place.Index)
			if err != nil {
				return err
			}
			r.Receipt.Leaf = leaf
		}
		proof, err := edge.ProveInclusion(v.Tiles(), r.Receipt.Place.Index)
		if err != nil {
			return err
		}
		r.Receipt.Proof = proof
	}
	return nil
}

// keepEvery bounds how often a checkpoint is written to the database: a signature
// costs little, a commit of its own more.
const keepEvery = policies.Micros(1_000_000)

// sign returns a checkpoint of this tree. It is kept in the database about once a
// second, and when the store closes, so that a verifier of the file has one.
func (l *Log) sign(ctx context.Context, edge accesslog.Frontier) (string, error) {
	if l.signer == nil {
		return "", errNotFounded
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size == edge.Size() && l.note != "" {
		return l.note, nil
	}
	note, err := accesslog.Sign(edge.Checkpoint(l.origin), l.signer)
	if err != nil {
		return "", err
	}
	if edge.Size() > l.size {
		l.size, l.note = edge.Size(), note
	}
	if now := l.d.now(); now >= l.kept+keepEvery {
		l.kept = now
		err := l.d.rows.Write(ctx, func(tx *rows.Tx) error { return tx.PutCheckpoint(edge.Size(), note) })
		// On a full disk it is given out without being kept, or a withdrawal that was
		// taken would be answered as if it had not been. The next one covers it.
		if err != nil && !errors.Is(err, ErrFull) {
			return "", fmt.Errorf("keep checkpoint: %w", err)
		}
	}
	return note, nil
}

// seal signs and keeps a last checkpoint.
func (l *Log) seal(ctx context.Context) error {
	if l.signer == nil {
		return nil
	}
	l.mu.Lock()
	l.kept = 0
	l.size, l.note = 0, ""
	l.mu.Unlock()
	_, err := l.Prove(ctx, 0)
	return err
}

// Search answers an IG officer. The search is itself an event, written before
// anything is read. Next is the index to go on from, -1 at the end.
func (l *Log) Search(ctx context.Context, c policies.Caller, q LogQuery) ([]LogRow, int64, error) {
	if err := l.enter(ctx, c, policies.ActSearchLog, q.Family); err != nil {
		return nil, -1, err
	}
	var out []LogRow
	next := int64(-1)
	err := l.d.rows.Read(ctx, func(v *rows.View) error {
		f := filter(q)
		f.Limit++ // one more tells whether there is a next page
		found, err := v.SearchLog(f)
		if err != nil {
			return err
		}
		if len(found) == f.Limit {
			found = found[:len(found)-1]
			next = found[len(found)-1].N + 1
		}
		out, err = l.name(v, found)
		return err
	})
	return out, next, err
}

func filter(q LogQuery) rows.LogFilter {
	f := rows.LogFilter{From: q.From, Limit: q.Limit, Reference: q.Family, Action: q.Action, Outcome: q.Outcome, Rule: q.Rule,
		Since: int64(q.Since), Until: int64(q.Until)}
	if !q.Person.IsZero() {
		f.Subject = rows.Named{Kind: "staff", ID: q.Person.String()}
	}
	return f
}

// Leaves answers a verifier: leaf and stored hash of each row from an index on.
func (l *Log) Leaves(ctx context.Context, c policies.Caller, from int64, limit int) ([]LogRow, int64, error) {
	if err := l.enter(ctx, c, policies.ActVerifyLog, ""); err != nil {
		return nil, -1, err
	}
	var out []LogRow
	err := l.d.rows.Read(ctx, func(v *rows.View) error {
		found, err := v.SearchLog(rows.LogFilter{From: from, Limit: limit})
		for _, r := range found {
			out = append(out, LogRow{Index: r.N, Leaf: r.Leaf, Hash: r.Hash})
		}
		return err
	})
	if err != nil || len(out) < limit {
		return out, -1, err
	}
	return out, out[len(out)-1].Index + 1, nil
}

// enter rules on reading the log and writes the event.
func (l *Log) enter(ctx context.Context, c policies.Caller, act policies.Action, reference string) error {
	var denied error
	err := l.d.rows.Write(ctx, func(tx *rows.Tx) error {
		o, err := l.d.org.read(tx)
		if err != nil {
			return err
		}
		now := l.d.now()
		ruling := l.d.cfg.Bundle.Decide(policies.Request{Caller: c, Action: act, Now: now}, o, nil)
		denied = refusal(ruling)
		about, err := families(tx, reference)
		for _, id := range about {
			_, _, logged := tx.Log(l.d.access(c, ruling, now, id, rows.Named{}))
			err = errors.Join(err, logged)
		}
		return err
	})
	return errors.Join(err, denied)
}

// families is what the event of a search is about: each family of the reference,
// or nothing in particular.
func families(tx *rows.Tx, reference string) ([]rows.Named, error) {
	found, err := tx.FamiliesByReference(reference)
	if len(found) == 0 {
		return []rows.Named{{}}, err
	}
	about := make([]rows.Named, len(found))
	for i, id := range found {
		about[i] = family(id)
	}
	return about, err
}

// VerifyFile checks the whole log in the database file: that each row's columns
// say what its leaf says, that each leaf has the hash stored when it was appended,
// and that the whole gives the root of the newest signed checkpoint.
func (l *Log) VerifyFile(ctx context.Context, progress func(rows int64)) (accesslog.Report, error) {
	var report accesslog.Report
	err := l.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := l.d.org.read(v)
		if err != nil {
			return err
		}
		_, note, err := v.Checkpoint()
		if err != nil {
			return err
		}
		if note == "" {
			return errors.New("no signed checkpoint is stored")
		}
		verifier, err := accesslog.NewVerifier(l.origin, o.Server.LogKey[:])
		if err != nil {
			return err
		}
		c, err := accesslog.OpenCheckpoint(note, verifier)
		if err != nil {
			return err
		}
		report, err = accesslog.VerifyRows(v.Leaves(), v.Tiles(), c, accesslog.Options{Progress: progress})
		return err
	})
	return report, err
}
