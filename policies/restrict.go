package policies

import (
	"encoding/base64"
	"slices"
)

// Restrictions win in any order (DESIGN §3). Each restriction is recorded under
// its subject, and a permission counts only if its author named every
// restriction on its subjects as known. The subjects are chosen so that they
// need nothing but the restriction's own body, or the family itself. A lookup in
// state would give another answer before its object arrived than after, and
// folding would no longer commute.
//
//	team.remove       the person of staff
//	approval.decline  the request: it can never be granted again
//	approval.revoke   the request, for good; and the family: filming stops under
//	                  every approval until one is granted that knew of it. A
//	                  family has one programme, and requests for another are
//	                  refused, so the family is the programme's subject
//	                  In the organisation's record it is about a practitioner: see
//	                  [Family.DepsFor]
//	consent.withdraw  each person named, or each for each purpose named
//	consent.suspend   each person named, as if they had withdrawn
//	consent.object    each person named, until whoever objected agrees
//	person.change     the contact of the person, where it says that no link is safe:
//	                  a link_safe that did not know it counts for nothing. It is no
//	                  restriction otherwise, and is taken only from the team
//	viewer.remove     the person of staff as a viewer
//	link.revoke       the link: nothing can name it, so it is final
//	breakglass.close  what was opened, in the same way
//
// link.create is a permission on every person in the clip: a link made without
// knowing of a withdrawal stays shut even when consent is given anew.

// Subject is what a restriction is about: a noun and an identifier. The noun keeps
// one restriction from acting as another. All identifiers are 32 bytes and none
// has to be known yet, so without it a consent.withdraw, which anyone certified
// may sign, could name a colleague where a person in the film is meant, and be a
// team.remove.
type Subject string

func subject[Noun any](noun string, id ID[Noun]) Subject {
	text := make([]byte, 0, 96) // of the stack: each ruling asks for many
	text = append(append(text, noun...), '/')
	if !id.IsZero() {
		text = base64.RawURLEncoding.AppendEncode(text, id[:])
	}
	return Subject(text)
}

func staffSubject(who StaffID) Subject  { return subject("staff", who) }
func viewerSubject(who StaffID) Subject { return subject("viewer", who) }
func personSubject(p PersonID) Subject  { return subject("person", p) }
func purposeSubject(p PersonID, purpose Purpose) Subject {
	return subject("purpose/"+string(purpose), p)
}
func contactSubject(p PersonID) Subject   { return subject("contact", p) }
func requestSubject(a ApprovalID) Subject { return subject("request", a) }
func linkSubject(l LinkID) Subject        { return subject("link", l) }
func glassSubject(g GlassID) Subject      { return subject("glass", g) }
func reviewSubject(g GlassID) Subject     { return subject("review", g) } // an IG officer looked at it
func (f *Family) filmingSubject() Subject { return subject("filming", f.ID) }

// restrict records a restriction under its subject, sorted, so that the same
// set has the same form whatever the order of arrival.
func (f *Family) restrict(subject Subject, by StatementID) {
	list := f.Restrictions[subject]
	at, found := slices.BinarySearchFunc(list, by, compareID)
	if !found {
		f.Restrictions[subject] = slices.Insert(list, at, by)
	}
}

// answered reports whether an author who knew these statements knew every
// restriction on the subject.
func (f *Family) answered(subject Subject, knew []StatementID) bool {
	for _, r := range f.Restrictions[subject] {
		if !slices.Contains(knew, r) {
			return false
		}
	}
	return true
}

// RestrictionsFor lists what a device must put into the deps of a statement with
// this body, so that the permission in it counts: every restriction on its
// subjects that this state knows, sorted and without repeats. Nil for bodies that
// give no permission.
func (f *Family) RestrictionsFor(body Body) []StatementID {
	s, ok := body.(interface{ subjects(*Family) []Subject })
	if !ok {
		return nil
	}
	var all []StatementID
	for _, d := range s.subjects(f) {
		all = append(all, f.Restrictions[d]...)
	}
	slices.SortFunc(all, compareID)
	return slices.Compact(all)
}

func (b TeamAdd) subjects(*Family) []Subject { return []Subject{staffSubject(b.Staff)} }

func (b ApprovalGrant) subjects(f *Family) []Subject {
	return []Subject{f.filmingSubject(), requestSubject(b.Request)}
}

func (b ConsentSign) subjects(*Family) []Subject {
	var list []Subject
	for _, p := range b.People {
		list = append(list, personSubject(p.Person))
		for _, a := range b.Purposes {
			list = append(list, purposeSubject(p.Person, a.Purpose))
		}
	}
	return list
}

func (b LinkCreate) subjects(f *Family) []Subject { return f.linkSubjects(b.Clip, b.Person) }

func (f *Family) linkSubjects(clip ClipID, person PersonID) []Subject {
	list := []Subject{personSubject(person), contactSubject(person)}
	if c := f.Clips[clip]; c != nil {
		for _, p := range c.People {
			list = append(list, personSubject(p))
			if c.Kind == Review {
				list = append(list, purposeSubject(p, FilmReview))
			}
		}
	}
	return list
}

func compareID[Noun any](a, b ID[Noun]) int { return slices.Compare(a[:], b[:]) }
