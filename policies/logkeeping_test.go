package policies_test

import (
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestLogKeeping: six years from the closing of the case, and nothing before that; and
// never while anything of the family, or of the service, is held.
func TestLogKeeping(t *testing.T) {
	w := policiestest.NewFilmed()
	p, _, err := packs.Load("council")
	if err != nil {
		t.Fatal(err)
	}
	standing := func() policies.Forecast { return w.Family.LogKeeping(w.Org, p, w.Now, time.UTC) }
	if f := standing(); f.Standing != policies.StandWaiting {
		t.Errorf("while the case is open: %+v", f)
	}
	w.Do("ann", "family.close", policies.FamilyClose{EndedOn: "2026-03-02"})
	if f := standing(); f.Standing != policies.StandDated || f.Until.String() != "2032-03-02" {
		t.Errorf("closed: %+v", f)
	}
	id := w.Do("ig", "hold.place", policies.HoldPlace{Clips: []policies.ClipID{w.Clip}, Kind: "court"})
	if f := standing(); f.Standing != policies.StandHeld {
		t.Errorf("one clip held: %+v", f)
	}
	w.Do("head", "hold.release", policies.HoldRelease{Hold: id})
	if f := standing(); f.Standing != policies.StandDated {
		t.Errorf("released: %+v", f)
	}
}

// TestStaffLogKeeping: what is about no family goes by the longest period that needs none.
func TestStaffLogKeeping(t *testing.T) {
	on, err := policies.ParseDay("2024-02-29")
	if err != nil {
		t.Fatal(err)
	}
	for pack, want := range map[string]string{"council": "2030-02-28", "court": "2026-02-28", "nhs": "2026-02-28"} {
		p, _, err := packs.Load(pack)
		if err != nil {
			t.Fatal(err)
		}
		if f := p.StaffLogKeeping(nil, on); f.Standing != policies.StandDated || f.Until.String() != want || len(f.Reasons) != 1 {
			t.Errorf("%s: %+v, want %s", pack, f, want)
		}
	}
	if f := (policies.Pack{}).StaffLogKeeping(nil, on); f.Standing != policies.StandUndecided {
		t.Errorf("without figures: %+v", f)
	}
}
