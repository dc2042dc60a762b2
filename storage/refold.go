package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Refold folds every statement again, in the order of the log, and compares each head and
// each stored state with what comes out. It returns how many statements there are; the
// error names the first that differs. It holds all states in memory.
func (r *Records) Refold(ctx context.Context) (statements int, err error) {
	err = r.d.rows.Read(ctx, func(v *rows.View) (err error) {
		statements, err = refold(v)
		return err
	})
	return statements, err
}

// refolding is the states as far as they are folded.
type refolding struct {
	org      *policies.Org
	families map[policies.FamilyID]*policies.Family

	// Records of which digests are left: their chain is folded, and nothing else.
	ended  map[policies.FamilyID]*policies.Ended
	chains map[policies.FamilyID]*chain
}

// chain is how far the chain of a destroyed record reaches.
type chain struct {
	head  policies.Digest
	count int64
}

func refold(v *rows.View) (n int, err error) {
	r := refolding{families: map[policies.FamilyID]*policies.Family{}, chains: map[policies.FamilyID]*chain{}}
	stored, err := v.Org()
	if err != nil {
		return 0, err
	}
	if stored != nil { // compared with what is folded at the end
		r.ended = stored.Ended
	}
	err = v.AllStatements(func(s rows.Statement) error {
		n++
		if err := r.fold(s); err != nil {
			return fmt.Errorf("statement %s, %s at row %d: %w", s.ID, s.Kind, s.Index, err)
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, r.compare(v)
}

func (r *refolding) fold(s rows.Statement) error {
	if id := policies.FamilyID(s.Record); r.ended[id] != nil {
		return r.link(id, s)
	}
	stated, err := r.verify(s)
	if err != nil {
		return err
	}
	if r.org == nil {
		r.org, err = policies.NewOrg(stated)
		if err == nil {
			err = stands(s, r.org.Head, r.org.Count)
		}
		return err
	}
	if s.OrgHead != r.org.Head {
		return fmt.Errorf("it was judged under another state of the organisation")
	}
	if s.Record == policies.RecordID(r.org.ID) {
		if r.again(s) {
			_, err = r.org.ApplyBefore(stated, s.At)
		} else {
			_, err = r.org.Apply(stated, s.At)
		}
		if err != nil {
			return err
		}
		return stands(s, r.org.Head, r.org.Count)
	}
	f, err := r.family(s, stated)
	if err != nil {
		return err
	}
	return stands(s, f.Head, f.Count)
}

// link folds a statement of a destroyed record by its digest alone. A certificate has its text
// still, which must be what the digest is of.
func (r *refolding) link(id policies.FamilyID, s rows.Statement) error {
	if r.org == nil || s.OrgHead != r.org.Head {
		return fmt.Errorf("it was judged under another state of the organisation")
	}
	if len(s.Raw) > 0 {
		if s.Kind != rows.CertificateKind {
			return fmt.Errorf("its record was destroyed, and its text is still there")
		}
		if _, err := r.verify(s); err != nil {
			return err
		}
	}
	c := r.chains[id]
	if c == nil {
		c = &chain{}
		r.chains[id] = c
	}
	c.head, c.count = policies.NextHead(c.head, s.Class, s.ID, s.OrgHead), c.count+1
	return stands(s, c.head, c.count)
}

// whole holds the chains of destroyed records against their certificates. One that was put back
// from a backup and destroyed again by the ledger may be shorter than it was.
func (r *refolding) whole() error {
	for id, e := range r.ended {
		if c := r.chains[id]; len(r.org.Restorations) == 0 && (c == nil || c.head != e.Head || c.count != e.Count) {
			return fmt.Errorf("record %s, of which digests are left, does not end where its certificate says", id)
		}
	}
	return nil
}

func (r *refolding) family(s rows.Statement, stated policies.Statement) (*policies.Family, error) {
	under, id := r.org, policies.FamilyID(s.Record)
	if r.again(s) {
		under = r.org.Before(s.At)
	}
	f := r.families[id]
	if f == nil {
		f, _, err := policies.NewFamily(under, stated, s.At)
		r.families[id] = f
		return f, err
	}
	_, err := f.Apply(under, stated, s.At)
	return f, err
}

// again: it was accepted before the service was put back, and came again while it
// recovered.
func (r *refolding) again(s rows.Statement) bool {
	put, recovering := r.org.Recovering()
	return recovering && s.At < put.At
}

func (r *refolding) verify(s rows.Statement) (policies.Statement, error) {
	var keys func(policies.KeyID) (policies.PublicKey, bool)
	if r.org != nil {
		keys = r.org.Key
	}
	stated, err := statement.Verify(s.Raw, keys)
	if err == nil && stated.ID != s.ID {
		err = fmt.Errorf("the text is that of %s", stated.ID)
	}
	return stated, err
}

func stands(s rows.Statement, head policies.Digest, count int64) error {
	if s.Head != head || s.Position != count {
		return fmt.Errorf("its record goes another way at position %d", count)
	}
	return nil
}

// compare holds what was folded against what is stored.
func (r *refolding) compare(v *rows.View) error {
	if r.org == nil {
		return errNotFounded
	}
	stored, err := v.Org()
	if err != nil {
		return err
	}
	if err := same(r.org, stored); err != nil {
		return fmt.Errorf("the organisation: %w", err)
	}
	if err := r.whole(); err != nil {
		return err
	}
	ids, err := v.Families()
	if err != nil {
		return err
	}
	if len(ids) != len(r.families) {
		return fmt.Errorf("%d families are stored, and %d were stated", len(ids), len(r.families))
	}
	for _, id := range ids {
		stored, err := v.Family(id)
		if err != nil {
			return err
		}
		if err := same(r.families[id], stored); err != nil {
			return fmt.Errorf("family %s: %w", id, err)
		}
	}
	return nil
}

// same compares states as they are stored.
func same[State any](folded, stored *State) error {
	a, err := json.Marshal(folded)
	if err != nil {
		return err
	}
	again := new(State) // what is not set comes back from storage as what it is stored as
	if err := json.Unmarshal(a, again); err != nil {
		return err
	}
	a, err = json.Marshal(again)
	if err != nil {
		return err
	}
	b, err := json.Marshal(stored)
	if err == nil && !bytes.Equal(a, b) {
		err = fmt.Errorf("the stored state is not what its statements give")
	}
	return err
}
