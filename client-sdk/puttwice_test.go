package attune_test

import (
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestPutBackTwice: the disk dies again before there is another backup, so that the same
// one is put back once more. What was said in between comes back as well; nobody takes
// the service for a liar; and the recovery that counts is the last.
func TestPutBackTwice(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} { // the first recovery
		t.Run(map[bool]string{false: "WhileRecovering", true: "Recovered"}[ended], func(t *testing.T) {
			s := newService(t)
			sam := s.hire(policies.Practitioner, "Sam Reed")
			iris := s.hire(policies.IGOfficer, "Iris Gray")
			f := s.family(sam)
			everyone := []*attune.Client{s.head, sam, iris}
			all := func() {
				t.Helper()
				for range 3 {
					for _, c := range everyone {
						r, err := c.Sync(context.Background())
						if err != nil || len(r.Refused) > 0 {
							t.Errorf("sync: %+v, %v", r, err)
						}
						if n, err := c.Evidence(); err != nil || len(n) > 0 {
							t.Fatalf("an honest restore was convicted: %v, %v", n, err)
						}
					}
				}
			}
			all()
			dir := s.backup()
			work := func(n int) {
				t.Helper()
				s.pass(time.Minute)
				_, err := sam.Sessions.Log(f.id, "", n, true, "visit")
				must(t, err)
				all()
			}
			work(2)
			s.putBack(dir)
			all()
			work(3)
			if ended {
				_, err := iris.Restored.Recovered()
				must(t, err)
				work(4)
			}
			before := s.stated()
			s.pass(time.Minute)
			s.putBack(dir)
			all()
			after := s.stated()
			for id, kind := range before {
				if _, ok := after[id]; !ok && kind != "service.restored" && kind != "service.recovered" {
					t.Errorf("%s %s was acknowledged, and is gone", kind, id.Short())
				}
			}
			for _, c := range everyone {
				if st, err := c.Restored.Show(); err != nil || !st.Recovering || st.Lost > 0 {
					t.Errorf("after the second: %+v, %v", st, err)
				}
			}
			_, err := iris.Restored.Recovered()
			must(t, err)
			all()
			for _, c := range everyone {
				if st, err := c.Restored.Show(); err != nil || st.Recovering || st.Lost > 0 {
					t.Errorf("after its end: %+v, %v", st, err)
				}
			}
			if n, err := s.store.Records.Refold(context.Background()); err != nil {
				t.Errorf("refold of %d: %v", n, err)
			}
		})
	}
}
