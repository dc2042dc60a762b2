package soak

import (
	"errors"
	"fmt"
)

// mostCopies bounds by how many devices a run grows.
const mostCopies = 4

// clone copies a device's home while it is closed, as a backup does, and both are used
// from then on. Whoever of the two is refused first goes on as another device.
func clone(w *world, d *device) error {
	if w.copies >= mostCopies || d.revoked {
		return errNothing
	}
	w.copies++
	copied := *d
	copied.name, copied.life, copied.client = fmt.Sprintf("%s-copy%d", d.name, w.copies), 0, nil
	err := errors.Join(d.client.Close(), copyTree(d.home(), copied.home()), d.open())
	w.ok(err)
	other := &copied
	w.ok(other.open())
	w.devices = append(w.devices, other)
	w.remember(other)
	return nil
}

// named notes as which device this one goes on.
func (d *device) named() {
	if id := d.client.Keys.Device(); id != d.id {
		d.w.tell("%s goes on as another device", d.name)
		d.id = id
	}
}
