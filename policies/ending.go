package policies

import (
	"cmp"
	"slices"
)

// What was granted until a date ends when the date has passed, and nobody states that.
// The service notices, so that the end is an event like any other, and that devices are
// told to forget what they may keep no longer.

// DatePassed is the log's action for the end of something by its date. No rule is asked:
// the date was set by a statement that was ruled upon.
const DatePassed Action = "date.passed"

// Ending is the end of one grant by its date.
type Ending struct {
	At    Micros
	Of    StatementID // that set the date: consent.sign, viewer.add, cover.authorise, deputy.appoint
	Staff StaffID     // who may receive less from then on; zero for a consent
}

// Endings lists what ends by its date in this family after one time and by another, in
// order. What somebody ended before, or replaced, is not there.
func (f *Family) Endings(o *Org, after, by Micros) (out []Ending) {
	add := func(at Micros, of StatementID, staff StaffID) {
		if after < at && at <= by {
			out = append(out, Ending{at, of, staff})
		}
	}
	for id, l := range f.Viewers {
		if f.stands(o, l) {
			add(l.Until, id, l.Staff)
		}
	}
	for id, c := range f.Covers {
		if f.answered(staffSubject(c.Staff), c.Knew) {
			add(c.Until, id, c.Staff)
		}
	}
	for id, c := range f.Consents {
		if f.decidesAtItsEnd(c) {
			add(c.Until, StatementID(id), StaffID{})
		}
	}
	return inTime(out)
}

// decidesAtItsEnd reports whether a form still decides about anybody's image, for any
// purpose, when its date comes.
func (f *Family) decidesAtItsEnd(c *Consent) bool {
	return slices.ContainsFunc(c.People, func(p Covered) bool {
		return slices.ContainsFunc(c.Purposes, func(a PurposeAnswer) bool {
			form, ok := f.DecidingForm(p.Person, a.Purpose, c.Until-1)
			return ok && form.ID == c.ID
		})
	})
}

// Endings lists the deputies whose last day comes after one time and by another. Whom a
// head of service ended only after that day is among them: their day ended it.
func (o *Org) Endings(after, by Micros) (out []Ending) {
	for id, d := range o.Deputies {
		if (d.Ended.IsZero() || d.Until <= d.EndedAt) && after < d.Until && d.Until <= by {
			out = append(out, Ending{d.Until, id, d.Staff})
		}
	}
	return inTime(out)
}

func inTime(list []Ending) []Ending {
	slices.SortFunc(list, func(a, b Ending) int { return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.Of, b.Of)) })
	return list
}
