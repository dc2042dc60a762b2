package policies_test

import (
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestWipeIsConfirmed: only by a device that was revoked, of what revoked it; and until
// then it is listed.
func TestWipeIsConfirmed(t *testing.T) {
	w := policiestest.NewFilmed()
	org := policies.RecordID(w.Org.ID)
	ann := w.Staff["ann"]
	say := func(who string, body policies.DevicePurged) error {
		_, err := w.Org.Apply(w.Make(w.Key(who), "device.purged", org, body), w.Now)
		return err
	}
	wants(t, "in force", say("ann", policies.DevicePurged{Order: policies.StatementID{1}}), policies.ErrNotPossible)
	revoke := w.Make(w.Key("head"), "device.revoke", org, policies.DeviceRevoke{Device: ann.Device})
	if _, err := w.Org.Apply(revoke, w.Now); err != nil {
		t.Fatal(err)
	}
	if list := w.Org.Unwiped(); len(list) != 1 || list[0].Device != ann.Device || list[0].By[0] != revoke.ID {
		t.Fatalf("unwiped: %+v, want Ann's device", list)
	}
	wants(t, "another order", say("ann", policies.DevicePurged{Order: policies.StatementID{1}}), policies.ErrNotPossible)
	wants(t, "somebody else's", say("bea", policies.DevicePurged{Order: revoke.ID}), policies.ErrNotPossible)
	for range 2 {
		if err := say("ann", policies.DevicePurged{Order: revoke.ID}); err != nil {
			t.Fatal(err)
		}
		if list := w.Org.Unwiped(); len(list) != 0 {
			t.Errorf("confirmed, and still listed: %+v", list)
		}
	}
}

// TestLeavers: whose person receives the record no longer, with what ended it.
func TestLeavers(t *testing.T) {
	w := policiestest.NewFilmed()
	if list := w.Family.Leavers(w.Org, w.Now); len(list) != 0 {
		t.Fatalf("nobody left, and %+v", list)
	}
	s := w.ByDefault("head", "team.remove", policies.TeamRemove{Staff: w.Staff["bea"].ID})
	if _, err := w.Accept(s); err != nil {
		t.Fatal(err)
	}
	list := w.Family.Leavers(w.Org, w.Now)
	if len(list) != 1 || list[0].Device != w.Staff["bea"].Device || len(list[0].By) != 1 || list[0].By[0] != s.ID || list[0].Since != 0 {
		t.Fatalf("leavers: %+v, want Bea's device", list)
	}
	if _, err := w.Accept(w.ByDefault("bea", "device.purged", policies.DevicePurged{Order: s.ID})); err != nil {
		t.Fatal(err)
	}
	if at := w.Family.Gone[w.Staff["bea"].Device]; at == 0 {
		t.Error("Bea's device said that it has nothing any more, and it is not noted")
	}
}
