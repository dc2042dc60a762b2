package policies

import "slices"

// Link is a share link: one clip, one person, until a date.
type Link struct {
	ID      LinkID        `json:"id"`
	Clip    ClipID        `json:"clip"`
	Person  PersonID      `json:"person"`
	Token   Bytes16       `json:"token"` // the public part of the address
	Auth    Digest        `json:"auth"`  // SHA-256 of the link's auth value
	PIN     Digest        `json:"pin"`   // SHA-256 of the keyed PIN in force
	Issued  PINIssue      `json:"issued"`
	Expires Micros        `json:"expires"`
	Opens   int           `json:"opens"`
	Knew    []StatementID `json:"knew"`
}

// PINIssue is the link.pin that gave a link its PIN in force; zero while it is
// still the one that the link was made with.
type PINIssue struct {
	By StatementID `json:"by"`
	At Micros      `json:"at"` // when it was said, at the latest when it was accepted
}

// before orders the PINs that were issued for one link. Devices hand theirs in
// when they meet the service, in any order: the time of acceptance alone would
// make an old one count, and what a device says of its clock is not believed
// beyond it. The identity breaks a tie, so that every fold takes the same one.
func (i PINIssue) before(j PINIssue) bool {
	if i.At != j.At {
		return i.At < j.At
	}
	return compareID(i.By, j.By) < 0
}

// LinkCreate is the body of link.create. Attachments: "sealed" (loose, what the
// page needs, under the link's key), "secret" (loose, link and PIN sealed to the
// family key so that any team device can show them again).
type LinkCreate struct {
	Clip    ClipID   `json:"clip"`
	Person  PersonID `json:"person"`
	Token   Bytes16  `json:"token"`
	Auth    Digest   `json:"auth"`
	PIN     Digest   `json:"pin"`
	Expires Micros   `json:"expires"` // at most 28 days after it was signed
	Opens   int      `json:"opens"`   // how often it may be opened, 1 to 100
}

// LinkPIN is the body of link.pin: a new PIN for a link that stays as it is, for a
// carer who forgot theirs or is locked out. Any device of the team can make one,
// because L is sealed to the family. Attachment: "secret" (loose), as link.create
// has it, with the new PIN.
type LinkPIN struct {
	Link LinkID `json:"link"`
	PIN  Digest `json:"pin"` // SHA-256 of the keyed PIN
}

// LinkRevoke is the body of link.revoke, a restriction.
type LinkRevoke struct {
	Link LinkID `json:"link"`
}

// Check implements [Body].
func (b LinkCreate) Check() error {
	var c checks
	named(&c, "the clip", b.Clip)
	named(&c, "the person", b.Person)
	c.that(b.Token != Bytes16{}, "the link's public name is missing")
	named(&c, "the link's auth value", b.Auth)
	named(&c, "the PIN's value", b.PIN)
	c.instant("the end of the link", b.Expires)
	c.that(b.Opens >= 1 && b.Opens <= MaxLinkOpens, "%d openings, 1 to %d expected", b.Opens, MaxLinkOpens)
	return c.err
}

// Check implements [Body].
func (b LinkPIN) Check() error {
	var c checks
	named(&c, "the link", b.Link)
	named(&c, "the PIN's value", b.PIN)
	return c.err
}

// Check implements [Body].
func (b LinkRevoke) Check() error {
	var c checks
	named(&c, "the link", b.Link)
	return c.err
}

// createLink records a link. That the clip is a chosen one, consented to, and in
// a form that phones play is for authz to rule on.
func createLink(f *Family, _ *Org, a act[LinkCreate]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	if f.Clips[b.Clip] == nil {
		return Changes{}, missing("the clip", b.Clip)
	}
	if err := f.known(b.Person); err != nil {
		return Changes{}, err
	}
	if err := ends("the link", b.Expires, a.Now, Micros(MaxLinkLife.Microseconds())); err != nil {
		return Changes{}, err
	}
	for _, l := range f.Links {
		if l.Token == b.Token {
			return Changes{}, notPossible("another link has this public name; make the link again")
		}
	}
	id := LinkID(a.ID)
	f.Links[id] = &Link{
		ID: id, Clip: b.Clip, Person: b.Person, Token: b.Token, Auth: b.Auth, PIN: b.PIN,
		Expires: b.Expires, Opens: b.Opens, Knew: knew(a.Statement),
	}
	return Changes{Links: []LinkID{id}}, nil
}

// reissuePIN gives a link another PIN; of several the last said counts. It opens
// nothing that has ended: the state of a link does not look at its PIN, and authz
// refuses one for a link that cannot be opened.
func reissuePIN(f *Family, _ *Org, a act[LinkPIN]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	l := f.Links[a.Said.Link]
	if l == nil {
		return Changes{}, missing("the link", a.Said.Link)
	}
	if issue := (PINIssue{By: a.ID, At: min(a.At, a.Now)}); l.Issued.before(issue) {
		l.PIN, l.Issued = a.Said.PIN, issue
	}
	return Changes{Links: []LinkID{l.ID}}, nil
}

// revokeLink ends a link for good, whether or not the link has arrived.
func revokeLink(f *Family, _ *Org, a act[LinkRevoke]) (Changes, error) {
	if a.By.Role == Practitioner && !a.By.Deputy {
		if err := f.teamed(a.By); err != nil {
			return Changes{}, err
		}
	}
	f.restrict(linkSubject(a.Said.Link), a.ID)
	if a.By.Signer == SignServer {
		put(&f.Leaked, a.ID, a.Said.Link)
	}
	return Changes{Links: []LinkID{a.Said.Link}}, nil
}

// LinkLeaked reports whether the server ended a link because its secret was sent
// to it: some program on the way wrote the # as %23, and may have kept the address.
func (f *Family) LinkLeaked(id LinkID) bool {
	for _, l := range f.Leaked {
		if l == id {
			return true
		}
	}
	return false
}

// LinkEnded reports whether somebody revoked this very link, whatever else keeps
// it shut.
func (f *Family) LinkEnded(id LinkID) bool { return len(f.Restrictions[linkSubject(id)]) > 0 }

// LinkState is what people call the state of a share link.
type LinkState string

// The states. How often a link was opened is the server's to count.
const (
	LinkOpen    LinkState = "open"
	LinkRevoked LinkState = "revoked"
	LinkExpired LinkState = "expired"
)

// LinkState is the state of a link at a time; "" for one that the record does
// not have. A link made without knowing of a withdrawal by anyone in its clip is
// revoked by it, and a new consent does not open it again.
func (f *Family) LinkState(id LinkID, now Micros) LinkState {
	l := f.Links[id]
	if l == nil {
		return ""
	}
	if f.linkRevoked(l) {
		return LinkRevoked
	}
	if now >= l.Expires {
		return LinkExpired
	}
	return LinkOpen
}

func (f *Family) linkRevoked(l *Link) bool {
	if f.LinkEnded(l.ID) {
		return true
	}
	return slices.ContainsFunc(f.linkSubjects(l.Clip, l.Person), func(s Subject) bool {
		return !f.answered(s, l.Knew)
	})
}

// MayHaveLink reports whether a person may be sent a link to a clip: they are in
// it, or by the consent in force they decide for somebody who is.
func (f *Family) MayHaveLink(p PersonID, id ClipID, now Micros) bool {
	c := f.Clips[id]
	return c != nil && slices.ContainsFunc(c.People, func(in PersonID) bool {
		form, ok := f.CurrentConsent(in, now)
		return in == p || ok && form.DecidedBy(p, in)
	})
}
