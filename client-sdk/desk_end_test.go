package attune_test

import (
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
)

// TestEndsBehindADesk: somebody is taken off a team while they are a deputy, and then
// is a deputy no longer. A device that was away all that time has heard of neither, and
// must be shown both before it believes that the family is no longer theirs.
// Found by cmd/soak.
func TestEndsBehindADesk(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	id := sam.Keys.Staff()
	_, err := s.head.Deputies.Appoint(id, time.Time{}, s.now().AddDate(0, 0, 20), policies.OnLeave)
	must(t, err)
	s.sync(s.head)
	must(t, s.head.Families.RemoveTeam(f.id, id))
	s.sync(s.head)
	must(t, s.head.Deputies.End(id))
	s.sync(s.head)
	r := s.sync(sam)
	if !slices.Contains(r.Dropped, f.id) {
		t.Error("the family is still there")
	}
	if list, err := sam.Evidence(); err != nil || len(list) > 0 {
		t.Errorf("an honest server is accused: %v %v", list, err)
	}
}

// TestEndsBehindADate: as above, and it is the deputy's last day that passes. The sync
// that meets that is told of it too, and does not take what it said there for withheld.
// Found by cmd/soak.
func TestEndsBehindADate(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	id := sam.Keys.Staff()
	must(t, s.head.Families.RemoveTeam(f.id, id))
	s.sync(s.head)
	_, err := s.head.Deputies.Appoint(id, time.Time{}, s.now().AddDate(0, 0, 1), policies.OnLeave)
	must(t, err)
	s.sync(s.head)
	s.pass(48 * time.Hour)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	r := s.sync(sam)
	if !slices.Contains(r.Dropped, f.id) {
		t.Error("the family is still there")
	}
	if list, err := sam.Evidence(); err != nil || len(list) > 0 {
		t.Errorf("an honest server is accused: %v %v", list, err)
	}
}
