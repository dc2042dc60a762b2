package rows

import (
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// Never is when something ends that does not: later than any time that a statement says.
const Never = policies.Micros(1 << 53)

// Due reads when something of a record next ends, and up to when that was seen to; Never
// and false where it was not asked yet.
func (q q) Due(record policies.RecordID) (due, passed policies.Micros, ok bool, err error) {
	ok, err = found(q.row(`SELECT due, passed FROM dues WHERE record = $1`, record.String()).Scan(&due, &passed))
	if !ok {
		due = Never
	}
	return due, passed, ok, err
}

// PutDue writes when something of a record next ends.
func (tx *Tx) PutDue(record policies.RecordID, due, passed policies.Micros) error {
	return tx.exec(`INSERT INTO dues (record, due, passed) VALUES ($1, $2, $3)
		ON CONFLICT (record) DO UPDATE SET due = excluded.due, passed = excluded.passed`, record.String(), due, passed)
}

// DueBy lists records of which something has ended by a time, at most limit.
func (q q) DueBy(now policies.Micros, limit int) ([]policies.RecordID, error) {
	return q.records(`SELECT record FROM dues WHERE due <= $1 ORDER BY due LIMIT $2`, now, limit)
}

// NextDue is when something ends next, of all records; Never for nothing.
func (q q) NextDue() (due policies.Micros, err error) {
	err = q.row(`SELECT COALESCE(MIN(due), $1) FROM dues`, Never).Scan(&due)
	return due, err
}

// Undated lists records of which nobody has asked yet when something ends: those of a
// database from before there was that question.
func (q q) Undated(limit int) ([]policies.RecordID, error) {
	return q.records(`SELECT id FROM records WHERE length(state) > 0 AND id NOT IN (SELECT record FROM dues) ORDER BY id LIMIT $1`, limit)
}

func (q q) records(query string, args ...any) ([]policies.RecordID, error) {
	var out []policies.RecordID
	err := q.each(func(scan func(...any) error) error {
		var text string
		var id policies.RecordID
		if err := scan(&text); err != nil {
			return err
		}
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("record %q: %w", text, err)
		}
		out = append(out, id)
		return nil
	}, query, args...)
	return out, err
}
