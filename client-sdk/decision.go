package attune

import (
	"maps"
	"slices"

	"github.com/attune-vf/attune/policies"
)

// Decide records what a head of service decided about an objection, and on what
// ground. Film that was paused by it may be used again with [policies.MayBeUsed],
// by the forms that stand; nothing is signed anew.
func (c *Consents) Decide(family policies.FamilyID, objection policies.StatementID, outcome policies.Outcome, ground policies.Ground) error {
	f, err := c.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	o := f.Objections[objection]
	switch {
	case o == nil:
		return problem(CodeUnknown, "Sync, and look at the family.", "There is no objection %s in family %s.", objection.Short(), f.Reference)
	case o.Recorded == c.d.me.Staff:
		return problem(CodeInput, "Ask the deputy head of service.", "Nobody decides on an objection that they recorded themselves.")
	}
	_, err = c.d.outbox.file(draft{policies.RecordID(family), "decision.make", policies.DecisionMake{Of: objection, Outcome: outcome, Ground: ground}, nil})
	return err
}

// FindObjection is the objection of a family that a number, or the beginning of
// one, means.
func (c *Consents) FindObjection(family policies.FamilyID, text string) (policies.StatementID, error) {
	f, err := c.d.mirror.provisional(family)
	if err != nil {
		return policies.StatementID{}, err
	}
	return pick("objection", text, slices.Collect(maps.Keys(f.Objections)))
}
