package policies

import "slices"

// A change of figures moves no film's end earlier by itself. The packs that were adopted
// before go on binding the film that was there under them: of all dates the latest counts.
// They stop when an IG officer and a head of service have signed the plan of what moves,
// and a month has passed: see plan.go. Film that came after a change is judged by what was
// in force since.
//
// Source: policies.md §2.5; UK GDPR Art 5(1)(e) and (2).

// Adoption is a policy.adopt as the record keeps it, in the order of the record.
type Adoption struct {
	ID     StatementID `json:"id"`
	SHA256 Digest      `json:"sha256"` // of the pack's file
	At     Micros      `json:"at"`
	Until  Micros      `json:"until"` // when the next was adopted; 0 for the one in force
}

// unknownFigures is why film has no date where a pack that binds it is not here.
const unknownFigures = "Figures that still bind it are not here, or cannot be read by this version. Until then it is kept."

// OlderPack is a pack that binds what came before it was replaced.
type OlderPack struct {
	Pack  Pack
	Until Micros
}

func (o *Org) adopted(id StatementID, sum Digest, now Micros) {
	o.Adoptions = slices.Clone(o.Adoptions)
	if n := len(o.Adoptions); n > 0 {
		o.Adoptions[n-1].Until = now
	}
	o.Adoptions = append(o.Adoptions, Adoption{ID: id, SHA256: sum, At: now})
}

// Binding lists the adoptions before the one in force whose dates still stand at a time,
// the oldest first.
func (o *Org) Binding(now Micros) []Adoption {
	if o == nil || len(o.Adoptions) < 2 {
		return nil
	}
	last := len(o.Adoptions) - 1
	for i := last; i > 0; i-- {
		for _, p := range o.Plans {
			if p.Adoption == o.Adoptions[i].ID && p.InForce(now) {
				return slices.Clone(o.Adoptions[i:last])
			}
		}
	}
	return slices.Clone(o.Adoptions[:last])
}

// planned is when the next plan begins to count that was signed twice; 0 for none.
func (o *Org) planned(now Micros) (next Micros) {
	if o == nil {
		return 0
	}
	for _, p := range o.Plans {
		if p.From > now {
			next = earlier(next, p.From)
		}
	}
	return next
}

// older are the packs that bind, of those that the figures in force brought along; false
// when one of them is not here or cannot be read.
func (o *Org) older(p Pack, now Micros) (out []OlderPack, known bool) {
	known = true
	for _, a := range o.Binding(now) {
		if a.SHA256 == o.Policy.SHA256 {
			continue // the same figures, adopted again
		}
		old, ok := p.Before[a.SHA256]
		if known = known && ok; ok {
			out = append(out, OlderPack{old, a.Until})
		}
	}
	return out, known
}

// binds reports whether an older pack is about a clip: it was there before the pack was
// replaced.
func (p OlderPack) binds(c *Clip) bool { return c.Accepted < p.Until }

// withdrawal is the service's clock for a withdrawal that was accepted at a time: a shorter
// one moves nothing earlier that was asked before.
func (o *Org) withdrawal(p Pack, asked, now Micros) Figure {
	clock := p.Clocks.Withdrawal
	old, _ := o.older(p, now)
	for _, older := range old {
		if asked < older.Until && older.Pack.Clocks.Withdrawal.Value > clock.Value {
			clock = older.Pack.Clocks.Withdrawal
		}
	}
	return clock
}
