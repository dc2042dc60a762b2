package policies_test

import (
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func TestLinkPIN(t *testing.T) {
	pin := func(w *policiestest.Filmed, who, what string, at policies.Micros) policies.Statement {
		s := w.ByDefault(who, "link.pin", policies.LinkPIN{Link: w.Link, PIN: policiestest.Digest(what)})
		s.At = at
		return s
	}
	t.Run("LastSaidCounts", func(t *testing.T) {
		w := policiestest.NewFilmed()
		first, second := pin(w, "ann", "first", w.Now+1e6), pin(w, "bea", "second", w.Now+2e6)
		for _, order := range [][]policies.Statement{{first, second}, {second, first}} {
			f := w.Family.Clone()
			for i, s := range order {
				if _, err := f.Apply(w.Org, s, w.Now+policies.Micros(10+i)*1e6); err != nil {
					t.Fatal(err)
				}
			}
			if got := f.Links[w.Link]; got.PIN != policiestest.Digest("second") || got.Issued.By != second.ID {
				t.Errorf("in force = %+v, want the second", got.Issued)
			}
		}
	})
	t.Run("ClockThatRunsFastIsNotBelieved", func(t *testing.T) {
		w := policiestest.NewFilmed()
		fast, later := pin(w, "ann", "fast", w.Now+policiestest.Day(300)), pin(w, "bea", "later", w.Now+9e6)
		f := w.Family.Clone()
		for i, s := range []policies.Statement{fast, later} {
			if _, err := f.Apply(w.Org, s, w.Now+policies.Micros(5+5*i)*1e6); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.Links[w.Link].PIN; got != policiestest.Digest("later") {
			t.Error("a date in the future keeps every later PIN out")
		}
	})
	t.Run("OpensNothingThatHasEnded", func(t *testing.T) {
		w := policiestest.NewFilmed()
		w.Do("bea", "link.revoke", policies.LinkRevoke{Link: w.Link})
		w.Do("ann", "link.pin", policies.LinkPIN{Link: w.Link, PIN: policiestest.Digest("new")})
		if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkRevoked {
			t.Errorf("state = %s, want revoked", got)
		}
	})
	t.Run("TellsTheTables", func(t *testing.T) {
		w := policiestest.NewFilmed()
		changes, err := w.Family.Apply(w.Org, pin(w, "bea", "new", w.Now), w.Now)
		if err != nil || !slices.Equal(changes.Links, []policies.LinkID{w.Link}) {
			t.Errorf("changes = %+v, %v, want the link", changes, err)
		}
	})
}
