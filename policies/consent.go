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

// Covered is one person whose image the form is about, and somebody who decided for
// them. Where several signed for a child, it stands once for each.
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

// ConsentSign is the body of consent.sign. SignedOn is the day on the paper; the
// statement's own time is when it was entered. The attachments are both sealed to the
// family key and the IG officers': "form" is the signed form, a photograph or a file;
// "shown" is who would see the film, by role and purpose, as it was read to the family.
//
// Source: NICE NG26, concerns about filming (b); UK GDPR Art 7(1), to demonstrate
// consent, and 7(2), in an intelligible form; Caldicott principle 8.
type ConsentSign struct {
	People     []Covered       `json:"people"`
	Purposes   []PurposeAnswer `json:"purposes"`
	Viewers    []NamedViewer   `json:"viewers"`
	From       Micros          `json:"from"`
	Until      Micros          `json:"until"`
	SignedOn   string          `json:"signed_on"`
	Medium     Medium          `json:"medium"`
	Understood []Aid           `json:"understood"` // what helped them to understand it
	FormText   Digest          `json:"form_text"`  // SHA-256 of the exact words shown
	Fixed      []Attachment    `json:"attachments"`
}

// Medium is what was signed.
type Medium string

// The media.
const (
	OnPaper  Medium = "paper" // photographed or scanned
	OnScreen Medium = "screen"
)

// Mediums lists every Medium.
func Mediums() []Medium { return []Medium{OnPaper, OnScreen} }

// Aid is something that helped people to understand what they were asked.
//
// Source: UK GDPR recital 42; Accessible Information Standard, for services of the NHS.
type Aid string

// The aids.
const (
	NotRecorded Aid = "not_recorded" // alone: nobody wrote down whether it was asked
	NoneNeeded  Aid = "none_needed"  // alone: it was asked, and nothing was needed
	Interpreter Aid = "interpreter"  // of a spoken or a signed language
	Translated  Aid = "translated"   // a form in their language
	EasyRead    Aid = "easy_read"
	ReadAloud   Aid = "read_aloud"
	Audio       Aid = "audio"     // a recording of the form
	Supporter   Aid = "supporter" // somebody of their choice, or an advocate
)

// Aids lists every Aid.
func Aids() []Aid {
	return []Aid{NotRecorded, NoneNeeded, Interpreter, Translated, EasyRead, ReadAloud, Audio, Supporter}
}

// ConsentWithdraw is the body of consent.withdraw, a restriction on every
// consent that covers one of these people and does not name it: for these purposes,
// or for everything when none is named.
type ConsentWithdraw struct {
	People   []PersonID `json:"people"`
	Purposes []Purpose  `json:"purposes"`
	Channel  Channel    `json:"channel"`
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
	c.understood(b)
	named(&c, "the digest of the words shown", b.FormText)
	c.attachments(b.Fixed, "form", "shown")
	c.that(len(b.Fixed) == 2, "the signed form, or who would see the film, is missing: consent is given in writing, and informed")
	return c.err
}

func (c *checks) understood(b ConsentSign) {
	word(c, "what was signed", b.Medium, Mediums())
	c.that(len(b.Understood) > 0, "how it was understood is missing: write %s where nothing was needed", NoneNeeded)
	for i, a := range b.Understood {
		word(c, "what helped them to understand", a, Aids())
		c.that(!slices.Contains(b.Understood[:i], a), "%s stands twice", a)
		c.that(a != NoneNeeded && a != NotRecorded || len(b.Understood) == 1, "%s stands alone", a)
	}
}

// covered checks who decides for whom: nobody else for an adult or a competent
// child, and never oneself on the ground of authority over another. Several may have
// signed for one person, each once.
func (c *checks) covered(list []Covered) {
	var people []PersonID
	for i, p := range list {
		named(c, "who decided", p.By)
		word(c, "basis", p.Basis, Bases())
		own := p.Basis == Own || p.Basis == Competent
		c.that(own == (p.By == p.Person), "basis %s does not fit who decided", p.Basis)
		for _, q := range list[:i] {
			same := p.Person == q.Person
			c.that(!same || p.By != q.By, "one person's signature for another stands twice")
			c.that(!same || !own && q.By != q.Person, "who decides about their own image decides alone")
		}
		if !slices.Contains(people, p.Person) {
			people = append(people, p.Person)
		}
	}
	distinct(c, "people on the form", people, 1, MaxPeople)
	c.that(len(list) <= MaxPeople*MaxSigned, "%d signatures, %d at most", len(list), MaxPeople*MaxSigned)
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
	for i, p := range b.Purposes {
		word(&c, "purpose", p, Purposes())
		c.that(!slices.Contains(b.Purposes[:i], p), "purpose %s is withdrawn twice", p)
	}
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
	b, when := a.Said, min(a.At, a.Now)
	if len(b.Purposes) == 0 || slices.Contains(b.Purposes, FilmAndUse) { // no purpose outlives that one
		f.noteStop(a.ID, b.People, a.By.Staff, a.Now)
		return f.stop(a.ID, b.People, when), nil
	}
	for _, p := range b.People {
		for _, purpose := range b.Purposes {
			f.restrict(purposeSubject(p, purpose), a.ID)
		}
	}
	f.Withdrawn[a.ID] = when.day()
	return f.touched(b.People), nil
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
