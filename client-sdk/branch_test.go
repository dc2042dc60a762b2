package attune_test

import (
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestPutBackToABranch: the service is put back from its last backup but one, and then,
// because somebody finds it, from the last. What devices saw in between is of neither, and
// is no evidence against an honest operator; what they said then is brought again.
func TestPutBackToABranch(t *testing.T) {
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	f := s.family(sam)
	s.sync(iris)
	first := s.backup()
	for range 12 {
		_, err := sam.Sessions.Log(f.id, "", 0, true, "before")
		must(t, err)
	}
	s.sync(sam)
	s.sync(iris)
	second := s.backup()
	var said []policies.StatementID
	for _, dir := range []string{first, second, first} {
		s.pass(time.Hour)
		s.putBack(dir)
		for range 2 {
			for _, c := range []*attune.Client{sam, iris, s.head} {
				id, err := c.Outbox.Waiting()
				must(t, err)
				if c == sam && len(id) == 0 {
					_, err := sam.Sessions.Log(f.id, "", 0, true, "since")
					must(t, err)
					waiting, err := sam.Outbox.Waiting()
					must(t, err)
					said = append(said, waiting[0].ID)
				}
				if _, err := c.Sync(context.Background()); err != nil {
					t.Errorf("sync after %s: %v", dir, err)
				}
				if list, err := c.Evidence(); err != nil || len(list) > 0 {
					t.Fatalf("evidence against an honest service: %v, %v", list, err)
				}
			}
		}
	}
	there := s.stated()
	for i, id := range said {
		if _, ok := there[id]; !ok {
			t.Errorf("session %d was accepted, and is gone", i)
		}
	}
}
