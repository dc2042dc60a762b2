package rows

import (
	"fmt"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Kept is the index of the first leaf that was not pruned.
func (q q) Kept() (n int64, err error) {
	if err = q.row(`SELECT kept FROM authority WHERE id = 1`).Scan(&n); err != nil {
		err = fmt.Errorf("read what of the log is kept: %w", err)
	}
	return n, err
}

// Aged is what decides how long an event is kept.
type Aged struct {
	N      int64
	At     int64  // µs
	Family string // pseudonym; "" for none
}

// Ages are those of the events from ≤ n < to, in order.
func (q q) Ages(from, to int64) (out []Aged, err error) {
	err = q.each(func(scan func(...any) error) error {
		var a Aged
		err := scan(&a.N, &a.At, &a.Family)
		out = append(out, a)
		return err
	}, `SELECT n, at, family FROM events WHERE n >= $1 AND n < $2 ORDER BY n`, from, to)
	return out, err
}

// NewestEvent is when the last event was; 0 in an empty log.
func (q q) NewestEvent() (at int64, err error) {
	_, err = found(q.row(`SELECT at FROM events ORDER BY n DESC LIMIT 1`).Scan(&at))
	return at, err
}

// StandsFor is what a pseudonym stands for, as long as that is known.
func (q q) StandsFor(pseudonym string) (n Named, known bool, err error) {
	known, err = found(q.row(`SELECT kind, subject FROM pseudonyms WHERE pseudonym = $1`, pseudonym).Scan(&n.Kind, &n.ID))
	return n, known, err
}

// Edge is the log's frontier with what this transaction has appended.
func (tx *Tx) Edge() accesslog.Frontier { return tx.edge }

// Prune has the log begin at kept. From its commit on nobody reads what lies below, and
// [Tx.DropPruned] deletes it. Receipts of statements that are still here stay, and so do
// the leaves that are named.
func (tx *Tx) Prune(kept int64, and ...int64) error {
	before, err := tx.Kept()
	if err != nil {
		return err
	}
	err = tx.exec(`INSERT INTO kept_leaves (n, leaf) SELECT e.n, e.leaf FROM events e JOIN statements s ON s.log_index = e.n
		WHERE e.n >= $1 AND e.n < $2`, before, kept)
	for _, n := range and {
		if err == nil {
			err = tx.exec(`INSERT INTO kept_leaves (n, leaf) SELECT n, leaf FROM events WHERE n = $1 AND n < $2
				ON CONFLICT (n) DO NOTHING`, n, kept)
		}
	}
	if err != nil {
		return err
	}
	return tx.exec(`UPDATE authority SET kept = $1, size = $2 WHERE id = 1`, kept, tx.edge.Size())
}

// DropPruned deletes some of what lies below the first leaf that is kept, and reports
// how many there were. Safe to call again, after a crash too.
func (tx *Tx) DropPruned(limit int) (int, error) {
	const pruned = `(SELECT n FROM events WHERE n < (SELECT kept FROM authority WHERE id = 1) ORDER BY n LIMIT $1)`
	if err := tx.exec(`DELETE FROM details WHERE n IN `+pruned, limit); err != nil {
		return 0, err
	}
	res, err := tx.change(`DELETE FROM events WHERE n IN `+pruned, limit)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// DropUnused deletes the names of those who stand in no event any more.
func (tx *Tx) DropUnused() error {
	return tx.exec(`DELETE FROM pseudonyms WHERE pseudonym NOT IN (
		SELECT subject FROM events UNION SELECT family FROM events UNION SELECT object FROM events)`)
}
