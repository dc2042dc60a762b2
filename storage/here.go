package storage

import (
	"fmt"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// here refuses what the record alone would allow, but this server could not live
// with: rules that it does not have, figures outside their bounds, an address that is
// taken, what was stopped or kept often enough, what the record has no room for, what would last longer than the service's figure, and somebody to whom no
// device could seal anything. What stops something asks for no figures.
func (j *judge) here(s policies.Statement, came []Attachment, next folded) (refusal, err error) {
	if r := newRecipient(s.Body); r != "" {
		if _, err := seal.ParseRecipient(r); err != nil {
			return fmt.Errorf("%w: nothing can be sealed to this person's age recipient", policies.ErrNotPossible), nil
		}
	}
	if next.before != nil && next.before.Enough(s.Body) {
		return fmt.Errorf("%w: this was stopped %d times already, and stays stopped; nothing more is needed", policies.ErrNotPossible, policies.MaxStanding), nil
	}
	if next.before != nil && next.before.EnoughHeld(s.Body, j.now) {
		return fmt.Errorf("%w: this is kept by %d such statements already, and stays kept; nothing more is needed", policies.ErrNotPossible, policies.MaxStanding), nil
	}
	if next.before != nil {
		if err := next.before.Room(s, next.author); err != nil {
			return err, nil
		}
	}
	if policies.Bounded(s.Body) || policies.Scoped(s.Body) {
		pack, err := j.d.figures(j.tx, j.org)
		if err != nil {
			return nil, err
		}
		if err := pack.Permits(next.family, s.Body, j.now); err != nil {
			return err, nil
		}
		if err := pack.InScope(s.Body, next.before); err != nil {
			return err, nil
		}
	}
	if b, ok := s.Body.(*policies.RetentionPlan); ok {
		return j.planned(b)
	}
	if b, ok := s.Body.(*policies.PolicyAdopt); ok {
		return j.adoptable(b, came), nil
	}
	return j.linkTaken(next)
}

// linkTaken refuses a link whose address belongs to another.
func (j *judge) linkTaken(next folded) (refusal, err error) {
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
