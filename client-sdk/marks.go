package attune

import (
	"database/sql"
	"strconv"
)

// A service that is put back must go on from a state of its log that this device was shown
// before its backup. Which backup that is nobody knows beforehand, and what the service says
// of its backups is its own word. So the first state that was ever shown stays, and between
// that and the last a series that grows thinner with age: of any row of the log a state is
// kept from not much earlier, and there are few of them.

// recentMarks are kept whole: a backup that a service is put back from is mostly a young one.
const recentMarks = 64

// keepMark keeps a state of the log that was verified.
func keepMark(tx *sql.Tx, m mark) error {
	if m.Size == 0 {
		return nil
	}
	if _, err := tx.Exec(`INSERT INTO marks (size, note) VALUES ($1, $2) ON CONFLICT (size) DO UPDATE SET note = excluded.note`, m.Size, m.note); err != nil {
		return err
	}
	if m.durable > 0 {
		if err := set(tx, settingDurable, strconv.FormatInt(m.durable, 10)); err != nil {
			return err
		}
	}
	return thinMarks(tx)
}

// thinMarks removes those between which the gaps do not double, as seen from the last. The
// first and the recent ones stay. What is left is at most two for each time that the length
// of the log doubles, and the recent ones.
func thinMarks(tx *sql.Tx) error {
	var sizes []int64 // newest first
	err := each(tx, func(r *sql.Rows) error {
		var size int64
		err := r.Scan(&size)
		sizes = append(sizes, size)
		return err
	}, `SELECT size FROM marks ORDER BY size DESC`)
	if err != nil || len(sizes) <= recentMarks {
		return err
	}
	newest, kept := sizes[0], sizes[recentMarks-1]
	for i := recentMarks; i < len(sizes)-1; i++ {
		if newest-sizes[i+1] > 2*(newest-kept) {
			kept = sizes[i]
			continue
		}
		if _, err := tx.Exec(`DELETE FROM marks WHERE size = $1`, sizes[i]); err != nil {
			return err
		}
	}
	return nil
}
