package attune

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Register says on what film is made and carried, who holds it, and what became of it.
type Register struct{ d *desk }

// EquipmentView is one thing on the register as this device knows it.
type EquipmentView struct {
	policies.Equipment
	Label      string `json:"label"` // how people know it; "" when none was given, or it was deleted
	HolderName string `json:"holder_name"`
	HolderGone bool   `json:"holder_gone"` // whoever holds it no longer works here
}

// Add puts a thing on the register. For a registrar.
func (r *Register) Add(kind policies.EquipmentKind, holder policies.StaffID, encrypted bool, label string) (policies.EquipmentID, error) {
	label = strings.TrimSpace(label)
	if len(label) > maxName {
		return policies.EquipmentID{}, tooLong("label", maxName)
	}
	body := policies.EquipmentAdd{Kind: kind, Holder: holder, Encrypted: encrypted, Fixed: []policies.Attachment{}}
	var attached []wire.Attachment
	if label != "" {
		var salt policies.Bytes16
		rand.Read(salt[:])
		attached = []wire.Attachment{{Name: "label", Body: policies.NameLabel(salt, label)}}
		body.Fixed = fixed(attached...)
	}
	s, err := r.d.outbox.file(draft{policies.RecordID(r.d.me.Org), "equipment.add", body, attached})
	return policies.EquipmentID(s.ID), err
}

// Retire takes a thing off the register: wiped on a day in one of the ways, or lost,
// without a day. The zero day is today.
func (r *Register) Retire(id policies.EquipmentID, on time.Time, how policies.WipedHow) error {
	if on.IsZero() {
		on = r.d.now()
	}
	body := policies.EquipmentRetire{Equipment: id, WipedOn: day(on), How: how}
	if how == policies.LostForGood {
		body.WipedOn = ""
	}
	_, err := r.d.outbox.file(draft{policies.RecordID(r.d.me.Org), "equipment.retire", body, nil})
	return err
}

// List is the register, what is in use first.
func (r *Register) List() ([]EquipmentView, error) {
	org, err := r.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	out := []EquipmentView{}
	for _, e := range org.Register() {
		v := EquipmentView{Equipment: e}
		label, err := r.d.shelf.fixed(policies.StatementID(e.ID), "label")
		if err != nil {
			return nil, err
		}
		v.Label = policies.LabelName(label)
		if org.Staff[e.Holder] != nil {
			m, err := (&Staff{r.d}).member(org, e.Holder)
			if err != nil {
				return nil, err
			}
			v.HolderName, v.HolderGone = m.Name, m.State == Revoked || m.State == Ended
		}
		out = append(out, v)
	}
	return out, nil
}

// Find is the thing that a label, a number, or the beginning of one, means.
func (r *Register) Find(text string) (policies.EquipmentID, error) {
	list, err := r.List()
	if err != nil {
		return policies.EquipmentID{}, err
	}
	var ids, called []policies.EquipmentID
	for _, v := range list {
		ids = append(ids, v.ID)
		if v.Label != "" && strings.EqualFold(v.Label, strings.TrimSpace(text)) {
			called = append(called, v.ID)
		}
	}
	if id, ok, err := named(text, called); ok {
		return id, err
	}
	return pick("piece of equipment", text, ids)
}
