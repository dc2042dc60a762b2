package attune

import (
	"database/sql"
	"errors"

	"github.com/attune-vf/attune/policies"
)

// A film that met a stop on its way waits on this device for the head of service, and
// is asked about no more than once: what the record says is enough to know.

// waits reports whether the film of a clip waits for a decision, or is to be destroyed,
// by what the service has accepted.
func (u *Uploader) waits(clip policies.ClipID) bool {
	f := u.d.accepted(clip)
	if f == nil {
		return false
	}
	a := f.Arrival(u.d.mirror.Org(), clip)
	return a == policies.ArrivalAwaits || a == policies.ArrivalDestroy
}

// accepted is the family that the service has accepted a clip of; nil for none.
func (d *desk) accepted(clip policies.ClipID) *policies.Family {
	d.mirror.mu.Lock()
	defer d.mirror.mu.Unlock()
	for _, f := range d.mirror.families {
		if f.Clips[clip] != nil {
			return f
		}
	}
	return nil
}

// obey destroys the sealed film of clips that a head of service ordered to be destroyed,
// and says so. The order is a statement in the record, that this device has verified, in
// force and held by nothing; no reply of the server is one. Only film that the service
// has not taken is here to be destroyed. A recording that is still on the camera is the
// practitioner's to remove: this device does not know what else is in the file.
//
// The row goes and the statement is queued in one transaction; the file goes after it,
// now or at the next start.
func (u *Uploader) obey() (done []policies.ClipID, err error) {
	var clips []policies.ClipID
	err = each(u.d.store.db, func(r *sql.Rows) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		var id policies.ClipID
		err := id.UnmarshalText([]byte(text))
		clips = append(clips, id)
		return err
	}, `SELECT clip FROM uploads WHERE state <> 'stored' ORDER BY clip`)
	if err != nil || len(clips) == 0 {
		return nil, err
	}
	pack, err := u.d.figures()
	if err != nil {
		return nil, err
	}
	defer u.d.clean()
	for _, id := range clips {
		f := u.d.accepted(id)
		if f == nil || f.Arrival(u.d.mirror.Org(), id) != policies.ArrivalDestroy ||
			f.Destruction(u.d.mirror.Org(), id, pack, policies.At(u.d.now())).Destiny != policies.DestinyDestroy {
			continue
		}
		if err := u.purge(f, id); err != nil {
			return done, err
		}
		done = append(done, id)
	}
	return done, nil
}

// purge also where this device may state nothing any more: the order stands all the same.
func (u *Uploader) purge(f *policies.Family, id policies.ClipID) error {
	remove := func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM uploads WHERE clip = $1`, id.String())
		return err
	}
	order := f.Decisions[policies.StatementID(id)]
	_, err := u.d.outbox.fileWith(draft{policies.RecordID(f.ID), "device.purged", policies.DevicePurged{Clip: id, Order: order.ID}, nil},
		func(tx *sql.Tx, _ policies.Statement) error { return remove(tx) })
	var e *Error
	if errors.As(err, &e) && e.Code != CodeDisk {
		return u.d.store.write(remove)
	}
	return err
}
