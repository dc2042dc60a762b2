package attune_test

import (
	"context"
	"net/http"
	"net/http/httptest"
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

// TestDroppedAfterARestore: what proved that a service had accepted something names the
// family, and goes with it when this person may see it no longer.
func TestDroppedAfterARestore(t *testing.T) {
	s := newService(t)
	sam, ann := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ann Bell")
	dir := s.backup()
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	s.sync(ann)
	_, err := sam.Sessions.Log(f.id, "", 0, true, "sent, and not seen in the feed")
	must(t, err)
	waiting, err := sam.Outbox.Waiting()
	must(t, err)
	s.replies("/v1/sync/pull", func(_ *http.Request, a *httptest.ResponseRecorder) { a.Code = http.StatusServiceUnavailable })
	if _, err := sam.Sync(context.Background()); err == nil {
		t.Fatal("the feed came all the same")
	}
	s.honest()
	of := append(held(t, sam.Home(), f.id), []byte(f.id.String()), []byte(waiting[0].ID.String()))
	s.pass(time.Hour)
	s.putBack(dir)
	for range 2 {
		s.sync(sam)
		s.sync(ann)
	}
	if n, _ := left(t, sam.Home(), of); n == 0 {
		t.Fatal("nothing of the family was there")
	}
	s.pass(time.Hour)
	s.putBack(dir)
	s.sync(ann)
	must(t, ann.Families.RemoveTeam(f.id, sam.Keys.Staff()))
	s.sync(ann)
	for range 2 {
		s.sync(sam) // brings all again before the feed tells of the end
	}
	must(t, sam.Close())
	if n, where := left(t, sam.Home(), of); n > 0 {
		t.Errorf("%d of %d values are left, in %s", n, len(of), where)
	}
}

// TestDroppedByDateAfterARestore: somebody was taken off a team while they were a deputy,
// and then the date of that passed. Their device was away for all of it, and begins its
// feed anew at a service that was put back: it is told all that led to it, or would take
// an honest service for one that has it forget a family on its own word.
func TestDroppedByDateAfterARestore(t *testing.T) {
	s := newService(t)
	sam, ann := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ann Bell")
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	_, err := s.head.Deputies.Appoint(ann.Keys.Staff(), time.Time{}, s.now().Add(48*time.Hour), policies.OnLeave)
	must(t, err)
	s.sync(s.head)
	s.sync(ann)
	must(t, sam.Families.RemoveTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	s.pass(72 * time.Hour)
	s.sync(sam) // so that the date is in the tables
	s.putBack(s.backup())
	s.sync(ann)
	if list, err := ann.Evidence(); err != nil || len(list) > 0 {
		t.Errorf("evidence against an honest service: %v, %v", list, err)
	}
	if _, held := ann.Mirror.Family(f.id); held {
		t.Error("the family is still there")
	}
}

// TestDeputyOfALostHistory: an appointment was made since the backup, and nobody brings it
// again. The families that the deputy had by it are gone from their device after a sync:
// the service cannot tell it of the end of what it knows nothing of.
func TestDeputyOfALostHistory(t *testing.T) {
	s := newService(t)
	sam, ann := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ann Bell")
	f := s.family(sam)
	s.sync(ann)
	dir := s.backup()
	_, err := s.head.Deputies.Appoint(ann.Keys.Staff(), time.Time{}, s.now().Add(48*time.Hour), policies.OnLeave)
	must(t, err)
	s.sync(s.head)
	s.sync(ann)
	if _, held := ann.Mirror.Family(f.id); !held {
		t.Fatal("the deputy does not have the family")
	}
	s.pass(72 * time.Hour)
	s.putBack(dir)
	s.replies("/v1/sync/again", func(_ *http.Request, a *httptest.ResponseRecorder) { a.Code = http.StatusServiceUnavailable })
	_, err = ann.Sync(context.Background())
	s.honest()
	s.sync(ann)
	s.sync(ann)
	if _, held := ann.Mirror.Family(f.id); held {
		t.Errorf("the family is still there; the first sync: %v", err)
	}
}
