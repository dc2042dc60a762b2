package rows

import (
	"database/sql"

	"github.com/attune-vf/attune/policies"
)

// Member is one person's access to one record, by the log's indexes.
type Member struct {
	Record policies.RecordID
	Since  int64
	Until  int64 // -1 while it lasts
}

// Join lets a person receive a record from this index on; again is the same as once.
func (tx *Tx) Join(record policies.RecordID, staff policies.StaffID, since int64) error {
	res, err := tx.change(`
		INSERT INTO members (record, staff, since, until)
		SELECT $1, $2, $3, NULL
		WHERE NOT EXISTS (SELECT 1 FROM members WHERE record = $1 AND staff = $2 AND until IS NULL)`,
		record.String(), staff.String(), since)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	tx.moves(record, staff, since)
	return nil
}

// Leave ends a person's access to a record.
func (tx *Tx) Leave(record policies.RecordID, staff policies.StaffID, until int64) error {
	res, err := tx.change(`UPDATE members SET until = $3 WHERE record = $1 AND staff = $2 AND until IS NULL`,
		record.String(), staff.String(), until)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err // they did not receive it: nobody's feed moves
	}
	tx.moves(record, staff, until)
	return nil
}

// Memberships lists a person's accesses, past ones too, by record and since.
func (q q) Memberships(staff policies.StaffID) ([]Member, error) {
	var out []Member
	err := q.each(func(scan func(...any) error) error {
		var m Member
		var record string
		var until sql.NullInt64
		if err := scan(&record, &m.Since, &until); err != nil {
			return err
		}
		m.Until = -1
		if until.Valid {
			m.Until = until.Int64
		}
		out = append(out, m)
		return out[len(out)-1].Record.UnmarshalText([]byte(record))
	}, `SELECT record, since, until FROM members WHERE staff = $1 ORDER BY record, since`, staff.String())
	return out, err
}
