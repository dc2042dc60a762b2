package policies

import "slices"

// A permission names every restriction on its subjects, and a statement names so many
// and no more. Whoever may stop things could therefore stop one of them some hundred
// times, and nobody could ever permit it again: one phone that was stolen, and a family
// that cannot agree to its own film any more. So the server takes the first of what
// stops the same thing, and then no more for as long as they stand: they would change
// nothing. It is asked once, there, and never by the fold;
// and never of a carer's own press, which counts once for each link.

// MaxStanding is how many restrictions of one thing are taken while they stand. A form
// for two people and a handful of purposes stays within MaxDeps with as many on each.
const MaxStanding = 16

// Enough reports whether what this body would stop is stopped already, and was so often
// that another word changes nothing. Never of what anything in the record has answered.
func (f *Family) Enough(body Body) bool {
	switch b := body.(type) {
	case *ConsentWithdraw:
		return f.everyStop(b.People, b.Purposes)
	case *ConsentObject:
		return f.everyStop(b.People, nil) && (f.People[b.By] == nil || f.objects(b))
	case *TeamRemove:
		return f.often(staffSubject(b.Staff)) && !f.OnTeam(b.Staff)
	case *ViewerRemove:
		return f.often(viewerSubject(b.Staff)) && !f.anyListing(func(l *Listing) bool {
			return l.Staff == b.Staff && f.answered(viewerSubject(b.Staff), l.Knew)
		})
	case *ApprovalRevoke:
		return f.often(requestSubject(b.Request)) && f.often(f.filmingSubject()) && !f.anyGrant()
	case *ApprovalDecline:
		return f.often(requestSubject(b.Request)) // which is final
	}
	return false
}

func (f *Family) often(s Subject) bool { return len(f.Restrictions[s]) >= MaxStanding }

// everyStop: for each of these people and purposes no form stands, whenever it begins.
func (f *Family) everyStop(people []PersonID, purposes []Purpose) bool {
	stands := func(p PersonID, purpose Purpose) bool {
		for _, c := range f.Consents {
			if c.Covers(p) && !f.withdrawn(c, p, purpose) {
				return true
			}
		}
		return false
	}
	for _, p := range people {
		if len(purposes) == 0 && (!f.often(personSubject(p)) || stands(p, FilmAndUse)) {
			return false
		}
		for _, purpose := range purposes {
			if !(f.often(personSubject(p)) || f.often(purposeSubject(p, purpose))) || stands(p, purpose) {
				return false
			}
		}
	}
	return true
}

// objects: the same person's objection for all of these stands already. Only they, or
// the head of service, can lift it.
func (f *Family) objects(b *ConsentObject) bool {
	return !slices.ContainsFunc(b.People, func(p PersonID) bool {
		for _, o := range f.Objections {
			if o.By == b.By && slices.Contains(o.People, p) && !f.lifted(o, p) {
				return false
			}
		}
		return true
	})
}

func (f *Family) anyGrant() bool {
	for _, a := range f.Approvals {
		if slices.ContainsFunc(a.Granted, func(g Grant) bool { return f.answered(f.filmingSubject(), g.Knew) }) {
			return true
		}
	}
	return false
}
