package policies_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func TestCheckEquipment(t *testing.T) {
	type add = policies.EquipmentAdd
	refuses(t, "EquipmentAdd", func() add {
		return add{Kind: policies.Card, Holder: policies.StaffID{1}, Fixed: []policies.Attachment{attachment("label")}}
	}, []slip[add]{
		{"KindOutsideTheList", func(b *add) { b.Kind = "drone" }},
		{"HeldByNobody", func(b *add) { b.Holder = policies.StaffID{} }},
		{"FormForALabel", func(b *add) { b.Fixed[0].Name = "form" }},
	})
	type retire = policies.EquipmentRetire
	refuses(t, "EquipmentRetire", func() retire {
		return retire{Equipment: policies.EquipmentID{1}, WipedOn: "2026-03-02", How: policies.Overwritten}
	}, []slip[retire]{
		{"Nothing", func(b *retire) { b.Equipment = policies.EquipmentID{} }},
		{"HowOutsideTheList", func(b *retire) { b.How = "deleted" }},
		{"WipedOnNoDay", func(b *retire) { b.WipedOn = "" }},
		{"LostAndWiped", func(b *retire) { b.How = policies.LostForGood }},
		{"DayThatIsNone", func(b *retire) { b.WipedOn = "2026-02-30" }},
	})
}

func orgMatters(w *policiestest.World, kind policies.MatterKind) []policies.Matter {
	return slices.DeleteFunc(w.Org.Matters(clocked, w.Now), func(m policies.Matter) bool { return m.Kind != kind })
}

// TestRegister: put on by a registrar, told about while it is open or in the wrong
// hands, taken off once, and again only where what was lost is found.
func TestRegister(t *testing.T) {
	w := policiestest.New()
	add := func(who, holder string, encrypted bool) (policies.EquipmentID, error) {
		id, err := w.InOrg(w.Key(who), "equipment.add", policies.EquipmentAdd{Kind: policies.Camera, Holder: w.Staff[holder].ID, Encrypted: encrypted})
		return policies.EquipmentID(id), err
	}
	camera, err := add("ig", "ann", false)
	if err != nil {
		t.Fatal(err)
	}
	laptop, err := add("head", "bea", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add("ann", "ann", true); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("by a practitioner: %v", err)
	}
	open := orgMatters(w, policies.EquipmentOpen)
	if len(open) != 1 || open[0].Of != camera.String() || !open[0].Waits(policies.HeadOfService) || !open[0].Waits(policies.IGOfficer) {
		t.Errorf("unencrypted = %+v, want the camera, for both registrars", open)
	}
	if got := orgMatters(w, policies.EquipmentStray); len(got) > 0 {
		t.Errorf("nobody has left, and %+v", got)
	}
	if _, err := w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["bea"].ID}); err != nil {
		t.Fatal(err)
	}
	if got := orgMatters(w, policies.EquipmentStray); len(got) != 1 || got[0].Of != laptop.String() {
		t.Errorf("stray = %+v, want the laptop of who left", got)
	}
	if _, err := add("head", "bea", true); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("held by who left: %v", err)
	}
	retire := func(id policies.EquipmentID, day string, how policies.WipedHow) error {
		_, err := w.InOrg(w.Key("head"), "equipment.retire", policies.EquipmentRetire{Equipment: id, WipedOn: day, How: how})
		return err
	}
	if err := retire(camera, "2026-03-09", policies.FactoryReset); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("wiped next week: %v", err)
	}
	if err := errors.Join(retire(laptop, "", policies.LostForGood), retire(laptop, "2026-03-02", policies.Destroyed)); err != nil {
		t.Errorf("lost, and found: %v", err)
	}
	if err := retire(laptop, "2026-03-02", policies.Destroyed); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("retired twice: %v", err)
	}
	if err := retire(policies.EquipmentID{9}, "2026-03-02", policies.Destroyed); !errors.Is(err, policies.ErrMissing) {
		t.Errorf("what is not on the register: %v", err)
	}
	if all := w.Org.Register(); len(all) != 2 || all[0].ID != camera || !all[0].InUse() || all[1].WipedOn != "2026-03-02" {
		t.Errorf("register = %+v, want what is in use first", all)
	}
	if got := orgMatters(w, policies.EquipmentStray); len(got) > 0 {
		t.Errorf("the laptop is off the register, and %+v", got)
	}
}
