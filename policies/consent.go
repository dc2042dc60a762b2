package policies

import (
	"slices"
	"time"
)

// Consent is a signed consent form.
type Consent struct {
	ID       ConsentID       `json:"id"`
	Knew     []StatementID   `json:"knew"`
	At       Micros          `json:"at"`
	People   []Covered       `json:"people"`
	Purposes []PurposeAnswer `json:"purposes"`
	Viewers  []NamedViewer   `json:"viewers"`
	From     Micros          `json:"from"`
	Until    Micros          `json:"until"`
	SignedOn string          `json:"signed_on"`
}

// Covered is one person whose image the form is about, and who decided for them.
type Covered struct {
	Person PersonID `json:"person"`
	By     PersonID `json:"by"` // the same person when Basis is own or competent
	Basis  Basis    `json:"basis"`
}

// PurposeAnswer is the answer to one purpose on the form. "No" changes nothing
// else about the help a family gets.
type PurposeAnswer struct {
	Purpose Purpose `json:"purpose"`
	Yes     bool    `json:"yes"`
}

// NamedViewer is someone outside the team whom the family agreed to, for one
// purpose, until a date.
type NamedViewer struct {
	Staff   StaffID `json:"staff"`
	Purpose Purpose `json:"purpose"`
	Until   Micros  `json:"until"`
}

// ConsentSign is the body of consent.sign. The attachment "form" is the signed
// form, sealed to the family key and the IG officer's. SignedOn is the day on the
// paper; the statement's own time is when it was entered.
//
// Source: NICE NG26, concerns about filming (b); UK GDPR Art 7(1).
type ConsentSign struct {
	People   []Covered       `json:"people"`
	Purposes []PurposeAnswer `json:"purposes"`
	Viewers  []NamedViewer   `json:"viewers"`
	From     Micros          `json:"from"`
	Until    Micros          `json:"until"`
	SignedOn string          `json:"signed_on"`
	FormText Digest          `json:"form_text"` // SHA-256 of the exact words shown
	Fixed    []Attachment    `json:"attachments"`
}

// ConsentWithdraw is the body of consent.withdraw, a restriction on every
// consent that covers one of these people and does not name it.
type ConsentWithdraw struct {
	People  []PersonID `json:"people"`
	Channel Channel    `json:"channel"`
}

// summerTime is how far the day on a form, which is a local date, may be ahead of
// the day in UTC.
const summerTime = time.Hour

// Channel is how a carer told us.
type Channel string

// The channels. Withdrawing is as easy as giving: any of them will do.
const (
	InPerson Channel = "in_person"
	ByPhone  Channel = "phone"
	Writing  Channel = "writing"
	Page     Channel = "page"
)

// Channels lists every Channel.
func Channels() []Channel { return []Channel{InPerson, ByPhone, Writing, Page} }

// Check implements [Body].
func (b ConsentSign) Check() error {
	var c checks
	c.covered(b.People)
	c.purposes(b.Purposes)
	c.viewers(b)
	c.span("the consent", b.From, b.Until, MaxConsentLife)
	c.that(b.From < b.Until, "the period of the consent is empty")
	c.day("the day on the form", b.SignedOn)
	named(&c, "the digest of the words shown", b.FormText)
	c.attachments(b.Fixed, "form")
	c.that(len(b.Fixed) == 1, "the signed form is missing: consent is given in writing")
	return c.err
}

// covered checks who decides for whom: nobody else for an adult or a competent
// child, and never oneself on the ground of authority over another.
func (c *checks) covered(list []Covered) {
	people := make([]PersonID, len(list))
	for i, p := range list {
		people[i] = p.Person
		named(c, "who decided", p.By)
		word(c, "basis", p.Basis, Bases())
		own := p.Basis == Own || p.Basis == Competent
		c.that(own == (p.By == p.Person), "basis %s does not fit who decided", p.Basis)
	}
	distinct(c, "people on the form", people, 1, MaxPeople)
}

func (c *checks) purposes(list []PurposeAnswer) {
	c.that(len(list) > 0, "no purpose was answered")
	for i, a := range list {
		word(c, "purpose", a.Purpose, Purposes())
		c.that(!slices.ContainsFunc(list[:i], func(b PurposeAnswer) bool { return a.Purpose == b.Purpose }), "purpose %s is answered twice", a.Purpose)
	}
}

func (c *checks) viewers(b ConsentSign) {
	c.that(len(b.Viewers) <= MaxViewers, "%d viewers, %d at most", len(b.Viewers), MaxViewers)
	for i, v := range b.Viewers {
		named(c, "a viewer", v.Staff)
		word(c, "a viewer's purpose", v.Purpose, Purposes())
		c.instant("the end of a viewer's time", v.Until)
		c.that(says(b.Purposes, v.Purpose), "a viewer is named for %s, which was not agreed to", v.Purpose)
		c.that(v.Until <= b.Until, "a viewer is named for longer than the consent lasts")
		c.that(!slices.ContainsFunc(b.Viewers[:i], func(w NamedViewer) bool { return v.Staff == w.Staff && v.Purpose == w.Purpose }), "a viewer is named twice for %s", v.Purpose)
	}
}

// Check implements [Body].
func (b ConsentWithdraw) Check() error {
	var c checks
	distinct(&c, "people who withdraw", b.People, 1, MaxPeople)
	word(&c, "channel", b.Channel, Channels())
	return c.err
}

