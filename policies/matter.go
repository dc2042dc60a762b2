package policies

import (
	"cmp"
	"slices"
)

// A matter is whatever waits for a person: a request to film, an objection, a key
// that is due. Nothing in a record is settled by waiting, and nothing is destroyed by
// it: a matter that nobody looks at goes to more people, and stays.
//
// Each noun lists its own matters, in its own file; this file only asks them all.

// MatterKind is what kind of thing waits.
type MatterKind string

// Matter is one thing that waits for a person.
type Matter struct {
	Kind  MatterKind
	Of    string // the identifier of what waits, as text
	Since Micros
	Due   Micros // the last instant in time; zero where no deadline is known
	For   []Role // whose desk it is on; a practitioner means one of the family's team
	Text  string // what waits: one sentence
	Do    string // what to do: one sentence
}

// Overdue reports whether its time has passed.
func (m Matter) Overdue(now Micros) bool { return m.Due != 0 && now > m.Due }

// Waits reports whether it is on the desk of somebody in this role.
func (m Matter) Waits(r Role) bool { return slices.Contains(m.For, r) }

// familyMatters is a constant: who lists what waits in a family.
var familyMatters = []func(*Family, *Org, Pack, Micros) []Matter{
	approvalsWaiting,
	approvalsEnding,
	countersignsWaiting,
	objectionsWaiting,
	stopsWaiting,
	competenceReviews,
	glassOpened,
	clipsWaiting,
	withdrawalsWaiting,
	holdsWaiting,
	holdsTooLate,
	requestsWaiting,
	keysDue,
	recoveriesWaiting,
	dormant,
	retentionDue,
	recordDue,
}

// orgMatters is a constant: who lists what waits in the organisation.
var orgMatters = []func(*Org, Pack, Micros) []Matter{
	wordsWaiting,
	certificatesEnding,
	copiesFound,
	strayEquipment,
	trainingMatters,
	ownWaiting,
	ownEnding,
	serviceRecovers,
	serviceHoldReviews,
	plansWaiting,
	standingWaiting,
}

// Matters lists what waits in a family, the most urgent first. It needs nothing that
// the IG officer's and the head of service's desks do not have.
//
// Source: DESIGN §5: otherwise it waits and escalates, never destroys by default.
func (f *Family) Matters(o *Org, p Pack, now Micros) []Matter {
	var all []Matter
	for _, list := range familyMatters {
		all = append(all, list(f, o, p, now)...)
	}
	return urgent(all, now)
}

// Matters lists what waits in the organisation, the most urgent first.
func (o *Org) Matters(p Pack, now Micros) []Matter {
	var all []Matter
	for _, list := range orgMatters {
		all = append(all, list(o, p, now)...)
	}
	return urgent(all, now)
}

// urgent escalates what is overdue and orders the rest by its deadline; what has none
// comes last, the oldest first.
func urgent(all []Matter, now Micros) []Matter {
	for i := range all {
		all[i].For = escalated(all[i], now)
	}
	slices.SortFunc(all, func(a, b Matter) int {
		return cmp.Or(cmp.Compare(orNever(a.Due), orNever(b.Due)), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Of, b.Of))
	})
	return all
}

func orNever(due Micros) Micros {
	if due == 0 {
		return MaxInstant
	}
	return due
}

// desks is a constant: in this order a matter that nobody settled goes on.
var desks = []Role{Practitioner, HeadOfService, IGOfficer}

// escalated adds the next desk when the time is over, and the one after that when as
// much time again has passed. Nobody is taken off: whose matter it was, it stays.
func escalated(m Matter, now Micros) []Role {
	to := slices.Clone(m.For)
	for late := m.Due; m.Due != 0 && now > late; late += max(m.Due-m.Since, 24*Hour) {
		highest := slices.IndexFunc(desks, func(r Role) bool { return slices.Contains(to, r) })
		for highest >= 0 && highest < len(desks) && slices.Contains(to, desks[highest]) {
			highest++
		}
		if highest < 0 || highest == len(desks) {
			break
		}
		to = append(to, desks[highest])
	}
	return to
}
