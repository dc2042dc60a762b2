package soak

// mostRevoked leaves somebody to work.
func mostRevoked(w *world) int { return len(w.devices) / 12 }

func revokeDevice(w *world, d *device) error {
	other := one(w, w.devices)
	if w.gone() >= mostRevoked(w) || other.person == d.person || other.person == w.people[0] {
		return errNothing
	}
	err := d.client.Devices.Revoke(other.id)
	for _, x := range w.devices { // a copy that has not gone on as another device is this one
		x.revoked = x.revoked || err == nil && x.id == other.id
	}
	return err
}

func revokePerson(w *world, d *device) error {
	other := one(w, w.people)
	if w.gone()+2 > mostRevoked(w) || other == d.person || other == w.people[0] {
		return errNothing
	}
	err := d.client.Staff.Revoke(other.staff)
	for _, x := range w.devices {
		x.revoked = x.revoked || err == nil && x.person == other
	}
	return err
}

func (w *world) gone() (n int) {
	for _, d := range w.devices {
		if d.revoked {
			n++
		}
	}
	return n
}
