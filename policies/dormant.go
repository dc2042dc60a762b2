package policies

// A family whose work has ended without anybody saying so keeps its film for good: the
// periods count from an end that nobody states. So where nothing has happened for a while
// the team is asked whether it is over, and the head of service after them.

// DormantFamily is the matter of a family in which nothing happens any more.
const DormantFamily MatterKind = "dormant"

// When a family is asked about. A VIG programme has a visit every week or two; a summer
// is the longest pause that is none.
//
// Source: UK GDPR Art 5(1)(e), storage limitation; the figures are a decision of this
// project, which the IG lead must confirm.
const (
	dormantAsks    = 60 * 24 * Hour // the team
	dormantAsksAll = 90 * 24 * Hour // the head of service too
)

// dormant looks only at what every desk has: film, forms, links, permissions to film. Of a
// visit without film the head of service has no more than its place.
func dormant(f *Family, _ *Org, _ Pack, now Micros) []Matter {
	last := Micros(0)
	for _, c := range f.Clips {
		last = max(last, c.Added)
	}
	if last == 0 {
		return nil // no film, and nothing that is kept for longer than it should be
	}
	for _, c := range f.Consents {
		last = max(last, c.At)
	}
	for _, a := range f.Approvals {
		last = max(last, a.At)
	}
	if f.Closed != nil && last <= f.Closed.At || now <= last+dormantAsks {
		return nil
	}
	return []Matter{{
		Kind: DormantFamily, Of: f.ID.String(), Since: last, Due: last + dormantAsksAll, For: []Role{Practitioner},
		Text: "Nothing was filmed or signed in this family since " + last.day() + ".",
		Do:   "If the work is over, record when it ended: periods count from that day.",
	}}
}