func signConsent(f *Family, o *Org, a act[ConsentSign]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	var people []PersonID
	for _, p := range b.People {
		if err := f.known(p.Person, p.By); err != nil {
			return Changes{}, err
		}
		if err := f.mayDecide(p, a.Now); err != nil {
			return Changes{}, err
		}
		people = append(people, p.Person)
	}
	for _, v := range b.Viewers {
		if o.Staff[v.Staff] == nil {
			return Changes{}, missing("the viewer", v.Staff)
		}
	}
	if b.SignedOn > a.Now.plus(Skew+summerTime).day() {
		return Changes{}, notPossible("the form is dated %s, which is still to come", b.SignedOn)
	}
	f.Consents[ConsentID(a.ID)] = &Consent{
		ID: ConsentID(a.ID), Knew: knew(a.Statement), At: min(a.At, a.Now),
		People: slices.Clone(b.People), Purposes: slices.Clone(b.Purposes), Viewers: append([]NamedViewer{}, b.Viewers...),
		From: b.From, Until: b.Until, SignedOn: b.SignedOn,
	}
	return f.touched(people), nil
}

// withdrawConsent is taken whether or not the people or their consent have
// arrived, and from anyone certified. What a carer asks for on the page of their
// link is a consent.suspend.
//
// Source: UK GDPR Art 7(3): as easy to withdraw as to give.
func withdrawConsent(f *Family, _ *Org, a act[ConsentWithdraw]) (Changes, error) {
	return f.stop(a.ID, a.Said.People, min(a.At, a.Now)), nil
}

// stop restricts every consent of these people. When is the author's clock, but
// never later than acceptance: a clock set to next year would keep this family from
// agreeing again until then. Acceptance alone would move the day when a restored
// server takes the withdrawal a second time.
func (f *Family) stop(by StatementID, people []PersonID, when Micros) Changes {
	for _, p := range people {
		f.restrict(personSubject(p), by)
	}
	f.Withdrawn[by] = when.day()
	return f.touched(people)
}

// touched lists the clips with any of these people in them, and their links.
func (f *Family) touched(people []PersonID) Changes {
	var ch Changes
	for id, c := range f.Clips {
		if slices.ContainsFunc(c.People, func(p PersonID) bool { return slices.Contains(people, p) }) {
			ch.Clips = append(ch.Clips, id)
		}
	}
	for id, l := range f.Links {
		if slices.Contains(people, l.Person) || slices.Contains(ch.Clips, l.Clip) {
			ch.Links = append(ch.Links, id)
		}
	}
	slices.SortFunc(ch.Clips, compareID)
	slices.SortFunc(ch.Links, compareID)
	return ch
}

// CurrentConsent returns the consent that decides about a person's image at a
// time: of the forms that cover them, were signed and had begun by then, the
// last. It is false when there is none, or the last was withdrawn or is over. An
// older form never comes back to life behind it: else a withdrawal that meets a
// form saying no would bring back an earlier yes.
//
// Asked about the time of capture it says whether filming was lawful; asked about
// now, whether film may be used.
func (f *Family) CurrentConsent(p PersonID, when Micros) (*Consent, bool) {
	var last *Consent
	day := when.plus(summerTime).day()
	for _, c := range f.Consents {
		if c.Covers(p) && c.SignedOn <= day && c.From <= when && (last == nil || last.before(c)) {
			last = c
		}
	}
	if last == nil || f.withdrawn(last, p) || when >= last.Until {
		return nil, false
	}
	return last, true
}

// withdrawn reports whether a withdrawal stands against this form for a person.
// A form answers a withdrawal that it names, unless the day on the paper is
// earlier: knowing of Tuesday's withdrawal while typing in Monday's form does not
// undo it.
func (f *Family) withdrawn(c *Consent, p PersonID) bool {
	return slices.ContainsFunc(f.Restrictions[personSubject(p)], func(w StatementID) bool { return !f.answers(c, w, p) })
}

// answers reports whether a form answers a withdrawal for a person: signed in the
// knowledge of it, and for an objection, once whoever objected has agreed.
func (f *Family) answers(c *Consent, w StatementID, p PersonID) bool {
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
	if c.SignedOn != d.SignedOn {
		return c.SignedOn < d.SignedOn
	}
	if c.At != d.At {
		return c.At < d.At
	}
	return compareID(c.ID, d.ID) < 0
}

// Covers reports whether the form is about this person's image.
func (c *Consent) Covers(p PersonID) bool {
	return slices.ContainsFunc(c.People, func(q Covered) bool { return q.Person == p })
}

// Says reports whether the form says yes to a purpose.
func (c *Consent) Says(p Purpose) bool { return says(c.Purposes, p) }

func says(list []PurposeAnswer, p Purpose) bool {
	return slices.Contains(list, PurposeAnswer{Purpose: p, Yes: true})
}

// ConsentFor reports whether a person's consent in force says yes to a purpose.
// No purpose outlives "film and use": who says no to that has said stop.
func (f *Family) ConsentFor(p PersonID, purpose Purpose, when Micros) bool {
	c, ok := f.CurrentConsent(p, when)
	return ok && c.Says(FilmAndUse) && c.Says(purpose)
}
