package attune

import (
	"database/sql"
	"errors"
	"os"

	"github.com/attune-vf/attune/policies"
)

// The service has destroyed the film of a clip, or has begun to: the order stands in the
// record, signed and verified, and rests on a mark that rests on somebody's word. What this
// device has of the clip goes too: its sealed film, the keys and the title, what its links
// hold. What it once showed in clear was never kept. A recording that is still on the camera
// is the practitioner's to remove.

// letGo removes what this device has of clips that the service has been ordered to destroy,
// and queues the word that it did, in one transaction for each; the file goes after it, now
// or at the next start. It says nothing of clips of which nothing was here.
func (u *Uploader) letGo() (done []policies.ClipID, err error) {
	d := u.d
	d.mirror.mu.Lock()
	ordered := map[policies.ClipID]*policies.Family{}
	for _, f := range d.mirror.families {
		for id, c := range f.Clips {
			if !c.Destroying.IsZero() {
				ordered[id] = f
			}
		}
	}
	d.mirror.mu.Unlock()
	for id, f := range ordered {
		some, err := u.hasSome(f, id)
		if err != nil {
			return done, err
		}
		if !some {
			continue
		}
		if err := u.letGoOf(f, id); err != nil {
			return done, err
		}
		done = append(done, id)
	}
	if len(done) == 0 {
		return nil, nil
	}
	d.clean()
	return done, d.store.scrub()
}

// filmParts are the statements beside which something lies that opens a clip's film.
func filmParts(f *policies.Family, id policies.ClipID) []string {
	parts := []string{id.String()}
	for link, l := range f.Links {
		if l.Clip == id {
			parts = append(parts, link.String())
			if !l.Issued.By.IsZero() {
				parts = append(parts, l.Issued.By.String())
			}
		}
	}
	return parts
}

func (u *Uploader) hasSome(f *policies.Family, id policies.ClipID) (some bool, err error) {
	if _, err := os.Stat(u.d.payload(id)); err == nil {
		return true, nil
	}
	err = u.d.store.db.QueryRow(`SELECT EXISTS (SELECT 1 FROM uploads WHERE clip = $1)`, id.String()).Scan(&some)
	for _, part := range filmParts(f, id) {
		if some || err != nil {
			return some, err
		}
		err = u.d.store.db.QueryRow(`SELECT EXISTS (SELECT 1 FROM attachments WHERE statement = $1)`, part).Scan(&some)
	}
	return some, err
}

// letGoOf also where this device may state nothing any more: the order stands all the same.
func (u *Uploader) letGoOf(f *policies.Family, id policies.ClipID) error {
	remove := func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM uploads WHERE clip = $1`, id.String())
		for _, part := range filmParts(f, id) {
			if err == nil {
				_, err = tx.Exec(`DELETE FROM attachments WHERE statement = $1`, part)
			}
		}
		return errors.Join(err, set(tx, settingMoved, "yes"))
	}
	said := draft{policies.RecordID(f.ID), "device.purged", policies.DevicePurged{Clip: id, Order: f.Clips[id].Destroying}, nil}
	_, err := u.d.outbox.fileWith(said, func(tx *sql.Tx, _ policies.Statement) error { return remove(tx) })
	var e *Error
	if errors.As(err, &e) && e.Code != CodeDisk {
		return u.d.store.write(remove)
	}
	return err
}
