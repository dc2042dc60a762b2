package policies

import (
	"maps"
	"slices"
)

// What approvals let happen in a family: those of its own record, and those of its
// practitioners in the organisation's. The two meet here, and only by looking: neither
// record is folded with the other's restrictions in it, so that both keep their order.
//
// A revocation in a family stops filming there under every approval, a practitioner's
// too: that family needs an approval of its own then, granted by somebody who knew. A
// revocation of a practitioner's approval stops filming by them in that programme,
// under a family's approval too unless it was granted by somebody who knew: the grant
// names the revocation in its deps.

// FilmingState is the state of an approval of either kind, in this family, at a time;
// "" for one that neither record has.
func (f *Family) FilmingState(o *Org, id ApprovalID, now Micros) ApprovalState {
	if f.Approvals[id] != nil {
		return f.ApprovalState(id, now)
	}
	state := o.OwnState(id, now)
	if filmed := state == Granted || state == ApprovalExpired; filmed && f.filmingRevoked() {
		return ApprovalRevoked
	}
	return state
}

// filmingRevoked reports whether filming of this family was ever revoked.
func (f *Family) filmingRevoked() bool { return len(f.Restrictions[f.filmingSubject()]) > 0 }

// FilmPermitted reports whether the head of service lets a clip be used: the
// permission that it was filmed under has not been revoked, or filming was permitted
// anew by somebody who knew of that. A permission whose time is over still counts:
// what was lawfully filmed may be used for as long as the family agrees.
//
// Source: NICE NG26, concerns about filming (a).
func (f *Family) FilmPermitted(o *Org, id ClipID, now Micros) bool {
	c := f.Clips[id]
	if c == nil {
		return false
	}
	own := f.FilmingState(o, c.Approval, now)
	if own == Granted || own == ApprovalExpired {
		return true
	}
	s := o.own(c.Approval)
	if s != nil && !f.filmingRevoked() && o.anyOwn(s.By, s.Programme, func(other *OwnApproval) bool {
		return other.holds() && (now <= other.Until || own == ApprovalRevoked)
	}) {
		return true
	}
	for other, a := range f.Approvals {
		// Of those that are over, each was granted by somebody who knew of every revocation,
		// but not of a decline.
		state := f.ApprovalState(other, now)
		anew := state == Granted || state == ApprovalExpired && own == ApprovalRevoked
		if anew && (s == nil || f.knewOf(a, o.lastRevoked(s.By, s.Programme))) {
			return true
		}
	}
	return false
}

// knewOf reports whether a family's approval was granted by somebody who knew of a
// practitioner's revocation, and of all in the family.
func (f *Family) knewOf(a *Approval, revoked *OwnApproval) bool {
	return slices.ContainsFunc(a.Granted, func(g Grant) bool {
		return f.answered(f.filmingSubject(), g.Knew) && (revoked == nil || slices.Contains(g.Knew, revoked.Revoked))
	})
}

// ApprovalCovers reports whether filming by a practitioner in this span is approved:
// granted, not revoked since, and the whole span inside the approved period. The
// reason says what stands in the way. An approval that ended after the span still
// covers it: what was lawfully filmed may arrive late.
func (f *Family) ApprovalCovers(o *Org, id ApprovalID, by StaffID, span Span) (Reason, bool) {
	no := func(text string) (Reason, bool) { return Reason{"UPLOAD-APPROVAL", text}, false }
	if state := f.FilmingState(o, id, span.From); state != Granted && state != ApprovalExpired {
		return no("Filming is " + stateWords(state) + ".")
	}
	var from, until Micros
	if s := o.own(id); s != nil {
		from, until = s.From, s.Until
		if s.By != by || s.Programme != f.Programme {
			return no("That approval is another practitioner's, or for another programme.")
		}
	} else {
		a := f.Approvals[id]
		from, until = a.From, a.Until
		if bar := o.barred(by, f.Programme); bar != nil && span.Until > bar.RevokedAt && !f.knewOf(a, bar) {
			return no("The head of service revoked your own approval to film; ask for a new one.")
		}
	}
	if span.From < from || span.Until > until {
		return no("Filming is approved from " + from.day() + " until " + until.day() + " only.")
	}
	return Reason{}, true
}

// ApprovalsFor lists the approvals under which a practitioner may film this family, or
// might have: the family's, and their own in its programme.
func (f *Family) ApprovalsFor(o *Org, who StaffID) []ApprovalID {
	out := slices.SortedFunc(maps.Keys(f.Approvals), compareID)
	for _, id := range o.ownApprovals() {
		if s := o.Approvals[id]; s.By == who && s.Programme == f.Programme {
			out = append(out, id)
		}
	}
	return out
}

// ApprovalUntil is the end of an approval of either kind; zero for one that neither
// record has.
func (f *Family) ApprovalUntil(o *Org, id ApprovalID) Micros {
	if a := f.Approvals[id]; a != nil {
		return a.Until
	}
	if s := o.own(id); s != nil {
		return s.Until
	}
	return 0
}

// DepsFor is [Family.RestrictionsFor] with what the organisation's record restricts:
// whatever is about filming in this family names the revocations of its practitioners'
// own approvals, and whatever lets film be destroyed the holds on all of the service.
func (f *Family) DepsFor(o *Org, body Body) []StatementID {
	deps := f.RestrictionsFor(body)
	kind, ok := body.(interface{ subjects(*Family) []Subject })
	if !ok {
		return deps
	}
	about := kind.subjects(f)
	if slices.Contains(about, f.filmingSubject()) {
		for who := range f.Team {
			deps = append(deps, o.stopsOf(who, f.Programme)...)
		}
	}
	if slices.Contains(about, f.disposalSubject()) {
		deps = append(deps, o.everHeld()...)
	}
	deps = append(deps, f.lateDeps(o, body)...)
	slices.SortFunc(deps, compareID)
	return slices.Compact(deps)
}

func stateWords(s ApprovalState) string {
	switch s {
	case "":
		return "not approved for this family"
	case Requested:
		return "requested but not yet approved by the head of service"
	}
	return string(s) + "; ask the head of service with a new request"
}
