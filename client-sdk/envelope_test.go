package attune_test

import (
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestEnvelopeOfAnother: an officer who was given the custodians' envelope once is not
// given the one that another officer asks for later, of the same pair.
func TestEnvelopeOfAnother(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ivy := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.IGOfficer, "Ivy Gold")
	f := s.family(sam)
	use := func(asks, confirms *attune.Client) policies.StatementID {
		t.Helper()
		s.sync(asks)
		id, err := asks.Recovery.Use(f.id, policies.RecoverLost, policies.PairAC, sam.Keys.Staff())
		must(t, err)
		s.sync(asks)
		s.sync(confirms)
		must(t, confirms.Recovery.Confirm(f.id, id))
		s.sync(confirms)
		s.sync(asks)
		s.sync(confirms)
		return id
	}
	here := func(c *attune.Client, id policies.StatementID, want bool) {
		t.Helper()
		if v, err := c.Recovery.Find(id.String()); err != nil || v.Here != want {
			t.Errorf("the envelope is here: %v, %v; want %v", v.Here, err, want)
		}
	}
	first := use(ivy, s.head)
	here(ivy, first, true)
	here(s.head, first, false)
	second := use(s.head, ivy)
	here(s.head, second, true)
	here(ivy, second, false)
}
