package attune_test

import (
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestHostileOldOrganisation: a server that works with somebody who was revoked claims
// that what they signed was judged before, under a head of the organisation that was
// past by then. The chain agrees with itself; the log's order does not.
func TestHostileOldOrganisation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		lie  bool // about the place in the log too
	}{{"AtItsPlaceInTheLog", false}, {"AtAnEarlierPlace", true}} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			sam := s.hire(policies.Practitioner, "Sam Reed")
			f := s.family(sam)
			ana := s.hire(policies.Practitioner, "Ana Lopez")
			s.sync(sam)
			must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
			_, err := sam.Sessions.Log(f.id, "", 0, true, "")
			must(t, err)
			s.sync(sam)
			s.pulled(func(p *wire.PullReply) {
				var first, before *wire.Item
				taken := map[int64]bool{}
				for n := range p.Items {
					i := &p.Items[n]
					taken[i.Place.Index] = true
					if i.Kind != wire.ItemStatement || i.Place.Record != policies.RecordID(f.id) {
						continue
					}
					if first == nil {
						first = i
					}
					if n == len(p.Items)-1 {
						i.Place.OrgHead = first.Place.OrgHead
						i.Place.Head = policies.NextHead(before.Place.Head, i.Place.Class, i.ID, i.Place.OrgHead)
						for free := first.Place.Index; c.lie && i.Place.Index > free; free++ {
							if !taken[free] {
								i.Place.Index = free
							}
						}
					}
					before = i
				}
			})
			refuses(t, ana, attune.CodeBroken)
			s.agrees(ana)
		})
	}
}
