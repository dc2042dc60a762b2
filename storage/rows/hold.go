package rows

import (
	"github.com/attune-vf/attune/policies"
)

// MirroredHold is what the object store was told about one clip, or is to be.
type MirroredHold struct {
	Clip   policies.ClipID
	Family policies.FamilyID
	Held   bool
	Since  policies.Micros
	Synced policies.Micros // 0 until the store was told
}

// HeldClips are the clips of a family that are held, as it was last looked at.
func (q q) HeldClips(f policies.FamilyID) ([]policies.ClipID, error) {
	var out []policies.ClipID
	err := q.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Clip](scan)
		out = append(out, id)
		return err
	}, `SELECT clip FROM mirrored_holds WHERE family = $1 AND held = 1 ORDER BY clip`, f.String())
	return out, err
}

// PutHold writes that a clip is held, or no longer: the store is to be told.
func (tx *Tx) PutHold(clip policies.ClipID, f policies.FamilyID, held bool, since policies.Micros) error {
	return tx.exec(`INSERT INTO mirrored_holds (clip, family, held, since, synced) VALUES ($1, $2, $3, $4, NULL)
		ON CONFLICT (clip) DO UPDATE SET held = excluded.held, since = excluded.since, synced = NULL`,
		clip.String(), f.String(), flag(held), since)
}

// HoldMirrored writes that the store was told, unless the record has changed since it was
// asked; it reports whether it has not.
func (tx *Tx) HoldMirrored(h MirroredHold, at policies.Micros) (bool, error) {
	res, err := tx.change(`UPDATE mirrored_holds SET synced = $1 WHERE clip = $2 AND held = $3 AND since = $4`,
		at, h.Clip.String(), flag(h.Held), h.Since)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// TellAgain has the store told once more, where it says otherwise.
func (tx *Tx) TellAgain(clip policies.ClipID) error {
	return tx.exec(`UPDATE mirrored_holds SET synced = NULL WHERE clip = $1`, clip.String())
}

// HoldsToMirror lists what the store was not told yet, from after one on, at most limit.
func (q q) HoldsToMirror(after MirroredHold, limit int) ([]MirroredHold, error) {
	return q.holds(`WHERE synced IS NULL AND (since, clip) > ($1, $2) ORDER BY since, clip LIMIT $3`, after.Since, after.Clip.String(), limit)
}

// Holds lists every row from after a clip on, at most limit.
func (q q) Holds(after policies.ClipID, limit int) ([]MirroredHold, error) {
	return q.holds(`WHERE clip > $1 ORDER BY clip LIMIT $2`, fromFirst(after), limit)
}

// Hold is the row of one clip; false where it never was held.
func (q q) Hold(clip policies.ClipID) (h MirroredHold, ok bool, err error) {
	all, err := q.holds(`WHERE clip = $1`, clip.String())
	if err != nil || len(all) == 0 {
		return h, false, err
	}
	return all[0], true, nil
}

// fromFirst is an id as it is stored, and "" for none: before all.
func fromFirst(id policies.ClipID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func (q q) holds(where string, args ...any) (out []MirroredHold, err error) {
	err = q.each(func(scan func(...any) error) error {
		var clip, family string
		var held int64
		var h MirroredHold
		if err := scan(&clip, &family, &held, &h.Since, &h.Synced); err != nil {
			return err
		}
		h.Held = held == 1
		if err := h.Clip.UnmarshalText([]byte(clip)); err != nil {
			return err
		}
		out = append(out, h)
		return out[len(out)-1].Family.UnmarshalText([]byte(family))
	}, `SELECT clip, family, held, since, COALESCE(synced, 0) FROM mirrored_holds `+where, args...)
	return out, err
}

// FamiliesAfter lists families in order of their ids, from after one on.
func (q q) FamiliesAfter(after string, limit int) ([]policies.RecordID, error) {
	return q.records(`SELECT id FROM records WHERE kind = 'family' AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// HeldFamilies lists the families of which something is held, as it was last looked at.
func (q q) HeldFamilies(after string, limit int) ([]policies.RecordID, error) {
	return q.records(`SELECT DISTINCT family FROM mirrored_holds WHERE held = 1 AND family > $1 ORDER BY family LIMIT $2`, after, limit)
}
