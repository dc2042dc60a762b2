package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestServiceRestored: it recovers until an IG officer names the last time that it was
// put back.
func TestServiceRestored(t *testing.T) {
	w := policiestest.New()
	at := policies.LogState{Origin: "attune/x/1", Size: 10, Root: policiestest.Digest("root")}
	put := func() policies.StatementID {
		id, err := w.InOrg(w.Key("server"), "service.restored", policies.ServiceRestored{Log: at, Known: at})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if _, err := w.InOrg(w.Key("ig"), "service.recovered", policies.ServiceRecovered{Restored: policies.StatementID{1}}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("ended although it never began: %v", err)
	}
	first := put()
	before := w.Org.Clone()
	second := put()
	if _, err := w.InOrg(w.Key("ig"), "service.recovered", policies.ServiceRecovered{Restored: first}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("ended by the time before: %v", err)
	}
	if _, err := w.InOrg(w.Key("head"), "service.recovered", policies.ServiceRecovered{Restored: second}); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("ended by a head of service: %v", err)
	}
	waits := w.Org.Matters(policies.Pack{}, w.Now)
	if len(waits) == 0 || waits[0].Kind != policies.ServiceRecovers || !waits[0].Waits(policies.IGOfficer) {
		t.Errorf("waiting = %+v", waits)
	}
	if _, err := w.InOrg(w.Key("ig"), "service.recovered", policies.ServiceRecovered{Restored: second}); err != nil {
		t.Fatal(err)
	}
	if _, is := w.Org.Recovering(); is {
		t.Error("it recovers still")
	}
	if r, is := before.Recovering(); !is || r.ID != first {
		t.Errorf("a copy changed: %+v, %v", r, is)
	}
}

// TestBefore: what comes again after its author was revoked is folded as it was then;
// what they sign afterwards is not.
func TestBefore(t *testing.T) {
	w := policiestest.NewFilmed()
	signed := w.Now + policies.Hour
	w.Now += policiestest.Day(1)
	if _, err := w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["ann"].ID}); err != nil {
		t.Fatal(err)
	}
	s := w.ByDefault("ann", "person.add", policies.PersonAdd{Role: policies.Sibling, Basis: policies.ParentalResponsibility, Born: "2020-01", Contact: policies.NoLink})
	w.Now += policies.Hour
	for _, c := range []struct {
		name  string
		under *policies.Org
		at    policies.Micros
		want  error
	}{
		{"Now", w.Org, w.Now, policies.ErrSigner},
		{"AsOfThen", w.Org.Before(signed), signed, nil},
		{"AsOfAfterwards", w.Org.Before(w.Now), w.Now, policies.ErrSigner},
	} {
		f := w.Family.Clone()
		if _, err := f.Apply(c.under, s, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if c.under.Head != w.Org.Head {
			t.Errorf("%s: another head", c.name)
		}
	}
	if w.Org.Staff[w.Staff["ann"].ID].Revoked.IsZero() {
		t.Error("the revocation is gone")
	}
	invite := w.Make(w.Key("ig"), "staff.train", policies.RecordID(w.Org.ID), policies.StaffTrain{Staff: w.Staff["bea"].ID, Programme: policies.VIG, Level: policies.Accredited, Until: w.Now + policiestest.Day(90)})
	if _, err := w.InOrg(w.Key("head"), "device.revoke", policies.DeviceRevoke{Device: w.Staff["ig"].Device}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Org.Clone().Apply(invite, w.Now); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("by a revoked device: %v", err)
	}
	if _, err := w.Org.ApplyBefore(invite, signed); err != nil {
		t.Errorf("as of then: %v", err)
	}
	if d := w.Org.Devices[w.Staff["ig"].Device]; d.Revoked.IsZero() {
		t.Error("the device is in force again")
	}
}
