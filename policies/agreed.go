package policies

import (
	"cmp"
	"slices"
)

// What a family agrees to follows from its forms, purpose by purpose.
//
// A whole form answers "film and use". It is the family's whole answer for the people
// on it: whatever was signed before it, of either sort, ends, and a purpose that it
// leaves out is a no. A separate form does not answer "film and use": it asks about a
// training event, or a study, at the time. It decides only what it answers, and rests
// on the whole form in force.
//
// So of the forms that bear on a purpose the last decides, alone. When it was
// withdrawn, or is over, the answer is no: an older form never comes back to life
// behind it. Else a withdrawal that meets a form saying no would bring back an earlier
// yes.

// Whole reports whether the form is a family's whole answer, and not one about a
// purpose of its own.
func (c *Consent) Whole() bool { return c.answers(FilmAndUse) }

func (c *Consent) answers(p Purpose) bool {
	return slices.ContainsFunc(c.Purposes, func(a PurposeAnswer) bool { return a.Purpose == p })
}

// CurrentConsent returns the whole form that decides about a person's image at a
// time: of those that cover them, were signed and had begun by then, the last. It is
// false when there is none, or the last was withdrawn or is over.
//
// Asked about the time of capture it says whether filming was lawful; asked about
// now, whether film may be used.
func (f *Family) CurrentConsent(p PersonID, when Micros) (*Consent, bool) {
	last := f.lastForm(p, when, (*Consent).Whole)
	if last == nil || !f.stillStands(last, p, FilmAndUse, when) {
		return nil, false
	}
	return last, true
}

// DecidingForm returns the form that decides about a person's image for a purpose at a
// time: the whole form in force, or the last separate form after it that answers the
// purpose. It is false when that was withdrawn for this purpose, or is over.
func (f *Family) DecidingForm(p PersonID, purpose Purpose, when Micros) (*Consent, bool) {
	whole, ok := f.CurrentConsent(p, when)
	if !ok {
		return nil, false
	}
	return f.restingOn(whole, p, purpose, when)
}

func (f *Family) restingOn(whole *Consent, p PersonID, purpose Purpose, when Micros) (*Consent, bool) {
	form := f.lastForm(p, when, func(c *Consent) bool {
		return c == whole || c.answers(purpose) && !c.before(whole)
	})
	return form, f.stillStands(form, p, purpose, when)
}

// lastForm is the last form about a person, of one sort, that was signed and had
// begun.
func (f *Family) lastForm(p PersonID, when Micros, of func(*Consent) bool) (last *Consent) {
	var text [10]byte
	day := when.plus(summerTime).Time().AppendFormat(text[:0], dayForm)
	for _, c := range f.Consents {
		if c.Covers(p) && c.SignedOn <= string(day) && c.From <= when && of(c) && (last == nil || last.before(c)) {
			last = c
		}
	}
	return last
}

func (f *Family) stillStands(c *Consent, p PersonID, purpose Purpose, when Micros) bool {
	return when < c.Until && !f.withdrawn(c, p, purpose)
}

// withdrawn reports whether a withdrawal stands against this form for a person and a
// purpose: of everything, or of that purpose. A form answers a withdrawal that it
// names, unless the day on the paper is earlier: knowing of Tuesday's withdrawal while
// typing in Monday's form does not undo it.
func (f *Family) withdrawn(c *Consent, p PersonID, purpose Purpose) bool {
	stands := func(w StatementID) bool { return !f.settles(c, w, p) }
	return slices.ContainsFunc(f.Restrictions[personSubject(p)], stands) ||
		slices.ContainsFunc(f.Restrictions[purposeSubject(p, purpose)], stands)
}

// settles reports whether a form answers a withdrawal for a person: signed in the
// knowledge of it, and for an objection, once whoever objected has agreed.
func (f *Family) settles(c *Consent, w StatementID, p PersonID) bool {
	if o := f.Objections[w]; o != nil && (f.setAside(w) || !f.lifted(o, p)) {
		return f.setAside(w)
	}
	return f.knows(c, w)
}

// knows reports whether a form was signed in the knowledge of a withdrawal.
func (f *Family) knows(c *Consent, w StatementID) bool {
	return slices.Contains(c.Knew, w) && c.SignedOn >= f.Withdrawn[w]
}

// before orders forms: by the day on the paper, then by when they were entered.
func (c *Consent) before(d *Consent) bool {
	return cmp.Or(cmp.Compare(c.SignedOn, d.SignedOn), cmp.Compare(c.At, d.At), compareID(c.ID, d.ID)) < 0
}

// Covers reports whether the form is about this person's image.
func (c *Consent) Covers(p PersonID) bool {
	return slices.ContainsFunc(c.People, func(q Covered) bool { return q.Person == p })
}

// DecidedBy reports whether somebody signed this form for a person. Two who may decide
// for a child may both have signed: each is as good as the other.
func (c *Consent) DecidedBy(by, p PersonID) bool {
	return slices.ContainsFunc(c.People, func(q Covered) bool { return q.Person == p && q.By == by })
}

// Says reports whether the form says yes to a purpose.
func (c *Consent) Says(p Purpose) bool { return says(c.Purposes, p) }

func says(list []PurposeAnswer, p Purpose) bool {
	return slices.Contains(list, PurposeAnswer{Purpose: p, Yes: true})
}

// ConsentFor reports whether a person's consent in force says yes to a purpose.
// No purpose outlives "film and use": who says no to that has said stop.
func (f *Family) ConsentFor(p PersonID, purpose Purpose, when Micros) bool {
	whole, ok := f.CurrentConsent(p, when)
	if !ok || !whole.Says(FilmAndUse) {
		return false
	}
	form, ok := f.restingOn(whole, p, purpose, when)
	return ok && form.Says(purpose)
}
