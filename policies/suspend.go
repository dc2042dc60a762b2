package policies

import (
	"cmp"
	"slices"
)

// ConsentSuspend is the body of consent.suspend, a restriction: a carer pressed
// "Ask us to stop" on the page of their link. The server signs it, because a carer
// has no key. It stops what a consent.withdraw by the same people would stop, at
// once; it is no withdrawal yet, and somebody talks with the carer.
//
// Source: UK GDPR Art 7(3): as easy to withdraw as to give.
type ConsentSuspend struct {
	People []PersonID `json:"people"` // the carer of the link, and those whom they decide for in a clip without them
	Link   LinkID     `json:"link"`
}

// Suspension is a carer's wish to stop, as the record keeps it.
type Suspension struct {
	ID     StatementID `json:"id"`
	People []PersonID  `json:"people"`
	Link   LinkID      `json:"link"`
	At     Micros      `json:"at"`
}

// Check implements [Body].
func (b ConsentSuspend) Check() error {
	var c checks
	distinct(&c, "people whose consent is suspended", b.People, 1, MaxPeople)
	named(&c, "the link", b.Link)
	return c.err
}

// suspendConsent is taken whether or not the people or the link have arrived: like
// every restriction it rests on nothing but its own body.
func suspendConsent(f *Family, _ *Org, a act[ConsentSuspend]) (Changes, error) {
	b, when := a.Said, min(a.At, a.Now)
	put(&f.Suspended, a.ID, &Suspension{ID: a.ID, People: slices.Clone(b.People), Link: b.Link, At: when})
	f.noteStop(a.ID, b.People, a.By.Staff, a.Now)
	return f.stop(a.ID, b.People, when), nil
}

// Suspension is what a press on "Ask us to stop" on the page of this link states
// now; nil for a link that the record does not have. It names the carer, and where
// they are not in the clip themselves also those in it whom they decide for: what
// the page promises is that this film is stopped.
func (f *Family) Suspension(id LinkID, now Micros) *ConsentSuspend {
	l := f.Links[id]
	if l == nil {
		return nil
	}
	b := &ConsentSuspend{People: []PersonID{l.Person}, Link: id}
	c := f.Clips[l.Clip]
	if c == nil || slices.Contains(c.People, l.Person) {
		return b
	}
	for _, in := range c.People {
		if form, ok := f.CurrentConsent(in, now); ok && form.DecidedBy(l.Person, in) {
			b.People = append(b.People, in)
		}
	}
	return b
}

// StopAsked lists the suspensions that still stand, the oldest first: somebody in
// them has given no consent since that names it. A team talks with that carer.
func (f *Family) StopAsked() []Suspension {
	var out []Suspension
	for _, s := range f.Suspended {
		if slices.ContainsFunc(s.People, func(p PersonID) bool { return !f.agreedSince(p, s.ID) }) {
			out = append(out, *s)
		}
	}
	slices.SortFunc(out, func(a, b Suspension) int { return cmp.Or(cmp.Compare(a.At, b.At), compareID(a.ID, b.ID)) })
	return out
}

func (f *Family) agreedSince(p PersonID, w StatementID) bool {
	for _, c := range f.Consents {
		if c.Covers(p) && c.Whole() && f.settles(c, w, p) {
			return true
		}
	}
	return false
}

// StopWaits is the matter of a carer who asked us to stop, and with whom nobody has
// talked.
const StopWaits MatterKind = "stop"

func stopsWaiting(f *Family, o *Org, p Pack, _ Micros) []Matter {
	var out []Matter
	for _, s := range f.StopAsked() {
		if f.Stops[s.ID] != nil && f.anyFilm(s.People) && f.Settled(o, s.ID) {
			continue // somebody has talked with them, and confirmed or decided it
		}
		out = append(out, Matter{
			Kind: StopWaits, Of: s.ID.String(), Since: s.At, Due: s.At.workingDays(p.Clocks.Withdrawal), For: []Role{Practitioner},
			Text: "A carer asked us to stop on the page of their link. The film is stopped.",
			Do:   "Talk with them: record that they withdraw, or a new form.",
		})
	}
	return out
}
