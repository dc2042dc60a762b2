package rows

import "github.com/attune-vf/attune/policies"

// Moved says for whom a commit changed what they receive: for each person, the index of
// the newest such change. Nil means that it is not known what was committed, because the
// commit failed: then everybody's has to be read again.
type Moved map[policies.StaffID]int64

// OnMove has fn called after each commit that changed what somebody receives, before any
// of its jobs is answered. It is set once, before the first write, and must not wait.
func (db *DB) OnMove(fn func(Moved)) { db.moved = fn }

// movement is one change of a record, or of one person's access to it.
type movement struct {
	record policies.RecordID
	staff  policies.StaffID // zero: of everyone who receives the record
	index  int64
}

// moves notes a change of the feed. It is forgotten with a job that fails.
func (tx *Tx) moves(record policies.RecordID, staff policies.StaffID, index int64) {
	tx.movements = append(tx.movements, movement{record, staff, index})
}

// moved names who is concerned, once for all jobs of a commit. Who left by one of its
// changes is concerned by it.
func (tx *Tx) moved() (Moved, error) {
	out := Moved{}
	first, last := map[policies.RecordID]int64{}, map[policies.RecordID]int64{}
	for _, m := range tx.movements {
		if !m.staff.IsZero() {
			out[m.staff] = max(out[m.staff], m.index)
			continue
		}
		if _, ok := first[m.record]; !ok {
			first[m.record] = m.index
		}
		last[m.record] = m.index
	}
	for record, from := range first {
		err := tx.each(func(scan func(...any) error) error {
			who, err := scanID[policies.Staff](scan)
			out[who] = max(out[who], last[record])
			return err
		}, `SELECT staff FROM members WHERE record = $1 AND (until IS NULL OR until >= $2)`, record.String(), from)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Head is the index of the newest change of what a person receives: of a record that is
// theirs, or of their access to one; -1 for none.
func (q q) Head(staff policies.StaffID) (int64, error) {
	var n int64
	err := q.row(`SELECT COALESCE(MAX(n), -1) FROM (
		SELECT MAX(since) AS n FROM members WHERE staff = $1
		UNION ALL SELECT MAX(until) FROM members WHERE staff = $1
		UNION ALL SELECT MAX(log_index) FROM outcomes WHERE staff = $1 AND log_index IS NOT NULL
		UNION ALL SELECT MAX((SELECT MAX(log_index) FROM statements s WHERE s.record = m.record))
			FROM members m WHERE m.staff = $1 AND m.until IS NULL
		UNION ALL SELECT MAX((SELECT MAX(log_index) FROM attachments a WHERE a.record = m.record AND a.log_index IS NOT NULL))
			FROM members m WHERE m.staff = $1 AND m.until IS NULL)`, staff.String()).Scan(&n)
	return n, err
}
