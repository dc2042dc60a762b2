package attune_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
)

// TestLinkPIN: a new PIN by any device of the team, for the address that the carer
// has; what a link has to say for itself, in counts.
func TestLinkPIN(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := context.Background()
	sam, alex := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Alex Moor")
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, alex.Keys.Staff()))
	clip := f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(sam)
	link, err := sam.Links.Create(clip, f.mum, attune.LinkTerms{Days: 7, Opens: 3, EasyRead: true})
	must(t, err)
	if !strings.HasSuffix(link.URL, ".e") {
		t.Errorf("the address %s does not ask for easy words", link.URL)
	}
	s.sync(sam)
	s.sync(alex)
	anew, err := alex.Links.PIN(link.Link)
	must(t, err)
	if anew.URL != link.URL || anew.PIN == link.PIN || len(anew.PIN) != 6 {
		t.Errorf("new PIN = %q at %s, want another at the same address", anew.PIN, anew.URL)
	}
	if had, err := sam.Links.Show(link.Link); err != nil || had.PIN != link.PIN {
		t.Errorf("before it is synced Sam sees %q, %v", had.PIN, err)
	}
	s.sync(alex)
	s.sync(sam)
	if has, err := sam.Links.Show(link.Link); err != nil || has.PIN != anew.PIN || has.URL != anew.URL || has.Unsent || !anew.Unsent {
		t.Errorf("Sam sees %+v, %v, want what Alex was told", has, err)
	}
	v, err := sam.Families.Show(f.id)
	must(t, err)
	secret, err := seal.ParseFragment(strings.TrimSuffix(strings.SplitN(link.URL, "#", 2)[1], ".e"))
	must(t, err)
	if pin := secret.PIN(anew.PIN); v.Links[0].PIN != policies.Digest(sha256.Sum256(pin[:])) {
		t.Error("the PIN that is told is not the one in force")
	}
	st, err := sam.Links.Status(ctx, link.Link)
	if err != nil || st.Opened != 0 || st.Opens != 3 || st.Locked || st.Paused != 0 {
		t.Errorf("status = %+v, %v", st, err)
	}
	if _, err := s.head.Links.Status(ctx, link.Link); err == nil {
		t.Error("the head of service is told how often it was opened")
	}

	t.Run("ClockBehind", func(t *testing.T) {
		must(t, sam.Close())
		cfg := s.config()
		cfg.Now = func() time.Time { return s.now().Add(-time.Hour) }
		sam, err = attune.Open(sam.Home(), passphrase, cfg)
		must(t, err)
		if _, err := sam.Links.PIN(link.Link); attune.CodeOf(err) != attune.CodeInput {
			t.Errorf("a PIN that would not count: %v, want refused", err)
		}
		must(t, sam.Close())
		sam, err = attune.Open(sam.Home(), passphrase, s.config())
		must(t, err)
		defer sam.Close()
	})
	t.Run("Revoked", func(t *testing.T) {
		must(t, alex.Links.Revoke(link.Link))
		var e *attune.Error
		if _, err := alex.Links.PIN(link.Link); !errors.As(err, &e) || !slices.Contains(e.Rules, "LINK-REVOKED") {
			t.Errorf("a PIN for an ended link: %v, want LINK-REVOKED", err)
		}
	})
}
