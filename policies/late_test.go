package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestClipFromARevokedDevice: filmed on Monday; on Tuesday the tablet is lost, and revoked; on
// Friday somebody finds it. The clip waits for the head of service, whatever was agreed.
func TestClipFromARevokedDevice(t *testing.T) {
	w := policiestest.NewFilmed()
	monday := offline(w, "ann", "clip.add", w.ClipBody())
	visit := offline(w, "ann", "session.log", policies.SessionLog{On: "2026-03-02", Number: 3, StillHappy: true})
	person := offline(w, "ann", "person.add", policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.NoLink})
	w.Now += policiestest.Day(1)
	revoke, err := w.InOrg(w.Key("deputy"), "device.revoke", policies.DeviceRevoke{Device: w.Staff["ann"].Device})
	if err != nil {
		t.Fatal(err)
	}
	tuesday := offline(w, "ann", "clip.add", w.ClipBody())
	w.Now += policiestest.Day(3)
	for name, s := range map[string]policies.Statement{"after it": tuesday, "a person": person} {
		if _, err := w.Family.Clone().Apply(w.Org, s, w.Now); !errors.Is(err, policies.ErrSigner) {
			t.Errorf("%s: %v, want %v", name, err, policies.ErrSigner)
		}
	}
	if _, err := w.Family.Clone().Apply(w.Org, monday, w.Now+policies.Micros(policies.LateFor.Microseconds())); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("after the time for it: %v", err)
	}
	accept(t, w, visit)
	id := policies.ClipID(accept(t, w, monday))
	if got := w.Family.Arrival(w.Org, id); got != policies.ArrivalAwaits {
		t.Errorf("arrival = %q, want %q", got, policies.ArrivalAwaits)
	}
	if got := matters(w, policies.ClipWaits); len(got) != 1 || got[0].Of != id.String() || !got[0].Waits(policies.HeadOfService) {
		t.Errorf("matters = %+v, want the clip for the head of service", got)
	}
	note := offline(w, "ann", "clip.annotate", policies.ClipAnnotate{Clip: w.Clip, Source: policies.SourceRemoved})
	note.At = w.Now - policiestest.Day(4)
	if _, err := w.Family.Clone().Apply(w.Org, note, w.Now); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("a word about another clip: %v", err)
	}

	of := policies.StatementID(id)
	decide := func(knew bool) {
		t.Helper()
		w.Now += policies.Minute
		s := offline(w, "head", "decision.make", policies.DecisionMake{Of: of, Outcome: policies.Take, Ground: policies.FamilyAsked})
		if s.Deps = nil; knew {
			s.Deps = w.Family.DepsFor(w.Org, s.Body)
		}
		accept(t, w, s)
	}
	decide(false)
	if got := w.Family.Arrival(w.Org, id); got != policies.ArrivalAwaits {
		t.Errorf("decided by who did not know how it came: %q", got)
	}
	decide(true)
	if got := w.Family.Arrival(w.Org, id); got != policies.ArrivalTaken {
		t.Errorf("decided: %q, want %q", got, policies.ArrivalTaken)
	}

	// Film is destroyed by two people's word: who revoked the device is one of them.
	destroy := func(who string) error {
		w.Now += policies.Minute
		s := offline(w, who, "decision.make", policies.DecisionMake{Of: of, Outcome: policies.Destroy, Ground: policies.ByMistake})
		s.Deps = []policies.StatementID{revoke}
		_, err := w.Family.Clone().Apply(w.Org, s, w.Now)
		return err
	}
	if err := destroy("deputy"); err == nil {
		t.Error("one person revoked the device, and had its film destroyed")
	}
	if err := destroy("head"); err != nil {
		t.Errorf("the other: %v", err)
	}
}
