package policies

import (
	"cmp"
	"slices"
)

// The register of equipment says on what film is made and carried: cameras, cards,
// laptops, phones, tablets, each with somebody who holds it, whether it is encrypted,
// and when it was wiped. It opens and stops nothing: what may be watched is decided
// by keys, and a camera has none. It tells who must be asked, and what was forgotten.
//
// Source: NICE NG26, concerns about filming (d): the equipment too is stored as the
// law asks; Scottish MINS policy (domain notes, section 2): a register of recording
// equipment and its users.

// Equipment is one thing on the register.
type Equipment struct {
	ID        EquipmentID   `json:"id"`
	Kind      EquipmentKind `json:"kind"`
	Holder    StaffID       `json:"holder"`
	Encrypted bool          `json:"encrypted"`
	At        Micros        `json:"at"` // when it was put on the register
	Retired   StatementID   `json:"retired"`
	WipedOn   string        `json:"wiped_on"` // "" while it is in use, and for good when it was lost
	How       WipedHow      `json:"how"`
}

// EquipmentKind is what a thing is.
type EquipmentKind string

// The kinds of equipment.
const (
	Camera EquipmentKind = "camera"
	Card   EquipmentKind = "card" // a memory card, of a camera or on its own
	Laptop EquipmentKind = "laptop"
	Phone  EquipmentKind = "phone"
	Tablet EquipmentKind = "tablet"
)

// EquipmentKinds lists every EquipmentKind.
func EquipmentKinds() []EquipmentKind { return []EquipmentKind{Camera, Card, Laptop, Phone, Tablet} }

// WipedHow is how a thing was made to hold no film any more.
type WipedHow string

// The ways. Lost is none: whoever finds it has what it holds.
const (
	FactoryReset WipedHow = "factory_reset"
	Overwritten  WipedHow = "overwritten"
	Destroyed    WipedHow = "destroyed" // the thing itself
	LostForGood  WipedHow = "lost"
)

// WipedHows lists every WipedHow.
func WipedHows() []WipedHow {
	return []WipedHow{FactoryReset, Overwritten, Destroyed, LostForGood}
}

// EquipmentAdd is the body of equipment.add. The attachment "label" says how people
// know it, such as its serial number, in the form of [NameLabel]; it can be deleted.
// A thing that goes to somebody else is wiped, retired and added anew.
type EquipmentAdd struct {
	Kind      EquipmentKind `json:"kind"`
	Holder    StaffID       `json:"holder"`
	Encrypted bool          `json:"encrypted"`
	Fixed     []Attachment  `json:"attachments"`
}

// EquipmentRetire is the body of equipment.retire.
type EquipmentRetire struct {
	Equipment EquipmentID `json:"equipment"`
	WipedOn   string      `json:"wiped_on"` // "2026-11-20"; "" exactly when it was lost
	How       WipedHow    `json:"how"`
}

// Check implements [Body].
func (b EquipmentAdd) Check() error {
	var c checks
	word(&c, "kind of equipment", b.Kind, EquipmentKinds())
	named(&c, "who holds it", b.Holder)
	c.attachments(b.Fixed, "label")
	return c.err
}

// Check implements [Body].
func (b EquipmentRetire) Check() error {
	var c checks
	named(&c, "the equipment", b.Equipment)
	word(&c, "how it was wiped", b.How, WipedHows())
	c.that((b.WipedOn == "") == (b.How == LostForGood), "what is lost was not wiped, and what was wiped has a day")
	if b.WipedOn != "" {
		c.day("the day on which it was wiped", b.WipedOn)
	}
	return c.err
}

func addEquipment(o *Org, a act[EquipmentAdd]) (Changes, error) {
	p := o.Staff[a.Said.Holder]
	if p == nil {
		return Changes{}, missing("the invitation", a.Said.Holder)
	}
	if !p.Revoked.IsZero() {
		return Changes{}, notPossible("this person has left; name who holds it now")
	}
	id := EquipmentID(a.ID)
	put(&o.Equipment, id, &Equipment{ID: id, Kind: a.Said.Kind, Holder: p.ID, Encrypted: a.Said.Encrypted, At: min(a.At, a.Now)})
	return Changes{}, nil
}

func retireEquipment(o *Org, a act[EquipmentRetire]) (Changes, error) {
	e := o.Equipment[a.Said.Equipment]
	switch {
	case e == nil:
		return Changes{}, missing("the equipment", a.Said.Equipment)
	case !e.Retired.IsZero() && e.How != LostForGood:
		return Changes{}, notPossible("this is off the register already")
	case a.Said.WipedOn > a.Now.plus(Skew+summerTime).day():
		return Changes{}, notPossible("the day on which it was wiped is still to come")
	}
	e.Retired, e.WipedOn, e.How = a.ID, a.Said.WipedOn, a.Said.How // what was lost may be found
	return Changes{}, nil
}

// InUse reports whether a thing is on the register and was not retired.
func (e *Equipment) InUse() bool { return e.Retired.IsZero() }

// Register lists the equipment, what is in use first, the oldest first.
func (o *Org) Register() []Equipment {
	return listed(o.Equipment, func(a, b Equipment) int {
		return cmp.Or(compareBool(b.InUse(), a.InUse()), cmp.Compare(a.At, b.At), compareID(a.ID, b.ID))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// The matters of the register.
const (
	EquipmentOpen  MatterKind = "equipment.unencrypted"
	EquipmentStray MatterKind = "equipment.holder"
)

// strayEquipment lists what is in use without encryption, and what is held by
// somebody who has left.
func strayEquipment(o *Org, _ Pack, now Micros) []Matter {
	var out []Matter
	for _, e := range o.Register() {
		if !e.InUse() {
			continue
		}
		m := Matter{Of: e.ID.String(), Since: e.At, For: slices.Clone(registrars)}
		if p := o.Staff[e.Holder]; !p.Active(now) && !p.Certified.IsZero() {
			m.Kind, m.Text = EquipmentStray, "Somebody who no longer works here holds a "+string(e.Kind)+"."
			m.Do = "Get it back, wipe it, and take it off the register."
			out = append(out, m)
		}
		if !e.Encrypted {
			m.Kind, m.Text = EquipmentOpen, "A "+string(e.Kind)+" in use is not encrypted: whoever finds it can watch what is on it."
			m.Do = "Encrypt it and add it anew, or see that film leaves it on the day of the visit."
			out = append(out, m)
		}
	}
	return out
}
