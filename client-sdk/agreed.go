package attune

import "github.com/attune-vf/attune/policies"

// Agreement is what one person's forms say yes to now.
type Agreement struct {
	Person   policies.PersonID `json:"person"`
	Label    string            `json:"label"` // "" without the key
	Purposes []AgreedPurpose   `json:"purposes"`
}

// AgreedPurpose is one use that somebody agrees to, by which form and until when.
type AgreedPurpose struct {
	Purpose policies.Purpose   `json:"purpose"`
	Consent policies.ConsentID `json:"consent"`
	Until   policies.Micros    `json:"until"`
}

// Agreed is what each person in a family agrees to now, in the order of the record.
// Film of several is used for what all of them agree to.
func (c *Consents) Agreed(family policies.FamilyID) ([]Agreement, error) {
	v, err := (&Families{c.d}).Show(family)
	if err != nil {
		return nil, err
	}
	f, err := c.d.mirror.provisional(family)
	if err != nil {
		return nil, err
	}
	now := policies.At(c.d.now())
	out := []Agreement{}
	for _, p := range v.People {
		a := Agreement{Person: p.ID, Label: p.Label, Purposes: []AgreedPurpose{}}
		for _, purpose := range policies.Purposes() {
			if !f.ConsentFor(p.ID, purpose, now) {
				continue
			}
			whole, _ := f.CurrentConsent(p.ID, now)
			form, _ := f.DecidingForm(p.ID, purpose, now)
			a.Purposes = append(a.Purposes, AgreedPurpose{purpose, form.ID, min(form.Until, whole.Until)})
		}
		out = append(out, a)
	}
	return out, nil
}
