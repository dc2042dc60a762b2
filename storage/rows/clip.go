package rows

import (
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// Clip is what can be found about a clip without folding its family.
type Clip struct {
	ID     policies.ClipID
	Family policies.FamilyID
	Author policies.StaffID
	Bytes  int64
	Stored bool
}

// PutClip writes a clip's row from its folded state.
func (tx *Tx) PutClip(c Clip) error {
	return tx.exec(`
		INSERT INTO clips (id, family, author, bytes, stored) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET stored = excluded.stored`,
		c.ID.String(), c.Family.String(), c.Author.String(), c.Bytes, flag(c.Stored))
}

// Clip reads one clip's row.
func (q q) Clip(id policies.ClipID) (Clip, bool, error) {
	c := Clip{ID: id}
	var family, author string
	var stored int64
	ok, err := found(q.row(`SELECT family, author, bytes, stored FROM clips WHERE id = $1`, id.String()).
		Scan(&family, &author, &c.Bytes, &stored))
	if !ok || err != nil {
		return c, false, err
	}
	c.Stored = stored == 1
	if err := c.Family.UnmarshalText([]byte(family)); err != nil {
		return c, false, fmt.Errorf("clip %s: %w", id, err)
	}
	return c, true, c.Author.UnmarshalText([]byte(author))
}

// StoredClips lists the clips whose payload is stored, for checks.
func (q q) StoredClips() ([]policies.ClipID, error) {
	var out []policies.ClipID
	err := q.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Clip](scan)
		out = append(out, id)
		return err
	}, `SELECT id FROM clips WHERE stored = 1 ORDER BY id`)
	return out, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
