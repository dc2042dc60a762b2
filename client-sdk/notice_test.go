package attune_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// statuses counts the replies to pulls by their status.
type statuses struct{ page, none, proof atomic.Int64 }

func (s *service) countPulls() *statuses {
	n := new(statuses)
	s.replies("/v1/sync/pull", func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.URL.Query().Get("proof") == "1" {
			n.proof.Add(1)
		}
		switch a.Code {
		case http.StatusOK:
			n.page.Add(1)
		case http.StatusNoContent:
			n.none.Add(1)
		}
	})
	return n
}

// TestNothingNew: asking in vain is 204 and counts as contact; after an hour of it the
// device has the state of the log signed once more.
func TestNothingNew(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	n := s.countPulls()
	for range 5 {
		s.pass(10 * time.Minute)
		s.sync(sam)
	}
	if n.page.Load() != 0 || n.none.Load() != 5 {
		t.Errorf("%d pages and %d without one, want none and 5", n.page.Load(), n.none.Load())
	}
	if at, err := sam.Mirror.Contact(); err != nil || s.now().Sub(at) > time.Minute {
		t.Errorf("contact %v ago, %v", s.now().Sub(at), err)
	}
	s.pass(11 * time.Minute)
	s.sync(sam)
	if n.proof.Load() != 1 || n.page.Load() != 1 {
		t.Errorf("after an hour: asked for %d proofs and got %d pages, want one", n.proof.Load(), n.page.Load())
	}
	s.pass(time.Minute)
	s.sync(sam)
	if n.none.Load() != 6 {
		t.Error("a proof is asked for again at once")
	}
}

// TestNothingNewForEver: a server that says that nothing is new, to hide a withdrawal,
// has to sign that within the hour, and is believed not even in contact.
func TestNothingNewForEver(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	s.replies("/v1/sync/pull", func(_ *http.Request, a *httptest.ResponseRecorder) { becomes(a, http.StatusNoContent, []byte{}) })
	s.pass(59 * time.Minute)
	s.sync(sam)
	s.pass(2 * time.Minute)
	before, err := sam.Mirror.Contact()
	must(t, err)
	if _, err := sam.Sync(t.Context()); attune.CodeOf(err) != attune.CodeUntrusted {
		t.Errorf("sync = %v, want that it does not trust the server", err)
	}
	if after, err := sam.Mirror.Contact(); err != nil || !after.Equal(before) {
		t.Errorf("what was not signed counts as contact: %v, %v", after.Sub(before), err)
	}
}

// TestPullAsksOnce: a feed is proved by what comes with it, and costs no request more.
func TestPullAsksOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.sync(sam)
	_, _, err := s.head.Staff.Invite(policies.Practitioner, "Noa Bell")
	must(t, err)
	s.sync(s.head)
	var asked []string
	f := func(r *http.Request, _ *httptest.ResponseRecorder) { asked = append(asked, r.Method+" "+r.URL.Path) }
	s.twist.Store(&f)
	if r := s.sync(sam); r.Pulled == 0 {
		t.Fatal("nothing came")
	}
	if len(asked) != 1 {
		t.Errorf("one page took %v", asked)
	}
}
