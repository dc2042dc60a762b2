package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestClipThatMetAWithdrawal: filmed on Monday on a tablet without a network; the
// mother withdraws; the tablet syncs on Wednesday.
func TestClipThatMetAWithdrawal(t *testing.T) {
	w := policiestest.NewFilmed()
	monday := offline(w, "ann", "clip.add", w.ClipBody())
	w.Now += policiestest.Day(1)
	w.Do("bea", "consent.withdraw", withdraw(w))
	w.Now += policiestest.Day(1)
	id := policies.ClipID(accept(t, w, monday))
	want := func(want policies.Arrival) {
		t.Helper()
		if got := w.Family.Arrival(w.Org, id); got != want {
			t.Errorf("arrival = %q, want %q", got, want)
		}
	}
	want(policies.ArrivalAwaits)
	if got := matters(w, policies.ClipWaits); len(got) != 1 || got[0].Of != id.String() || !got[0].Waits(policies.HeadOfService) {
		t.Errorf("matters = %+v, want the clip for the head of service", got)
	}
	decide := func(who string, o policies.Outcome) error {
		w.Now += policies.Minute
		_, err := w.InFamily(who, "decision.make", policies.DecisionMake{Of: policies.StatementID(id), Outcome: o, Ground: policies.CourtOrder})
		return err
	}
	if err := decide("head", policies.MayBeUsed); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("an objection's outcome: %v", err)
	}
	if err := decide("head", policies.Take); err != nil {
		t.Fatal(err)
	}
	want(policies.ArrivalTaken)
	if got := matters(w, policies.ClipWaits); len(got) > 0 {
		t.Errorf("decided, and still waiting: %+v", got)
	}
	w.Do("sup", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Kid}, Channel: policies.ByPhone})
	want(policies.ArrivalAwaits) // by another stop, of which the head did not know
	if err := decide("deputy", policies.Destroy); err != nil {
		t.Fatal(err)
	}
	want(policies.ArrivalDestroy)
	if got := w.Family.Destruction(w.Org, id, clocked, w.Now); got.Destiny != policies.DestinyDestroy {
		t.Errorf("ordered: %+v", got)
	}
	w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{id}, Kind: "police"})
	if got := w.Family.Destruction(w.Org, id, clocked, w.Now); got.Destiny != policies.DestinyHeld {
		t.Errorf("ordered and held: %+v", got)
	}
	w.Do("ann", "device.purged", policies.DevicePurged{Clip: id, Order: w.Family.Decisions[policies.StatementID(id)].ID})
	if got := w.Family.Clips[id].Purged; len(got) != 1 || got[0] != w.Staff["ann"].Device {
		t.Errorf("purged = %v, want ann's device", got)
	}
}

// TestClipUnlawfulByWhatItsAuthorKnew is shut, and nobody can decide it in.
func TestClipUnlawfulByWhatItsAuthorKnew(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Do("bea", "consent.withdraw", withdraw(w))
	id := policies.ClipID(w.Do("ann", "clip.add", w.ClipBody()))
	if got := w.Family.Arrival(w.Org, id); got != policies.ArrivalShut {
		t.Errorf("arrival = %q", got)
	}
	w.Do("head", "decision.make", policies.DecisionMake{Of: policies.StatementID(id), Outcome: policies.Take, Ground: policies.CourtOrder})
	if got := w.Family.Arrival(w.Org, id); got != policies.ArrivalShut {
		t.Errorf("decided in: %q", got)
	}
	if got := w.Family.Arrival(w.Org, w.Clip); got != policies.ArrivalAwaits {
		t.Errorf("the clip from before the withdrawal: %q", got)
	}
	if got := w.Family.Arrival(w.Org, policies.ClipID{9}); got != "" {
		t.Errorf("an unknown clip: %q", got)
	}
}
