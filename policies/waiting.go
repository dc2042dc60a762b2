package policies

import "time"

// What waits about approvals: requests that nobody has decided on, and approvals that
// end before a new one was asked for.

// ApprovalWaits is the matter of a request to film that nobody has decided on.
const ApprovalWaits MatterKind = "approval"

// ApprovalEnds is the matter of an approval that ends soon.
const ApprovalEnds MatterKind = "approval_ends"

// renewAhead is how long before its end a practitioner is told that an approval ends:
// time to ask, and for the head of service to look.
const renewAhead = 30 * 24 * time.Hour

// approvalsWaiting lists the requests that wait for a head of service. One whose
// whole period has passed waits for nothing any more.
func approvalsWaiting(f *Family, _ *Org, p Pack, now Micros) []Matter {
	var out []Matter
	for id, a := range f.Approvals {
		if f.ApprovalState(id, now) == Requested && now <= a.Until {
			out = append(out, approvalWaits(id, a.At, p, "A practitioner asked for permission to film this family."))
		}
	}
	return out
}

// ownWaiting is the same for the requests of practitioners for themselves.
func ownWaiting(o *Org, p Pack, now Micros) []Matter {
	var out []Matter
	for id, s := range o.Approvals {
		if o.OwnState(id, now) == Requested && now <= s.Until {
			out = append(out, approvalWaits(id, s.At, p, "A practitioner asked for permission to film in a programme."))
		}
	}
	return out
}

func approvalWaits(id ApprovalID, since Micros, p Pack, text string) Matter {
	return Matter{
		Kind: ApprovalWaits, Of: id.String(), Since: since, Due: since.workingDays(p.Clocks.Reminder), For: []Role{HeadOfService},
		Text: text, Do: "Approve it or decline it.",
	}
}

// approvalsEnding lists the approval that a family's filming rests on longest, in the
// month before its end, while no request for a new one waits.
func approvalsEnding(f *Family, _ *Org, _ Pack, now Micros) []Matter {
	var last *Approval
	for id, a := range f.Approvals {
		switch f.ApprovalState(id, now) {
		case Requested:
			if now <= a.Until {
				return nil
			}
		case Granted:
			if last == nil || a.Until > last.Until || a.Until == last.Until && compareID(a.ID, last.ID) < 0 {
				last = a
			}
		}
	}
	if last == nil {
		return nil
	}
	return approvalEnds(last.ID, last.Until, now, "Permission to film this family ends on ")
}

// ownEnding is the same for the approvals of practitioners.
func ownEnding(o *Org, _ Pack, now Micros) []Matter {
	type holder struct {
		who StaffID
		in  Programme
	}
	last, asked := map[holder]*OwnApproval{}, map[holder]bool{}
	for _, id := range o.ownApprovals() {
		s := o.Approvals[id]
		h := holder{s.By, s.Programme}
		switch o.OwnState(id, now) {
		case Requested:
			asked[h] = asked[h] || now <= s.Until
		case Granted:
			if last[h] == nil || s.Until > last[h].Until {
				last[h] = s
			}
		}
	}
	var out []Matter
	for h, s := range last {
		if !asked[h] {
			out = append(out, approvalEnds(s.ID, s.Until, now, "A practitioner's permission to film ends on ")...)
		}
	}
	return out
}

func approvalEnds(id ApprovalID, until, now Micros, text string) []Matter {
	since := until.plus(-renewAhead)
	if now < since {
		return nil
	}
	return []Matter{{
		Kind: ApprovalEnds, Of: id.String(), Since: since, Due: until, For: []Role{Practitioner},
		Text: text + until.day() + ".", Do: "Ask for a new approval now, if filming goes on.",
	}}
}
