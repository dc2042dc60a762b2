package policies

import (
	"cmp"
	"slices"
)

// ConsentObject is the body of consent.object, a restriction: somebody who may
// decide about a child says no to what another who may decide has agreed to. Their
// film is not used until it is settled.
//
// Source: domain notes, section 3.1, parental responsibility; DESIGN §5: each
// person in a clip must be agreed for.
type ConsentObject struct {
	People  []PersonID `json:"people"` // whose film
	By      PersonID   `json:"by"`     // who objects
	Channel Channel    `json:"channel"`
}

// Objection is somebody's no, as the record keeps it.
type Objection struct {
	ID     StatementID `json:"id"`
	People []PersonID  `json:"people"`
	By     PersonID    `json:"by"`
	At     Micros      `json:"at"`

	Recorded StaffID `json:"recorded"` // who took it down, and so does not decide on it
}

// Check implements [Body].
func (b ConsentObject) Check() error {
	var c checks
	distinct(&c, "people whose film is objected to", b.People, 1, MaxPeople)
	named(&c, "who objects", b.By)
	c.that(!slices.Contains(b.People, b.By), "who stops their own film withdraws")
	word(&c, "channel", b.Channel, Channels())
	return c.err
}

// objectConsent is taken whether or not anybody in it has arrived, and from anyone
// certified, like a withdrawal.
func objectConsent(f *Family, _ *Org, a act[ConsentObject]) (Changes, error) {
	b, when := a.Said, min(a.At, a.Now)
	put(&f.Objections, a.ID, &Objection{ID: a.ID, People: slices.Clone(b.People), By: b.By, At: when, Recorded: a.By.Staff})
	return f.stop(a.ID, b.People, when), nil
}

// lifted reports whether whoever objected has agreed since, on a form of their own
// that names the objection, or a head of service has set it aside. Another parent's
// form never lifts it, however well its author knew: that would make the objection a
// note in a file.
func (f *Family) lifted(o *Objection, p PersonID) bool {
	if f.setAside(o.ID) {
		return true
	}
	for _, c := range f.Consents {
		if c.DecidedBy(o.By, p) && c.Says(FilmAndUse) && f.knows(c, o.ID) {
			return true
		}
	}
	return false
}

// Objected lists the objections that still stand, the oldest first. A team talks
// with both, and may need their IG officer or a court.
func (f *Family) Objected() []Objection {
	var out []Objection
	for _, o := range f.Objections {
		if slices.ContainsFunc(o.People, func(p PersonID) bool { return !f.lifted(o, p) }) {
			out = append(out, *o)
		}
	}
	slices.SortFunc(out, func(a, b Objection) int { return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.ID, b.ID)) })
	return out
}

// ObjectionWaits is the matter of an objection that nobody has settled.
const ObjectionWaits MatterKind = "objection"

// objectionsWaiting lists the objections that nobody has decided on. One that a head
// of service has upheld is settled, and still stands.
func objectionsWaiting(f *Family, _ *Org, p Pack, _ Micros) []Matter {
	var out []Matter
	for _, o := range f.Objected() {
		if f.Decisions[o.ID] != nil {
			continue
		}
		out = append(out, Matter{
			Kind: ObjectionWaits, Of: o.ID.String(), Since: o.At, Due: o.At.workingDays(p.Clocks.Withdrawal), For: []Role{HeadOfService},
			Text: "Somebody who decides about a child objects to its film. The film is stopped.",
			Do:   "Talk with both, then decide whether it may be used.",
		})
	}
	return out
}
