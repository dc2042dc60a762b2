package policies

import "slices"

// DecisionMake is the body of decision.make: a head of service settles what people
// in a family do not agree on. Today that is an objection; a court, or the two
// parents in writing, have usually settled it first, and the ground says so.
//
// Source: DESIGN §5; domain notes, section 3.1, parental responsibility.
type DecisionMake struct {
	Of      StatementID `json:"of"` // consent.object
	Outcome Outcome     `json:"outcome"`
	Ground  Ground      `json:"ground"`
}

// Outcome is what was decided.
type Outcome string

// The outcomes.
const (
	MayBeUsed Outcome = "may_be_used" // the objection stops nothing any more
	StaysShut Outcome = "stays_shut"
)

// Outcomes lists every Outcome.
func Outcomes() []Outcome { return []Outcome{MayBeUsed, StaysShut} }

// Ground is what a decision rests on. The paper itself is in the case record.
type Ground string

// The grounds.
const (
	CourtOrder    Ground = "court_order"
	BothAgree     Ground = "both_agree"     // in writing
	NoAuthority   Ground = "no_authority"   // whoever objected may not decide about the child
	ByMistake     Ground = "by_mistake"     // about another person or family
	BestInterests Ground = "best_interests" // after a recorded review
)

// Grounds lists every Ground.
func Grounds() []Ground {
	return []Ground{CourtOrder, BothAgree, NoAuthority, ByMistake, BestInterests}
}

// Decision is a decision as the record keeps it. Of several about one thing the
// last made counts.
type Decision struct {
	ID      StatementID `json:"id"`
	Of      StatementID `json:"of"`
	Outcome Outcome     `json:"outcome"`
	Ground  Ground      `json:"ground"`
	By      StaffID     `json:"by"`
	At      Micros      `json:"at"`
}

// Check implements [Body].
func (b DecisionMake) Check() error {
	var c checks
	named(&c, "what is decided", b.Of)
	word(&c, "outcome", b.Outcome, Outcomes())
	word(&c, "ground", b.Ground, Grounds())
	return c.err
}

// decide refuses a decision by whoever recorded the objection: it takes a second
// person to set one aside.
func decide(f *Family, _ *Org, a act[DecisionMake]) (Changes, error) {
	o := f.Objections[a.Said.Of]
	if o == nil {
		return Changes{}, missing("the objection", a.Said.Of)
	}
	if o.Recorded == a.By.Staff {
		return Changes{}, notPossible("nobody decides on an objection that they recorded themselves; ask the deputy")
	}
	if f.Decisions == nil { // a state that was stored before this kind was
		f.Decisions = map[StatementID]*Decision{}
	}
	d := &Decision{ID: a.ID, Of: o.ID, Outcome: a.Said.Outcome, Ground: a.Said.Ground, By: a.By.Staff, At: min(a.At, a.Now)}
	if last := f.Decisions[o.ID]; last == nil || last.before(d) {
		f.Decisions[o.ID] = d
	}
	return f.touched(slices.Clone(o.People)), nil
}

func (d *Decision) before(e *Decision) bool {
	if d.At != e.At {
		return d.At < e.At
	}
	return compareID(d.ID, e.ID) < 0
}

// setAside reports whether it was decided that an objection stops nothing any more.
func (f *Family) setAside(objection StatementID) bool {
	d := f.Decisions[objection]
	return d != nil && d.Outcome == MayBeUsed
}
