package policies

import "fmt"

// HoldTooLate is the matter of a hold that came when film was being destroyed already: whoever
// asked for it must not go on believing that the film is there.
const HoldTooLate MatterKind = "hold.late"

// toldLate is for how long it is on their desk. The record keeps it for good: TooLate.
const toldLate = 30 * 24 * Hour

func holdsTooLate(f *Family, _ *Org, _ Pack, now Micros) (out []Matter) {
	for id, h := range f.Holds {
		n := len(f.TooLate(id))
		if n == 0 || now > h.At+toldLate {
			continue
		}
		m := Matter{
			Kind: HoldTooLate, Of: id.String(), Since: h.At, For: []Role{IGOfficer},
			Text: fmt.Sprintf("A hold of %s came too late for %s: destroyed, or being destroyed, by then.", h.At.day(), count(n, "clip")),
			Do:   "Tell whoever asked for the film. Its certificate says what went, and why.",
		}
		if h.Provisional {
			m.For = []Role{Practitioner, IGOfficer}
		}
		out = append(out, m)
	}
	return out
}
