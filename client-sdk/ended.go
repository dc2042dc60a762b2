package attune

import (
	"maps"
	"slices"

	"github.com/attune-vf/attune/policies"
)

// forgetEnded lets go of families whose whole record was destroyed, by two signatures in the
// organisation's record: an IG officer's word, and a month after it the service's certificate.
// Either alone is nothing: who runs the server cannot have a device forget a family. That it
// did is said in the organisation's record, where the family's own takes nothing any more.
func (p *pageFold) forgetEnded() error {
	if p.org == nil || len(p.org.Ended) == 0 {
		return nil
	}
	p.m.mu.Lock()
	held := slices.SortedFunc(maps.Keys(p.m.families), compareIDs)
	p.m.mu.Unlock()
	for id, f := range p.families {
		if f != nil && !slices.Contains(held, id) {
			held = append(held, id) // what this very page brought
		}
	}
	for _, id := range held {
		e := p.org.Ended[id]
		if f, again := p.families[id]; e == nil || again && f == nil {
			continue
		}
		p.dropped = append(p.dropped, id)
		if err := p.forget(policies.RecordID(id)); err != nil {
			return err
		}
		if err := p.receiptOf(policies.RecordID(p.org.ID), e.ID); err != nil {
			return err
		}
	}
	return nil
}
