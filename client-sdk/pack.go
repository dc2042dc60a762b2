package attune

import (
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// figures is the pack that the service adopted. The hash must be the adopted
// one: figures of another pack could let this device film for longer than the IG
// lead signed.
func (d *desk) figures() (policies.Pack, error) {
	org, err := d.mirror.verifiedOrg()
	if err != nil {
		return policies.Pack{}, err
	}
	pack, hash, err := packs.Load(org.Policy.Pack)
	if err != nil {
		return pack, problem(CodeUnknown, "Update the app.", "The service works with figures that this version does not know.").because(err)
	}
	if hash != org.Policy.SHA256 {
		return pack, problem(CodeUntrusted, "Update the app; if it stays, tell your administrator.", "The service adopted other figures than this version has.")
	}
	return pack, nil
}

// verifiedOrg is the mirror's organisation, or the reason why there is none.
func (m *Mirror) verifiedOrg() (*policies.Org, error) {
	if o := m.Org(); o != nil {
		return o, nil
	}
	return nil, problem(CodeUnknown, "Sync once while connected.", "This device has not yet received its organisation's record.")
}
