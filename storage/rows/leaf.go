package rows

import (
	"database/sql"
	"fmt"
	"iter"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Leaves yields every leaf that was kept, in order, for verification. A row whose search
// columns differ from its leaf is yielded with a leaf that cannot decode, so that
// the verifier names it.
func (v *View) Leaves() iter.Seq2[accesslog.Row, error] {
	return func(yield func(accesslog.Row, error) bool) {
		rows, err := v.s.query(v.ctx, `
			SELECT n, leaf, at, action, outcome, subject, family, object, rules FROM events
			WHERE n >= (SELECT kept FROM authority WHERE id = 1) ORDER BY n`, nil)
		if err != nil {
			yield(accesslog.Row{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanLeaf(rows)
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(accesslog.Row{}, err)
		}
	}
}

func scanLeaf(rows *sql.Rows) (accesslog.Row, error) {
	var r accesslog.Row
	var c columns
	if err := rows.Scan(&r.Index, &r.Leaf, &c.at, &c.action, &c.outcome, &c.subject, &c.family, &c.object, &c.rules); err != nil {
		return r, err
	}
	if ev, err := accesslog.Decode(r.Leaf); err == nil && columnsOf(ev) != c {
		r.Leaf = append([]byte("columns differ from the leaf: "), r.Leaf...)
	}
	return r, nil
}

// Leaf is the bytes of one leaf. Of pruned ones those are still there that are receipts.
func (q q) Leaf(n int64) ([]byte, error) {
	var leaf []byte
	if err := q.row(`SELECT leaf FROM events WHERE n = $1 UNION ALL SELECT leaf FROM kept_leaves WHERE n = $1 LIMIT 1`, n).Scan(&leaf); err != nil {
		return nil, fmt.Errorf("read leaf %d: %w", n, err)
	}
	return leaf, nil
}
