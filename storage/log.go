package storage

import (
	"cmp"
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
		o, err := l.d.org.read(v)
		if err != nil {
			return err
		}
		if err := l.certified(o); err != nil {
			return err
		}
		if edge, err = v.Edge(); err != nil {
			return err
		}
		_, p.Recovering = o.Recovering()
		if p.Durable, err = v.Durable(); err != nil {
			return err
		}
		if since > 0 && since < edge.Size() {
			if p.Consistency, err = edge.ProveConsistency(v.ProofTiles(), since); err != nil {
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

// certified refuses to sign by a key that the organisation's root replaced, or has not
// certified yet: devices would take it for a forgery. The same snapshot says whose key
// it is and what would be signed, so that not one checkpoint is by the wrong one.
func (l *Log) certified(o *policies.Org) error {
	if !o.Server.Certificate.IsZero() && o.Server.LogKey != publicKey(l.d.cfg.LogKey) {
		return ErrNotCertified
	}
	return nil
}

func receipts(v *rows.View, edge accesslog.Frontier, results []Result) error {
	prover := accesslog.NewProver(edge) // the leaves of a push are neighbours
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
		proof, err := prover.ProveInclusion(v.ProofTiles(), r.Receipt.Place.Index)
		if err != nil {
			return err
		}
		r.Receipt.Proof = proof
	}
	return nil
}

// keepEvery bounds how often a checkpoint is written to the database: a signature
// costs little, a commit of its own more.
const keepEvery = policies.Second

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
	if errors.Is(err, ErrNotCertified) {
		return nil // whoever has the certified key signs the next
	}
	return err
}

// VerifyFile checks the whole log in the database file: that each row's columns
// say what its leaf says, that each leaf has the hash stored when it was appended,
// and that the whole gives the root of the newest signed checkpoint. What was pruned
// counts by its hashes, where the signed log says that it was.
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
		c, err := l.open(o, note)
		if err != nil {
			return err
		}
		kept, err := v.Kept()
		if err != nil {
			return err
		}
		report, err = accesslog.VerifyRows(v.Leaves(), v.Tiles(), c, accesslog.Options{Progress: progress, From: kept})
		return err
	})
	return report, err
}

// open verifies the stored checkpoint. Until the first one by a new key, the newest is
// by the key before it.
func (l *Log) open(o *policies.Org, note string) (c accesslog.Checkpoint, err error) {
	for _, s := range append([]policies.Server{o.Server}, o.Retired...) {
		verifier, bad := accesslog.NewVerifier(l.origin, s.LogKey[:])
		if bad != nil {
			return c, bad
		}
		c, bad = accesslog.OpenCheckpoint(note, verifier)
		if bad == nil {
			return c, nil
		}
		err = cmp.Or(err, bad)
	}
	return c, err
}
