package rows

import (
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// Viewing is one person's open door to one clip.
type Viewing struct {
	ID      policies.Digest // SHA-256 of what the device holds
	Clip    policies.ClipID
	Staff   policies.StaffID
	Device  policies.DeviceID
	Purpose policies.Purpose
	Copy    bool
	Eighths int64 // one bit each, entered so far
	Expires policies.Micros
}

// PutViewing opens a viewing.
func (tx *Tx) PutViewing(v Viewing) error {
	return tx.exec(`INSERT INTO viewings (id, clip, staff, device, purpose, copy, eighths, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.ID.String(), v.Clip.String(), v.Staff.String(), v.Device.String(), string(v.Purpose), flag(v.Copy), v.Eighths, v.Expires)
}

// Viewing reads a viewing.
func (q q) Viewing(id policies.Digest) (Viewing, bool, error) {
	v := Viewing{ID: id}
	var clip, staff, device, purpose string
	var copied int64
	ok, err := found(q.row(`SELECT clip, staff, device, purpose, copy, eighths, expires FROM viewings WHERE id = $1`, id.String()).
		Scan(&clip, &staff, &device, &purpose, &copied, &v.Eighths, &v.Expires))
	if !ok || err != nil {
		return v, false, err
	}
	v.Purpose, v.Copy = policies.Purpose(purpose), copied == 1
	for _, f := range []struct {
		from string
		into interface{ UnmarshalText([]byte) error }
	}{{clip, &v.Clip}, {staff, &v.Staff}, {device, &v.Device}} {
		if err := f.into.UnmarshalText([]byte(f.from)); err != nil {
			return v, false, fmt.Errorf("viewing: %w", err)
		}
	}
	return v, true, nil
}

// EnterEighths records newly entered eighths.
func (tx *Tx) EnterEighths(id policies.Digest, eighths int64) error {
	return tx.exec(`UPDATE viewings SET eighths = $2 WHERE id = $1`, id.String(), eighths)
}
