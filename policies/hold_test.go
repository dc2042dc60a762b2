package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func inOrg(t *testing.T, w *policiestest.Filmed, who string, kind policies.Kind, body policies.Body) policies.StatementID {
	t.Helper()
	id, err := w.InOrg(w.Key(who), kind, body)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestFilmThatComesLaterIsHeld: by whatever it belongs to, and by nothing else.
func TestFilmThatComesLaterIsHeld(t *testing.T) {
	for _, c := range []struct {
		name string
		hold func(w *policiestest.Filmed)
		want bool
	}{
		{"Family", func(w *policiestest.Filmed) { w.Do("ig", "hold.place", policies.HoldPlace{Kind: "court"}) }, true},
		{"Visit", func(w *policiestest.Filmed) {
			w.Do("ig", "hold.place", policies.HoldPlace{Sessions: []policies.SessionID{w.ClipBody().Session}, Kind: "court"})
		}, true},
		{"Person", func(w *policiestest.Filmed) {
			w.Do("ann", "hold.provisional", policies.HoldProvisional{People: []policies.PersonID{w.Kid}, Reason: "safeguarding"})
		}, true},
		{"Service", func(w *policiestest.Filmed) {
			inOrg(t, w, "ig", "service.hold", policies.ServiceHoldPlace{Kind: "inquiry"})
		}, true},
		{"AnotherVisit", func(w *policiestest.Filmed) {
			w.Do("ig", "hold.place", policies.HoldPlace{Sessions: []policies.SessionID{{9}}, Kind: "court"})
		}, false},
		{"AnotherPerson", func(w *policiestest.Filmed) {
			w.Do("ig", "hold.place", policies.HoldPlace{People: []policies.PersonID{{9}}, Kind: "court"})
		}, false},
		{"TheClipBefore", func(w *policiestest.Filmed) {
			w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{w.Clip}, Kind: "court"})
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			c.hold(w)
			later := policies.ClipID(w.Do("ann", "clip.add", w.ClipBody()))
			if got := len(w.Family.HeldBy(w.Org, later, clocked, w.Now)) > 0; got != c.want {
				t.Errorf("held = %v, want %v", got, c.want)
			}
		})
	}
}

// TestServiceHold is released by the head of service alone, once, and never by who placed
// it, whatever they have become.
func TestServiceHold(t *testing.T) {
	w := policiestest.NewFilmed()
	id := inOrg(t, w, "ig", "service.hold", policies.ServiceHoldPlace{Kind: "inquiry", ReviewOn: "2026-04-01"})
	for who, want := range map[string]error{"ig": policies.ErrSigner, "ann": policies.ErrSigner} {
		if _, err := w.InOrg(w.Key(who), "service.release", policies.ServiceRelease{Hold: id}); !errors.Is(err, want) {
			t.Errorf("released by %s: %v, want %v", who, err, want)
		}
	}
	if _, err := w.InOrg(w.Key("head"), "service.hold", policies.ServiceHoldPlace{Kind: "inquiry"}); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("placed by the head of service: %v", err)
	}
	if _, err := w.InOrg(w.Key("head"), "service.release", policies.ServiceRelease{Hold: policies.StatementID{1}}); !errors.Is(err, policies.ErrMissing) {
		t.Errorf("release of what there is not: %v", err)
	}
	w.Org.HeldAll[id].By = w.Staff["head"].ID
	if _, err := w.InOrg(w.Key("head"), "service.release", policies.ServiceRelease{Hold: id}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("released by who placed it: %v", err)
	}
	inOrg(t, w, "deputy", "service.release", policies.ServiceRelease{Hold: id})
	if _, err := w.InOrg(w.Key("deputy"), "service.release", policies.ServiceRelease{Hold: id}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("released twice: %v", err)
	}
}

// TestServiceHoldsAreBounded: whoever lets film be destroyed names each of them.
func TestServiceHoldsAreBounded(t *testing.T) {
	w := policiestest.NewFilmed()
	for range policies.MaxStanding {
		inOrg(t, w, "ig", "service.hold", policies.ServiceHoldPlace{Kind: "inquiry"})
	}
	if _, err := w.InOrg(w.Key("ig"), "service.hold", policies.ServiceHoldPlace{Kind: "court"}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("one more: %v", err)
	}
}

// TestHoldsAreLookedAtAgain a fortnight ahead of the day that was said, and never later
// than by the service's clock; placed again in its own place, it is looked at later.
func TestHoldsAreLookedAtAgain(t *testing.T) {
	pack := clocked
	pack.Clocks.HoldReview = policies.Figure{Value: 3}
	w := policiestest.NewFilmed() // 1 March 2026 or near it
	reviews := func() (out []policies.Matter) {
		for _, m := range append(w.Family.Matters(w.Org, pack, w.Now), w.Org.Matters(pack, w.Now)...) {
			if m.Kind == policies.HoldReviews {
				out = append(out, m)
			}
		}
		return out
	}
	said := w.Now.Time().AddDate(0, 1, 0).Format("2006-01-02")
	id := w.Do("ig", "hold.place", policies.HoldPlace{Kind: "court", ReviewOn: said})
	all := inOrg(t, w, "ig", "service.hold", policies.ServiceHoldPlace{Kind: "inquiry", ReviewOn: "2031-01-01"})
	if got := reviews(); len(got) > 0 {
		t.Fatalf("at once: %v", got)
	}
	w.Now = policies.At(w.Now.Time().AddDate(0, 1, -10))
	if got := reviews(); len(got) != 1 || got[0].Of != id.String() || !got[0].Waits(policies.IGOfficer) || got[0].Due.Time().Format("2006-01-02") != said {
		t.Fatalf("ten days ahead: %v, want the one of the family on %s", got, said)
	}
	w.Do("ig", "hold.place", policies.HoldPlace{Kind: "court", Confirms: id})
	if got := reviews(); len(got) > 0 {
		t.Fatalf("placed again: %v", got)
	}
	w.Now = policies.At(w.Now.Time().AddDate(0, 2, 0)) // three months after the beginning, less ten days
	if got := reviews(); len(got) != 1 || got[0].Of != all.String() {
		t.Fatalf("after the service's clock: %v, want the one of the service", got)
	}
	inOrg(t, w, "head", "service.release", policies.ServiceRelease{Hold: all})
	if got := reviews(); len(got) > 0 {
		t.Fatalf("released: %v", got)
	}
}
