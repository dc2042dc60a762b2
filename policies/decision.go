package policies

import "slices"

// DecisionMake is the body of decision.make: a head of service settles what waits for
// them. An objection: whether the film may be used. A clip that met a stop on its way:
// whether its film is taken in or destroyed. A withdrawal: whether there is a ground to
// keep the film that it is about, which nobody may use.
//
// Source: DESIGN §5; domain notes, section 3.1, parental responsibility and erasure.
type DecisionMake struct {
	Of      StatementID `json:"of"` // consent.object, clip.add, consent.withdraw or consent.suspend
	Outcome Outcome     `json:"outcome"`
	Ground  Ground      `json:"ground"`
}

// Outcome is what was decided.
type Outcome string

// The outcomes.
const (
	MayBeUsed Outcome = "may_be_used" // of an objection: it stops nothing any more
	StaysShut Outcome = "stays_shut"  // of an objection
	Take      Outcome = "take"        // of a clip: its film may arrive; who may use it is another question
	Keep      Outcome = "keep"        // of a withdrawal: nobody uses the film, and it is kept
	Destroy   Outcome = "destroy"     // of a clip or a withdrawal
)

// Outcomes lists every Outcome.
func Outcomes() []Outcome { return []Outcome{MayBeUsed, StaysShut, Take, Keep, Destroy} }

// Ground is what a decision rests on. The paper itself is in the case record.
type Ground string

// The grounds.
const (
	CourtOrder    Ground = "court_order"
	BothAgree     Ground = "both_agree"     // in writing
	NoAuthority   Ground = "no_authority"   // whoever objected may not decide about the child
	ByMistake     Ground = "by_mistake"     // about another person or family
	BestInterests Ground = "best_interests" // after a recorded review
	FamilyAsked   Ground = "family_asked"
	ForSafety     Ground = "safeguarding" // a concern that is on the case record
	LegalClaim    Ground = "legal_claim"
	LegalDuty     Ground = "legal_duty" // a law asks for it to be kept
)

// Grounds lists every Ground.
func Grounds() []Ground {
	return []Ground{CourtOrder, BothAgree, NoAuthority, ByMistake, BestInterests, FamilyAsked, ForSafety, LegalClaim, LegalDuty}
}

// groundsFor is a constant: the grounds on which each outcome can rest.
//
// Source: UK GDPR Art 17(3) for keeping; Art 17(1)(b) for destroying.
var groundsFor = map[Outcome][]Ground{
	MayBeUsed: {CourtOrder, BothAgree, NoAuthority, ByMistake, BestInterests},
	StaysShut: {CourtOrder, BothAgree, NoAuthority, ByMistake, BestInterests},
	Take:      {CourtOrder, FamilyAsked, ForSafety, ByMistake, BestInterests},
	Keep:      {CourtOrder, FamilyAsked, ForSafety, ByMistake, LegalClaim, LegalDuty},
	Destroy:   {CourtOrder, FamilyAsked, ByMistake, BestInterests},
}

// GroundsFor lists the grounds on which an outcome can rest.
func GroundsFor(o Outcome) []Ground { return slices.Clone(groundsFor[o]) }

// Decision is a decision as the record keeps it. Of several about one thing the
// last made counts.
type Decision struct {
	ID      StatementID   `json:"id"`
	Of      StatementID   `json:"of"`
	Outcome Outcome       `json:"outcome"`
	Ground  Ground        `json:"ground"`
	By      StaffID       `json:"by"`
	At      Micros        `json:"at"`
	Knew    []StatementID `json:"knew"`
}

// Check implements [Body].
func (b DecisionMake) Check() error {
	var c checks
	named(&c, "what is decided", b.Of)
	word(&c, "outcome", b.Outcome, Outcomes())
	word(&c, "ground", b.Ground, groundsFor[b.Outcome])
	return c.err
}

// subjects: to let film in is a permission on what stopped it, and to destroy it one on
// what holds it.
func (b DecisionMake) subjects(f *Family) []Subject {
	if c := f.Clips[ClipID(b.Of)]; c != nil {
		return append(f.clipSubjects(c), f.held(c.ID)...)
	}
	return f.disposalOf(b.Of)
}

// Decidable lists the outcomes that are possible of a thing, and who recorded it; none
// for what is not decided on.
func (f *Family) Decidable(of StatementID) (outcomes []Outcome, recorded StaffID) {
	if o := f.Objections[of]; o != nil {
		return []Outcome{MayBeUsed, StaysShut}, o.Recorded
	}
	if c := f.Clips[ClipID(of)]; c != nil {
		return []Outcome{Take, Destroy}, c.By
	}
	if s := f.Stops[of]; s != nil {
		return []Outcome{Keep, Destroy}, s.By
	}
	return nil, StaffID{}
}

// decide refuses a decision by whoever recorded what it is about: it takes a second
// person to set a family's word aside, or to act on it for good.
func decide(f *Family, o *Org, a act[DecisionMake]) (Changes, error) {
	of := a.Said.Of
	can, recorded := f.Decidable(of)
	switch {
	case can == nil:
		return Changes{}, missing("what was decided on", of)
	case !slices.Contains(can, a.Said.Outcome):
		return Changes{}, notPossible("%q is not what can be decided here; it is one of %v", a.Said.Outcome, can)
	case recorded == a.By.Staff:
		return Changes{}, notPossible("nobody decides on what they recorded themselves; ask the deputy")
	case a.Said.Outcome == Destroy && !f.stoppedByAnother(o, a):
		return Changes{}, notPossible("nobody else has stopped this clip: film is destroyed by two people's word, and never by one's")
	}
	d := &Decision{ID: a.ID, Of: of, Outcome: a.Said.Outcome, Ground: a.Said.Ground, By: a.By.Staff, At: min(a.At, a.Now), Knew: knew(a.Statement)}
	if last := f.Decisions[of]; last == nil || later(d.At, d.ID, last.At, last.ID) {
		put(&f.Decisions, of, d)
	}
	if o := f.Objections[of]; o != nil {
		return f.touched(slices.Clone(o.People)), nil
	}
	if f.Clips[ClipID(of)] != nil {
		return Changes{Clips: []ClipID{ClipID(of)}}, nil
	}
	return f.touched(slices.Clone(f.Stops[of].People)), nil
}

// stoppedByAnother reports whether an order to destroy a clip rests on a stop that its
// author named, and somebody else took down: else whoever orders could withdraw for a
// family, and be the only one who ever did. Of a withdrawal itself that was asked
// before. More stops only ever make it true, so it does not depend on arrival.
func (f *Family) stoppedByAnother(o *Org, a act[DecisionMake]) bool {
	c := f.Clips[ClipID(a.Said.Of)]
	if c == nil {
		return true
	}
	var all []StatementID
	for _, s := range f.clipSubjects(c) {
		all = append(all, f.Restrictions[s]...)
	}
	if len(o.lateStop(c)) > 0 && o.Devices[c.Late].RevokedBy != a.By.Staff {
		all = append(all, o.lateStop(c)...)
	}
	return slices.ContainsFunc(append(all, o.stopsOf(c.By, f.Programme)...), func(r StatementID) bool {
		s, no := f.Stops[r], f.Objections[r]
		own := s != nil && s.By == a.By.Staff || no != nil && no.Recorded == a.By.Staff
		return !own && a.Names(r)
	})
}

// setAside reports whether it was decided that an objection stops nothing any more.
func (f *Family) setAside(objection StatementID) bool {
	d := f.Decisions[objection]
	return d != nil && d.Outcome == MayBeUsed
}
