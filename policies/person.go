package policies

import "time"

// Check implements [Body].
func (b PersonAdd) Check() error {
	var c checks
	word(&c, "role", b.Role, FilmRoles())
	word(&c, "basis", b.Basis, Bases())
	word(&c, "contact", b.Contact, Contacts())
	if b.Born != "" {
		t, err := time.Parse(monthForm, b.Born)
		c.that(err == nil && t.Format(monthForm) == b.Born && t.Year() >= 1900, "birth month: %q is not a month such as 2024-03", b.Born)
	}
	c.that(b.Role != Child || b.Born != "", "a child's birth month is missing: it decides how long records are kept")
	c.attachments(b.Fixed, "label")
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

// mayDecide refuses an authority that cannot be: a child as if of age, a small
// child as competent, or one child for another. Somebody without a birth month is
// an adult; a child always has one.
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
	case c.By != c.Person && by.younger(adult, on):
		return notPossible("a child does not decide for somebody else")
	}
	return nil
}

// younger reports whether a person has not reached an age. The month of the
// birthday counts as reached at its end: a day is not known.
func (p *Person) younger(years int, on Micros) bool {
	if p.Born == "" {
		return false
	}
	born, err := time.Parse(monthForm, p.Born)
	return err != nil || !on.Time().After(born.AddDate(years, 1, 0))
}
