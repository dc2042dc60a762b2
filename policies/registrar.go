package policies

import "slices"

// Registrars are the heads of service and the IG officers: they invite, confirm,
// renew and revoke. A service that has none left can take nobody in and shut nobody
// out, so the last who could act is never revoked. Two in different roles would be
// safer, and are not demanded: whoever must be revoked today cannot wait until a
// successor has joined, and one registrar can invite and confirm the next.

func registrar(r Role) bool { return slices.Contains(registrars, r) }

// able reports whether a registrar could act now, without one device.
func (o *Org) able(p *Staff, without DeviceID, now Micros) bool {
	if !registrar(p.Role) || !p.HasPowers() || !p.Active(now) {
		return false
	}
	for id, d := range o.Devices {
		if d.Staff == p.ID && id != without && d.Active(now) && !d.Waiting {
			return true
		}
	}
	return false
}

// ableBeside reports whether another registrar than this one could act now.
func (o *Org) ableBeside(who StaffID, now Micros) bool {
	for _, p := range o.Staff {
		if p.ID != who && o.able(p, DeviceID{}, now) {
			return true
		}
	}
	return false
}

func lastRegistrar() error {
	return notPossible("this would leave nobody who can invite and confirm; let another registrar join first")
}
