package rows

import (
	"database/sql"
	"fmt"
	"iter"
	"strings"

	"github.com/attune-vf/attune/storage/accesslog"
)

// LogRow is one event as it is stored, with what its pseudonyms stand for.
type LogRow struct {
	N       int64
	Leaf    []byte
	Hash    accesslog.Hash
	Subject Named
	Family  Named
	Object  Named
	Detail  string
}

// LogFilter narrows a search; zero fields match everything.
type LogFilter struct {
	From, Since, Until    int64
	Subject               Named
	Reference             string // a family's; every family that has it
	Action, Outcome, Rule string
	Limit                 int
}

// SearchLog returns events in ascending order.
func (v *View) SearchLog(f LogFilter) ([]LogRow, error) {
	var where strings.Builder
	where.WriteString("e.n >= $1")
	args := []any{f.From}
	and := func(cond string, arg any) {
		args = append(args, arg)
		fmt.Fprintf(&where, " AND "+cond, len(args))
	}
	if f.Subject.ID != "" {
		and("s.subject = $%d", f.Subject.ID)
	}
	if f.Reference != "" {
		and("f.kind = 'family' AND f.subject IN (SELECT id FROM records WHERE kind = 'family' AND label = $%d)", f.Reference)
	}
	if f.Action != "" {
		and("e.action = $%d", f.Action)
	}
	if f.Outcome != "" {
		and("e.outcome = $%d", f.Outcome)
	}
	if f.Rule != "" {
		and("e.rules LIKE $%d ESCAPE '!'", "% "+escapeLike(f.Rule)+" %")
	}
	if f.Since != 0 {
		and("e.at >= $%d", f.Since)
	}
	if f.Until != 0 {
		and("e.at < $%d", f.Until)
	}
	args = append(args, f.Limit)
	var out []LogRow
	err := v.each(func(scan func(...any) error) error {
		var r LogRow
		var hash []byte
		err := scan(&r.N, &r.Leaf, &hash, &r.Subject.Kind, &r.Subject.ID, &r.Family.Kind, &r.Family.ID, &r.Object.Kind, &r.Object.ID, &r.Detail)
		if err == nil && len(hash) == len(r.Hash) {
			r.Hash = accesslog.Hash(hash)
		}
		out = append(out, r)
		return err
	}, `
		SELECT e.n, e.leaf, e.hash,
			COALESCE(s.kind, ''), COALESCE(s.subject, ''), COALESCE(f.kind, ''), COALESCE(f.subject, ''),
			COALESCE(o.kind, ''), COALESCE(o.subject, ''), COALESCE(d.body, '')
		FROM events e
		LEFT JOIN pseudonyms s ON s.pseudonym = e.subject
		LEFT JOIN pseudonyms f ON f.pseudonym = e.family
		LEFT JOIN pseudonyms o ON o.pseudonym = e.object
		LEFT JOIN details d ON d.n = e.n
		WHERE `+where.String()+fmt.Sprintf(` ORDER BY e.n LIMIT $%d`, len(args)), args...)
	return out, err
}

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// Leaves yields every stored leaf in order, for verification. A row whose search
// columns differ from its leaf is yielded with a leaf that cannot decode, so that
// the verifier names it.
func (v *View) Leaves() iter.Seq2[accesslog.Row, error] {
	return func(yield func(accesslog.Row, error) bool) {
		rows, err := v.tx.QueryContext(v.ctx, `
			SELECT n, leaf, at, action, outcome, subject, family, object, rules FROM events ORDER BY n`)
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

// Leaf is the bytes of one leaf.
func (v *View) Leaf(n int64) ([]byte, error) {
	var leaf []byte
	if err := v.row(`SELECT leaf FROM events WHERE n = $1`, n).Scan(&leaf); err != nil {
		return nil, fmt.Errorf("read leaf %d: %w", n, err)
	}
	return leaf, nil
}
