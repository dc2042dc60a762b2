package storage

import (
	"fmt"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// here refuses what the record alone would allow, but this server could not live
// with: rules that it does not have, an address that is taken, what would last longer
// than the service's figure, and somebody to whom no device could seal anything.
func (j *judge) here(s policies.Statement, next folded) (refusal, err error) {
	if r := newRecipient(s.Body); r != "" {
		if _, err := seal.ParseRecipient(r); err != nil {
			return fmt.Errorf("%w: nothing can be sealed to this person's age recipient", policies.ErrNotPossible), nil
		}
	}
	if err := j.d.cfg.Pack.Within(s.Body, j.now); err != nil {
		return err, nil
	}
	if next.org != nil {
		return j.adoptable(next.org.Policy), nil
	}
	for _, id := range next.changes.Links {
		l := next.family.Links[id]
		if l == nil {
			continue
		}
		row, taken, err := j.tx.LinkByToken(l.Token)
		if err != nil {
			return nil, err
		}
		if taken && row.Link != id {
			return fmt.Errorf("%w: that address belongs to another link; make a new one", policies.ErrNotPossible), nil
		}
	}
	return nil, nil
}

// newRecipient is the age recipient that a statement gives a person; "" for none.
func newRecipient(b policies.Body) string {
	switch b := b.(type) {
	case *policies.StaffCertify:
		return b.Recipient
	case *policies.StaffRekey:
		return b.Recipient
	}
	return ""
}

// adoptable refuses rules and figures other than those that this server runs: it
// would not start again, and nobody could then adopt what it has.
func (j *judge) adoptable(p policies.Policy) error {
	if p == j.org.Policy || j.d.cfg.Bundle == nil {
		return nil
	}
	if p.Bundle == j.d.cfg.Bundle.SHA256() && p.SHA256 == j.d.cfg.PackHash {
		return nil
	}
	return fmt.Errorf("%w: this server does not have these rules and figures; upgrade it first", policies.ErrNotPossible)
}
