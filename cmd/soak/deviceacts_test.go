package soak

import (
	"errors"
	"time"
)

// dismiss puts away what a person was told about. It need not be kept any more.
func dismiss(w *world, d *device) error {
	list, err := d.client.Outbox.Attention()
	if err != nil || len(list) == 0 {
		return errors.Join(err, nothing(len(list)))
	}
	o := one(w, list)
	delete(w.made, o.ID)
	return d.client.Outbox.Dismiss(o.ID)
}

func setClock(w *world, d *device) error {
	d.skew = 0
	if w.chance(60) {
		d.skew = time.Duration(w.r.IntN(172_800)-86_400) * time.Second // a day early or late
	}
	if w.chance(5) {
		d.skew = -365 * 24 * time.Hour
	}
	return nil
}

func letTimePass(w *world, _ *device) error {
	w.pass(time.Duration(1+w.r.IntN(30)) * time.Hour)
	return nil
}

func deliverLate(w *world, _ *device) error {
	if len(w.late) == 0 {
		return errNothing
	}
	w.deliver(w.r.IntN(len(w.late)))
	return nil
}

// upgrade installs the program of today.
func upgrade(_ *world, d *device) error {
	if !d.older {
		return errNothing
	}
	d.older = false
	return nil
}
