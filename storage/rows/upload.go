package rows

import (
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// UploadState is where an upload stands.
type UploadState string

// The states. Finalising is entered before the object is completed, so that any
// later request or restart can finish the work.
const (
	UploadOpen       UploadState = "open"
	UploadFinalising UploadState = "finalising"
	UploadStored     UploadState = "stored"
	UploadEnded      UploadState = "ended"
)

// Upload is one resumable upload.
type Upload struct {
	ID      policies.Digest
	Clip    policies.ClipID
	Staff   policies.StaffID
	Ref     string
	Length  int64
	Done    int64  // durable bytes
	Hash    []byte // SHA-256 so far
	State   UploadState
	Expires policies.Micros
}

// Part is one durable piece of an upload.
type Part struct {
	At    int64
	Bytes int64
	ETag  string
}

const uploadColumns = `id, clip, staff, ref, length, done, hash, state, expires`

// PutUpload opens an upload.
func (tx *Tx) PutUpload(u Upload) error {
	return tx.exec(`INSERT INTO uploads (`+uploadColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		u.ID.String(), u.Clip.String(), u.Staff.String(), u.Ref, u.Length, u.Done, u.Hash, string(u.State), u.Expires)
}

func scanUpload(scan func(...any) error) (Upload, error) {
	var u Upload
	var id, clip, staff, state string
	if err := scan(&id, &clip, &staff, &u.Ref, &u.Length, &u.Done, &u.Hash, &state, &u.Expires); err != nil {
		return u, err
	}
	u.State = UploadState(state)
	for _, f := range []struct {
		from string
		into interface{ UnmarshalText([]byte) error }
	}{{id, &u.ID}, {clip, &u.Clip}, {staff, &u.Staff}} {
		if err := f.into.UnmarshalText([]byte(f.from)); err != nil {
			return u, fmt.Errorf("upload %s: %w", id, err)
		}
	}
	return u, nil
}

// Upload reads an upload by its ID.
func (q q) Upload(id policies.Digest) (Upload, bool, error) {
	u, err := scanUpload(q.row(`SELECT `+uploadColumns+` FROM uploads WHERE id = $1`, id.String()).Scan)
	ok, err := found(err)
	return u, ok, err
}

// LiveUpload reads the open or finalising upload of a clip.
func (q q) LiveUpload(clip policies.ClipID) (Upload, bool, error) {
	u, err := scanUpload(q.row(`SELECT `+uploadColumns+` FROM uploads WHERE clip = $1 AND state IN ('open', 'finalising')`, clip.String()).Scan)
	ok, err := found(err)
	return u, ok, err
}

// Finalising lists the uploads whose finish was interrupted.
func (q q) Finalising() ([]Upload, error) {
	var out []Upload
	err := q.each(func(scan func(...any) error) error {
		u, err := scanUpload(scan)
		out = append(out, u)
		return err
	}, `SELECT `+uploadColumns+` FROM uploads WHERE state = 'finalising' ORDER BY id`)
	return out, err
}

// Advance records that parts are durable and that done bytes are. It fails when
// the upload stands elsewhere, which means that another request got there first.
func (tx *Tx) Advance(id policies.Digest, from, done int64, hash []byte, parts []Part) (bool, error) {
	res, err := tx.change(`UPDATE uploads SET done = $3, hash = $4 WHERE id = $1 AND done = $2 AND state = 'open'`,
		id.String(), from, done, hash)
	if err != nil {
		return false, fmt.Errorf("advance upload: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return false, err
	}
	for _, p := range parts {
		if err := tx.exec(`
			INSERT INTO upload_parts (upload, at, bytes, etag) VALUES ($1, $2, $3, $4)
			ON CONFLICT (upload, at) DO UPDATE SET bytes = excluded.bytes, etag = excluded.etag`,
			id.String(), p.At, p.Bytes, p.ETag); err != nil {
			return false, err
		}
	}
	return true, nil
}

// SetUploadState moves an upload on.
func (tx *Tx) SetUploadState(id policies.Digest, s UploadState) error {
	return tx.exec(`UPDATE uploads SET state = $2 WHERE id = $1`, id.String(), string(s))
}

// Parts lists an upload's durable pieces in order.
func (q q) Parts(id policies.Digest) ([]Part, error) {
	var out []Part
	err := q.each(func(scan func(...any) error) error {
		var p Part
		err := scan(&p.At, &p.Bytes, &p.ETag)
		out = append(out, p)
		return err
	}, `SELECT at, bytes, etag FROM upload_parts WHERE upload = $1 ORDER BY at`, id.String())
	return out, err
}
