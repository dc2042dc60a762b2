package policies

import (
	"slices"
	"time"
)

// PersonChange is the body of person.change: what is known anew about somebody in the
// film. What is empty stays as it is. Of several changes of one thing the last counts,
// by the earlier of the author's time and acceptance. Only "a link is safe" must know
// of every change that said otherwise: a colleague who had not heard that a phone is
// read by somebody else must not open it again.
//
// Source: UK GDPR Art 5(1)(d), accuracy; Caldicott principle 6 on safe contact.
type PersonChange struct {
	Person  PersonID         `json:"person"`
	Basis   Basis            `json:"basis"`
	Born    string           `json:"born"`
	Contact Contact          `json:"contact"`
	Review  CompetenceReview `json:"review"`
}

// CompetenceReview is what came of talking about whether a young person decides themselves.
type CompetenceReview struct {
	On      string     `json:"on"` // "2026-11-20"; "" for none
	Outcome Competence `json:"outcome"`
}

// Competence is the outcome of a review.
type Competence string

// The outcomes.
const (
	Decides       Competence = "decides"
	DoesNotDecide Competence = "does_not_decide"
)

// Competences lists every Competence.
func Competences() []Competence { return []Competence{Decides, DoesNotDecide} }

// PersonChanges is by which statement each thing about a person was said last.
type PersonChanges struct {
	Basis   Latest `json:"basis"`
	Born    Latest `json:"born"`
	Contact Latest `json:"contact"`
	Review  Latest `json:"review"`
}

// Latest is one statement among several about the same thing.
type Latest struct {
	By StatementID `json:"by"`
	At Micros      `json:"at"` // when it was said, at the latest when it was accepted
}

func (s Latest) before(t Latest) bool {
	if s.At != t.At {
		return s.At < t.At
	}
	return compareID(s.By, t.By) < 0
}

// Check implements [Body].
func (b PersonAdd) Check() error {
	var c checks
	word(&c, "role", b.Role, FilmRoles())
	word(&c, "basis", b.Basis, Bases())
	word(&c, "contact", b.Contact, Contacts())
	c.born(b.Born)
	c.that(b.Role != Child || b.Born != "", "a child's birth month is missing: it decides how long records are kept")
	c.attachments(b.Fixed, "label")
	return c.err
}

func (c *checks) born(month string) {
	if month != "" {
		t, err := time.Parse(monthForm, month)
		c.that(err == nil && t.Format(monthForm) == month && t.Year() >= 1900, "birth month: %q is not a month such as 2024-03", month)
	}
}

// Check implements [Body].
func (b PersonChange) Check() error {
	var c checks
	named(&c, "the person", b.Person)
	c.that(b != PersonChange{Person: b.Person}, "nothing is changed")
	if b.Basis != "" {
		word(&c, "basis", b.Basis, Bases())
	}
	if b.Contact != "" {
		word(&c, "contact", b.Contact, Contacts())
	}
	c.born(b.Born)
	if b.Review != (CompetenceReview{}) {
		c.day("the day of the review", b.Review.On)
		word(&c, "outcome", b.Review.Outcome, Competences())
	}
	return c.err
}

func addPerson(f *Family, _ *Org, a act[PersonAdd]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	if b.Born > a.Now.plus(Skew+summerTime).month() {
		return Changes{}, notPossible("the birth month %s is still to come", b.Born)
	}
	id := PersonID(a.ID)
	f.People[id] = &Person{ID: id, Role: b.Role, Basis: b.Basis, Born: b.Born, Contact: b.Contact}
	return Changes{}, nil
}

func changePerson(f *Family, _ *Org, a act[PersonChange]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	p := f.People[b.Person]
	latest := a.Now.plus(Skew + summerTime)
	switch {
	case p == nil:
		return Changes{}, missing("the person", b.Person)
	case b.Born > latest.month():
		return Changes{}, notPossible("the birth month %s is still to come", b.Born)
	case b.Review.On > latest.day():
		return Changes{}, notPossible("the review is dated %s, which is still to come", b.Review.On)
	}
	said := Latest{By: a.ID, At: min(a.At, a.Now)}
	said.sets(&p.Set.Basis, b.Basis != "", func() { p.Basis = b.Basis })
	f.contact(p, b.Contact, said, a.Statement)
	said.sets(&p.Set.Review, b.Review.On != "", func() { p.Review = b.Review })
	said.sets(&p.Set.Born, b.Born != "", func() { p.Born = b.Born })
	return f.touched([]PersonID{b.Person}), nil
}

// contact takes what is said of how somebody can be reached. What shuts wins in any
// order over a "link_safe" that did not know it.
func (f *Family) contact(p *Person, c Contact, said Latest, s Statement) {
	of := contactSubject(p.ID)
	switch c {
	case "":
		return
	case LinkSafe:
		p.Safe = insertGrant(p.Safe, s)
	default:
		f.restrict(of, s.ID)
		said.sets(&p.Set.Contact, true, func() { p.Shut = c })
	}
	if slices.ContainsFunc(p.Safe, func(g Grant) bool { return f.answered(of, g.Knew) }) {
		p.Contact = LinkSafe
	} else {
		p.Contact = p.Shut
	}
}

func (b PersonChange) subjects(*Family) []Subject {
	if b.Contact != LinkSafe {
		return nil
	}
	return []Subject{contactSubject(b.Person)}
}

// sets does what a statement says about one thing, unless a later one did.
func (s Latest) sets(last *Latest, about bool, do func()) {
	if about && last.before(s) {
		*last = s
		do()
	}
}

// known refuses a person whom the record does not have yet.
func (f *Family) known(people ...PersonID) error {
	for _, p := range people {
		if f.People[p] == nil {
			return missing("the person", p)
		}
	}
	return nil
}

// The ages, in years, from which somebody may decide about their own image.
const (
	adult     = 18 // in their own right
	competent = 12 // if found competent: presumed in Scotland, case by case in England
)

// mayDecide refuses an authority that cannot be: a child as if of age, a small child
// as competent, one child for another, or anybody for an adult. It is asked when a form is handed in, and not
// by the fold: a birth month may be corrected, and then the order of arrival would
// decide which forms there are.
//
// Source: domain notes, section 3.1, children and parental responsibility; ICO,
// what rights do children have.
func (f *Family) mayDecide(c Covered, on Micros) error {
	who, by := f.People[c.Person], f.People[c.By]
	switch {
	case c.Basis == Own && who.younger(adult, on):
		return notPossible("a child does not decide as an adult: name who decides, or say that the child is competent")
	case c.Basis == Competent && who.younger(competent, on):
		return notPossible("a child below %d does not decide alone: name who decides", competent)
	case c.By != c.Person && !who.younger(adult, on):
		return notPossible("nobody decides for an adult: they sign themselves; for a child, record the birth month")
	case c.By != c.Person && by.younger(adult, on):
		return notPossible("a child does not decide for somebody else")
	}
	return nil
}

// younger reports whether a person has not reached an age. Somebody without a birth
// month is an adult; a child always has one. The month of the birthday counts as
// reached at its end: a day is not known.
func (p *Person) younger(years int, on Micros) bool {
	if p.Born == "" {
		return false
	}
	born, err := time.Parse(monthForm, p.Born)
	return err != nil || !on.Time().After(born.AddDate(years, 1, 0))
}
