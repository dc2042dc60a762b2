package attune_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// withClock is the same device with another clock.
func (s *service) withClock(c *attune.Client, off time.Duration) *attune.Client {
	s.t.Helper()
	must(s.t, c.Close())
	cfg := s.config()
	cfg.Now = func() time.Time { return s.now().Add(off) }
	c, err := attune.Open(c.Home(), passphrase, cfg)
	must(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c
}

const year = 365 * 24 * time.Hour

// TestWithdrawalWithAClockAYearOff: the server's time comes with its 401, and the
// withdrawal is taken.
func TestWithdrawalWithAClockAYearOff(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"Ahead": year, "Behind": -year} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			sam := s.hire(policies.Practitioner, "Sam Reed")
			f := s.family(sam)
			clip := f.add(t, film(t, "visit.mp4"), "").Clip
			s.sync(sam)
			sam = s.withClock(sam, off)
			must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
			r := s.sync(sam)
			if len(r.Accepted) != 1 || r.Accepted[0].Kind != "consent.withdraw" {
				t.Errorf("accepted %v, want the withdrawal", r.Accepted)
			}
			s.refuses(sam, clip)
		})
	}
}

// refuses checks that the server lets nobody of the team watch.
func (s *service) refuses(c *attune.Client, clip policies.ClipID) {
	s.t.Helper()
	_, err := c.Clips.Open(context.Background(), clip, policies.FilmAndUse)
	if attune.CodeOf(err) != wire.CodeDenied {
		s.t.Errorf("watching after the withdrawal: %v, want denied", err)
	}
}

// TestWithdrawalWithoutAToken: nothing that this device signs in with is taken, by a
// clock a year off whose 401 a proxy has stripped of the time. Each restriction goes
// alone, without the token, before anything else; the rest waits.
func TestWithdrawalWithoutAToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	sam = s.withClock(sam, -year)
	_, err := sam.Sessions.Log(f.id, "", 0, true, "")
	must(t, err)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.mum}, policies.ByPhone))
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))

	var asked []string
	strip := func(r *http.Request, body []byte) []byte {
		asked = append(asked, r.URL.Path)
		if r.URL.Path == "/v1/restrictions" && r.Header.Get("Authorization") != "" {
			t.Error("the token was sent along")
		}
		if strings.Contains(string(body), `"token_time"`) {
			return []byte(`{"code":"unauthorised","message":"","next":"","request_id":""}`)
		}
		return body
	}
	s.spoil.Store(&strip)
	r, err := sam.Sync(context.Background())
	if attune.CodeOf(err) != wire.CodeUnauthorised {
		t.Errorf("sync: %v, want unauthorised: the rest could not be sent", err)
	}
	// At last it looks whether the service was put back to before this device joined.
	if want := []string{"/v1/sync/push", "/v1/restrictions", "/v1/restrictions", "/v1/sync/push", "/v1/log/checkpoint"}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	if len(r.Accepted) != 2 || r.Accepted[0].Kind != "consent.withdraw" || r.Waiting != 1 {
		t.Errorf("accepted %v and %d waiting, want both withdrawals and the session", r.Accepted, r.Waiting)
	}

	s.spoil.Store(nil)
	r = s.sync(sam)
	if len(r.Accepted) != 1 || r.Accepted[0].Kind != "session.log" {
		t.Errorf("accepted %v, want the session", r.Accepted)
	}
	s.refuses(sam, clip)
}
