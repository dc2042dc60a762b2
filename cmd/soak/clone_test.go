package soak

import (
	"errors"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
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
	d.cloned, other.cloned = append(d.cloned, d.id), append(slices.Clone(d.cloned), d.id)
	d.twins, other.twins, other.spoke, d.spoke = append(d.twins, other), []*device{d}, false, false
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

// copied: there is, or was, a copy of that device.
func (w *world) copied(signer string) bool {
	return slices.ContainsFunc(w.devices, func(d *device) bool {
		return slices.ContainsFunc(d.cloned, func(id policies.DeviceID) bool { return id.String() == signer })
	})
}

// twins: two copies of a device, of which both have said something that has a number, end
// as two devices.
func (w *world) twins() {
	for _, d := range w.devices {
		for _, other := range d.twins {
			if d.id == other.id && d.spoke && other.spoke && !d.revoked && !other.revoked {
				w.wrong("%s and %s are still one device", d.name, other.name)
			}
		}
	}
}
