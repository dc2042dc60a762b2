package storage

import (
	"fmt"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// here refuses what the record alone would allow, but this server could not live
// with: rules that it does not have, an address that is taken, a viewing for longer
// than the service's figure, and somebody to whom no device could seal anything.
func (j *judge) here(s policies.Statement, next folded) (refusal, err error) {
	if b, ok := s.Body.(*policies.StaffCertify); ok {
		if _, err := seal.ParseRecipient(b.Recipient); err != nil {
			return fmt.Errorf("%w: nothing can be sealed to this person's age recipient", policies.ErrNotPossible), nil
		}
	}
	if next.org != nil {
		return j.adoptable(next.org.Policy), nil
	}
	if b, ok := s.Body.(*policies.ViewerAdd); ok {
		return j.viewing(b), nil
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

// viewing holds an entry of a viewer list against the service's figure, and a day: a
// date means its last instant, wherever it was given.
func (j *judge) viewing(b *policies.ViewerAdd) error {
	figure := j.d.cfg.Pack.ViewingDays
	if figure.Value == 0 || b.Until <= j.now+policies.Micros((figure.Days()+24*time.Hour).Microseconds()) {
		return nil
	}
	return fmt.Errorf("%w: somebody is on the list for %d days at most here", policies.ErrNotPossible, figure.Value)
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
