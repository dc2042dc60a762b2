package attune_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// small has the feed come in pages of so many items.
func (s *service) small(limit string) {
	next := *s.web.Load()
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/sync/pull" {
			q := r.URL.Query()
			q.Set("limit", limit)
			r.URL.RawQuery = q.Encode()
		}
		next.ServeHTTP(w, r)
	})
	s.web.Store(&h)
}

// TestFeedCutShort: the connection ends between two pages, something is done on the
// device, and the next sync goes on where the feed had stopped. What was just taken is
// not in the rest of that, and no honest server is accused.
func TestFeedCutShort(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Lopez")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)
	for range 6 {
		_, err := sam.Sessions.Log(f.id, "", 0, true, "")
		must(t, err)
	}
	s.sync(sam)
	s.small("3")
	pages := 0
	s.alter("/v1/sync/pull", func(body []byte) []byte {
		if pages++; pages == 2 {
			return nil
		}
		return body
	})
	if _, err := ana.Sync(context.Background()); !attune.Offline(err) {
		t.Fatalf("the connection did not end: %v", err)
	}
	s.spoil.Store(nil)
	_, err := ana.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	s.sync(ana)
	if files, err := ana.Evidence(); err != nil || len(files) != 0 {
		t.Errorf("evidence %s, %v", strings.Join(files, " "), err)
	}
}

// TestClockBehind: cover ends by its date, which nobody states. On a device whose clock is
// three days behind it has not ended: that accuses nobody, and once the clock is set the
// device forgets what it should.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	cora := s.hire(policies.Practitioner, "Cora Lane")
	s.hear(s.hire(policies.IGOfficer, "Ivy Gold"), cora)
	must(t, s.head.Families.Cover(f.id, cora.Keys.Staff(), s.now().AddDate(0, 0, 5)))
	s.sync(s.head)
	s.sync(cora)
	must(t, cora.Close())
	var behind atomic.Int64
	behind.Store(int64(3 * 24 * time.Hour))
	cfg := s.config()
	cfg.Now = func() time.Time { return s.now().Add(-time.Duration(behind.Load())) }
	slow, err := attune.Open(cora.Home(), passphrase, cfg)
	must(t, err)
	t.Cleanup(func() { slow.Close() })
	s.pass(6 * 24 * time.Hour)
	_, err = slow.Sync(context.Background())
	for range 2 {
		if err == nil {
			_, err = slow.Sync(context.Background())
		}
	}
	if attune.CodeOf(err) != attune.CodeInput || attune.Lied(err) {
		t.Fatalf("a clock that is behind: %v, want to be told of it", err)
	}
	if files, err := slow.Evidence(); err != nil || len(files) != 0 {
		t.Errorf("evidence %s, %v", strings.Join(files, " "), err)
	}
	if _, ok := slow.Mirror.Family(f.id); !ok {
		t.Error("forgotten on the server's word")
	}
	behind.Store(0)
	if r, err := slow.Sync(context.Background()); err != nil || len(r.Dropped) != 1 {
		t.Errorf("with the clock set: dropped %v, %v", r.Dropped, err)
	}
}
