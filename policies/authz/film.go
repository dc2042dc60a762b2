package authz

import (
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/cedar-policy/cedar-go/types"
)

// clip is a clip that the family has.
func (q *question) clip() (types.Entity, bool) {
	if q.family == nil || q.family.Clips[q.Clip] == nil {
		return types.Entity{}, false
	}
	return q.clipFacts(q.family.Clips[q.Clip]), true
}

// addedClip is the clip that a clip.add would make.
func (q *question) addedClip() (types.Entity, bool) {
	b, ok := bodyOf[policies.ClipAdd](q)
	if !ok || q.family == nil {
		return types.Entity{}, false
	}
	return q.clipFacts(&policies.Clip{
		ID: policies.ClipID(q.Statement.ID), By: q.author.Staff, Kind: b.Kind,
		People: b.People, Captured: b.Captured, Session: b.Session, Approval: b.Approval, Knew: q.Statement.Deps,
	}), true
}

// clipFacts works out of a clip only what the rules on this action look at.
func (q *question) clipFacts(c *policies.Clip) types.Entity {
	is := q.arrived
	if q.purposeful() {
		is = q.watched
	}
	return types.Entity{UID: entity("Clip", c.ID.String()), Attributes: q.known.record(outline{noun: "Clip", facts: is(c)}, ofClip)}
}

// ofClip are the facts of a clip: those of all clips, of one that is sent, of one that is
// watched or copied. The ones that are not asked about are false.
var ofClip = []string{
	"stored", "own",
	"approved", "lawful", "decided", "happy",
	"agreed", "permitted", "named", "listed", "signed", "glass", "recovering", "going",
}

func (q *question) own(c *policies.Clip) bool {
	return c.By == q.Caller.Staff && q.Statement == nil || c.By == q.author.Staff && q.Statement != nil
}

func (q *question) arrived(c *policies.Clip) uint16 {
	arrival := q.family.ArrivalOf(q.org, c)
	approved, lawful := true, true
	if arrival == policies.ArrivalShut {
		approved, lawful = q.family.LawfulThen(q.org, c)
	}
	decided := arrival != policies.ArrivalAwaits && arrival != policies.ArrivalDestroy
	return bits(!c.Stored.IsZero(), q.own(c), approved, lawful, decided, q.family.HappyWith(c),
		false, false, false, false, false, false, false, q.family.Going(c.ID))
}

func (q *question) watched(c *policies.Clip) uint16 {
	who := q.Caller.Staff
	listed, signed := q.family.ListedFor(who, q.Purpose, q.Now)
	_, glass := q.family.GlassFor(who, c.ID, q.Now)
	_, recovering := q.org.Recovering()
	return bits(!c.Stored.IsZero(), q.own(c), false, false, false, false,
		bool(q.agreed(c, q.Purpose)), q.family.FilmPermitted(q.org, c.ID, q.Now),
		q.family.NamedViewer(who, c.ID, q.Purpose, q.Now), listed, signed, glass, recovering, q.family.Going(c.ID))
}

// recovering reports whether the service is being put back.
func (q *question) recovering() types.Boolean {
	_, is := q.org.Recovering()
	return types.Boolean(is)
}

// agreed reports whether everyone in the clip agrees to a purpose now.
func (q *question) agreed(c *policies.Clip, purpose policies.Purpose) types.Boolean {
	return len(q.family.ClipConsented(c.ID, purpose, q.Now)) == 0
}

// listing is the entry that a viewer.add would make. One form in force that names
// the person is enough: who is in each clip is asked when they watch.
func (q *question) listing() (types.Entity, bool) {
	b, ok := bodyOf[policies.ViewerAdd](q)
	if !ok || q.family == nil {
		return types.Entity{}, false
	}
	return thing(entity("Listing", b.Staff.String()), types.RecordMap{
		"named": types.Boolean(q.family.Named(b.Staff, b.Purpose, q.Now)),
		"fit":   types.Boolean(b.Purpose != policies.Supervision || q.org.MaySupervise(b.Staff, q.family.Programme, q.Now)),
	}), true
}

// glass is the opening that a breakglass.open would make.
func (q *question) glass() (types.Entity, bool) {
	b, ok := bodyOf[policies.BreakglassOpen](q)
	if !ok || q.family == nil {
		return types.Entity{}, false
	}
	return thing(entity("Glass", "asked"), types.RecordMap{
		"whom": entity("Staff", b.For.String()),
		"team": types.Boolean(q.family.TeamAt(b.For, q.Now)),
		"told": types.Boolean(q.org.HasOfficer(q.Now)),
	}), true
}

// key is a clip's key for the viewer asked about.
func (q *question) key() (types.Entity, bool) {
	if q.family == nil || q.family.Clips[q.Clip] == nil {
		return types.Entity{}, false
	}
	return thing(entity("Key", q.Clip.String()), types.RecordMap{
		"admits": types.Boolean(q.ForTeam || q.family.Admits(q.org, q.Viewer, q.Clip, q.Now)),
		"going":  types.Boolean(q.family.Going(q.Clip)),
	}), true
}

// link is a link that the family has.
func (q *question) link() (types.Entity, bool) {
	if q.family == nil || q.family.Links[q.Link] == nil {
		return types.Entity{}, false
	}
	l := q.family.Links[q.Link]
	return q.linkFacts(l, q.family.LinkState(l.ID, 0) == policies.LinkRevoked)
}

// createdLink is the link that a link.create would make. Its author must have
// known every withdrawal by those in the clip, or it is shut from the start.
func (q *question) createdLink() (types.Entity, bool) {
	b, ok := bodyOf[policies.LinkCreate](q)
	if !ok || q.family == nil {
		return types.Entity{}, false
	}
	unknown := slices.ContainsFunc(q.family.RestrictionsFor(b), func(r policies.StatementID) bool { return !q.Statement.Names(r) })
	return q.linkFacts(&policies.Link{
		ID: policies.LinkID(q.Statement.ID), Clip: b.Clip, Person: b.Person, Expires: b.Expires,
	}, unknown)
}

// pinnedLink is the link that a link.pin would give another PIN.
func (q *question) pinnedLink() (types.Entity, bool) {
	b, ok := bodyOf[policies.LinkPIN](q)
	q.Link = b.Link
	if !ok {
		return types.Entity{}, false
	}
	return q.link()
}

func (q *question) linkFacts(l *policies.Link, revoked bool) (types.Entity, bool) {
	c, p := q.family.Clips[l.Clip], q.family.People[l.Person]
	if c == nil || p == nil || !slices.Contains(policies.Contacts(), p.Contact) {
		return types.Entity{}, false
	}
	return thing(entity("Link", l.ID.String()), types.RecordMap{
		"stored": types.Boolean(!c.Stored.IsZero()), "recovering": q.recovering(),
		"going":     types.Boolean(q.family.Going(c.ID)),
		"permitted": types.Boolean(q.family.FilmPermitted(q.org, c.ID, q.Now)),
		"chosen":    types.Boolean(c.Chosen),
		"playable":  types.Boolean(c.Media.PlaysOnPhones()),
		"contact":   entity("Contact", string(p.Contact)),
		"ours":      types.Boolean(q.family.MayHaveLink(l.Person, l.Clip, q.Now)),
		"revoked":   types.Boolean(revoked),
		"expires":   types.Long(l.Expires),
		"agreed":    q.agreed(c, policies.FilmAndUse),
	}), true
}
