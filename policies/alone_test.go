package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// What one person must not bring about alone, tried by one person.

// TestHeadAloneDestroysNothing: neither film that the service has and nobody asked to
// stop, nor film that only their own word has stopped.
func TestHeadAloneDestroysNothing(t *testing.T) {
	order := func(w *policiestest.Filmed, who string, clip policies.ClipID) {
		t.Helper()
		w.Now += policies.Minute
		_, err := w.InFamily(who, "decision.make", policies.DecisionMake{Of: policies.StatementID(clip), Outcome: policies.Destroy, Ground: policies.BestInterests})
		if err != nil && !errors.Is(err, policies.ErrNotPossible) {
			t.Fatal(err)
		}
	}
	w := policiestest.NewFilmed()
	order(w, "head", w.Clip)
	wantDestiny(t, w, "stored, and nobody asked", policies.DestinyNone)
	w.Do("head", "consent.withdraw", withdraw(w))
	order(w, "head", w.Clip)
	wantDestiny(t, w, "stored, and withdrawn by who ordered it", policies.DestinyClock)

	w = policiestest.NewFilmed()
	w.Clip = policies.ClipID(w.Do("ann", "clip.add", w.ClipBody())) // on its way
	order(w, "head", w.Clip)
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalOpen {
		t.Errorf("nothing stops it, and it is %q", got)
	}
	w.Do("head", "consent.withdraw", withdraw(w))
	order(w, "head", w.Clip)
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalAwaits {
		t.Errorf("stopped by who ordered it, and it is %q", got)
	}
	order(w, "deputy", w.Clip)
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalDestroy {
		t.Errorf("stopped by one and ordered by another, and it is %q", got)
	}
}

// TestTeamAloneConfirmsNoPress: whoever is on the team can open a link, since the
// family's key opens its PIN, and press what the carer would.
func TestTeamAloneConfirmsNoPress(t *testing.T) {
	w := policiestest.NewFilmed()
	of := w.Do("server", "consent.suspend", policies.ConsentSuspend{People: []policies.PersonID{w.Mum}, Link: w.Link})
	if _, err := w.InFamily("bea", "disposal.authorise", confirm(of)); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("confirmed by somebody of the team: %v", err)
	}
	w.Do("head", "disposal.authorise", confirm(of))
}
