package rows

import (
	"fmt"
	"slices"
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
	Salt    []byte // the second nonce, with which the leaf commits to Detail
}

// LogFilter narrows a search; zero fields match everything.
type LogFilter struct {
	From, Size            int64 // indices from ≤ n < size; 0 for as many as there are
	Since, Until          int64
	Subject               Named
	Families              []Named // any of them; nil for all
	Object                string  // an ID, of whatever kind: events about it, and a carer's by a link
	Action, Outcome, Rule string
	Limit                 int
	Scan                  int64 // rows that the page looks at, at most; MaxScan when zero
}

// MaxScan is the most rows that one page looks at when something it filters by has
// no index. It bounds how long a page takes, about a quarter of a second, whatever
// is searched for: the reader goes on from where the page stopped.
const MaxScan = 50_000

// SearchLog returns a page of events in ascending order, and the index to go on
// from, -1 at the end. A page may be empty and not the last.
//
// A search walks one index, ordered by n, from where the last page stopped, so
// that all its pages together read each row once: the family's, else the
// person's, else the action's, else the log itself. The other filters are
// compared on the way.
func (v *View) SearchLog(f LogFilter) (found []LogRow, next int64, err error) {
	if f.Scan == 0 {
		f.Scan = MaxScan
	}
	kept, err := v.Kept()
	if err != nil {
		return nil, -1, err
	}
	f.From = max(f.From, kept)
	walks, ok, err := v.walks(f)
	if err != nil || !ok {
		return nil, -1, err
	}
	end, more, err := v.horizon(walks, f)
	if err != nil {
		return nil, -1, err
	}
	for _, w := range walks {
		page, err := v.walk(w, f, end)
		if err != nil {
			return nil, -1, err
		}
		found = append(found, page...)
	}
	slices.SortFunc(found, func(a, b LogRow) int { return int(a.N - b.N) })
	if len(found) >= f.Limit { // walks of one event never meet it twice: families and outcomes exclude each other
		found = found[:f.Limit]
		return found, found[f.Limit-1].N + 1, nil
	}
	if more {
		return found, end, nil
	}
	return found, -1, nil
}

// condition is a part of WHERE with its argument, written $%d; nil for none.
type condition struct {
	text string
	arg  any
}

// walk is one pass along an index, and what is compared on the way.
type walk struct {
	along   []condition // equalities of one index that ends in n; none for the log itself
	compare []condition
}

// aside keeps a column out of the planner's choice on every engine, so that the
// index which a walk names is the one it takes.
const aside = "(e.%s || '')"

// walks turns a filter into passes; !ok when it names somebody or something that
// stands in no event. One pass serves, but for families with the same reference
// and for an action with any outcome: each of those has its own order by n.
func (v *View) walks(f LogFilter) (walks []walk, ok bool, err error) {
	w := walk{compare: f.plain()}
	families, err := v.pseudonymsOf(f.Families)
	if err != nil || f.Families != nil && len(families) == 0 {
		return nil, false, err
	}
	var subjects []string
	if f.Subject.ID != "" {
		if subjects, err = v.pseudonymsOf([]Named{f.Subject}); err != nil || len(subjects) == 0 {
			return nil, false, err
		}
	}
	if f.Object != "" {
		things, err := v.pseudonymsCalled(f.Object)
		if err != nil || len(things) == 0 {
			return nil, false, err
		}
		w.compare = append(w.compare, either(things))
		if families == nil {
			if families, err = v.where(f.Object); err != nil {
				return nil, false, err
			}
		}
	}
	switch {
	case len(families) > 0:
		for _, s := range subjects {
			w.compare = append(w.compare, condition{fmt.Sprintf(aside, "subject") + " = $%d", s})
		}
		for _, p := range families {
			walks = append(walks, walk{[]condition{{"e.family = $%d", p}}, w.compare})
		}
	case len(subjects) > 0:
		walks = []walk{{[]condition{{"e.subject = $%d", subjects[0]}}, w.compare}}
	case f.Action != "":
		for _, out := range []string{accesslog.Allowed, accesslog.Denied, accesslog.Done, accesslog.Refused, accesslog.Deferred} {
			if f.Outcome == "" || f.Outcome == out {
				walks = append(walks, walk{[]condition{{"e.action = $%d", f.Action}, {"e.outcome = $%d", out}}, w.compare})
			}
		}
	default:
		walks = []walk{w}
	}
	return walks, true, nil
}

// plain is what a filter compares that needs no pseudonym to be looked up.
func (f LogFilter) plain() (compare []condition) {
	for _, c := range []condition{{"outcome", f.Outcome}, {"action", f.Action}} {
		if c.arg != "" {
			compare = append(compare, condition{fmt.Sprintf(aside, c.text) + " = $%d", c.arg})
		}
	}
	if f.Rule != "" {
		compare = append(compare, condition{"e.rules LIKE $%d ESCAPE '!'", "% " + escapeLike(f.Rule) + " %"})
	}
	if f.Since != 0 {
		compare = append(compare, condition{"e.at >= $%d", f.Since})
	}
	if f.Until != 0 {
		compare = append(compare, condition{"e.at < $%d", f.Until})
	}
	return compare
}

// either is an event whose object or subject is one of these pseudonyms. They are
// base64url, and were read from our own table: nothing in them needs quoting.
func either(things []string) condition {
	in := " IN ('" + strings.Join(things, "', '") + "')"
	return condition{"(" + fmt.Sprintf(aside, "object") + in + " OR " + fmt.Sprintf(aside, "subject") + in + ")", nil}
}

// where are the walks on which every event about a thing lies: its family's, and
// the one of events that are about no family; nil where it has none.
func (q q) where(statement string) ([]string, error) {
	id, ok, err := q.familyOf(statement)
	if err != nil || !ok {
		return nil, err
	}
	families, err := q.pseudonymsOf([]Named{{NamedFamily, id}})
	return append(families, ""), err
}

// horizon is the index at which this page stops looking, when there is more. A
// page that compares nothing needs none: it ends when it is full.
func (v *View) horizon(walks []walk, f LogFilter) (end int64, more bool, err error) {
	for _, w := range walks {
		var n int64
		var ok bool
		switch {
		case len(w.compare) == 0:
		case len(w.along) == 0: // the log has no gaps
			if err := v.row(`SELECT size FROM authority WHERE id = 1`).Scan(&n); err != nil {
				return 0, false, fmt.Errorf("search log: %w", err)
			}
			ok = f.From+f.Scan < n
			n = f.From + f.Scan
		default:
			query, args := w.sql("SELECT e.n FROM events e", w.along, f, 0)
			if ok, err = found(v.row(query+fmt.Sprintf(" LIMIT 1 OFFSET %d", f.Scan), args...).Scan(&n)); err != nil {
				return 0, false, fmt.Errorf("search log: %w", err)
			}
		}
		if ok && (!more || n < end) {
			end, more = n, true
		}
	}
	return end, more && (f.Size == 0 || end < f.Size), nil
}

// sql is a query along the walk, up to the index end; 0 for no such bound.
func (w walk) sql(from string, where []condition, f LogFilter, end int64) (string, []any) {
	where = append([]condition{{"e.n >= $%d", f.From}}, where...)
	if f.Size != 0 {
		where = append(where, condition{"e.n < $%d", f.Size})
	}
	if end != 0 {
		where = append(where, condition{"e.n < $%d", end})
	}
	var text []string
	var args []any
	for _, c := range where {
		if c.arg != nil {
			args = append(args, c.arg)
			c.text = fmt.Sprintf(c.text, len(args))
		}
		text = append(text, c.text)
	}
	return from + " WHERE " + strings.Join(text, " AND ") + " ORDER BY e.n", args
}

// page is the whole query of a walk.
func (w walk) page(f LogFilter, end int64) (string, []any) {
	query, args := w.sql(`
		SELECT e.n, e.leaf, e.hash,
			COALESCE(s.kind, ''), COALESCE(s.subject, ''), COALESCE(f.kind, ''), COALESCE(f.subject, ''),
			COALESCE(o.kind, ''), COALESCE(o.subject, ''), COALESCE(d.body, ''), d.nonce
		FROM events e
		LEFT JOIN pseudonyms s ON s.pseudonym = e.subject
		LEFT JOIN pseudonyms f ON f.pseudonym = e.family
		LEFT JOIN pseudonyms o ON o.pseudonym = e.object
		LEFT JOIN details d ON d.n = e.n`, slices.Concat(w.along, w.compare), f, end)
	args = append(args, f.Limit)
	return query + fmt.Sprintf(" LIMIT $%d", len(args)), args
}

func (v *View) walk(w walk, f LogFilter, end int64) (out []LogRow, err error) {
	query, args := w.page(f, end)
	err = v.each(func(scan func(...any) error) error {
		var r LogRow
		var hash []byte
		err := scan(&r.N, &r.Leaf, &hash, &r.Subject.Kind, &r.Subject.ID, &r.Family.Kind, &r.Family.ID, &r.Object.Kind, &r.Object.ID, &r.Detail, &r.Salt)
		if err == nil && len(hash) == len(r.Hash) {
			r.Hash = accesslog.Hash(hash)
		}
		out = append(out, r)
		return err
	}, query, args...)
	return out, err
}

// pseudonymsOf are the names in the log of those who have one.
func (q q) pseudonymsOf(named []Named) (out []string, err error) {
	for _, n := range named {
		err = q.each(func(scan func(...any) error) error {
			var p string
			err := scan(&p)
			out = append(out, p)
			return err
		}, `SELECT pseudonym FROM pseudonyms WHERE kind = $1 AND subject = $2`, n.Kind, n.ID)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// thingKinds are the kinds of thing that an ID can name in an event. A clip is
// also the statement that added it, and a link the one that made it.
var thingKinds = [...]NamedKind{NamedClip, NamedStatement, NamedLink, NamedCarer}

func (q q) pseudonymsCalled(id string) ([]string, error) {
	var things []Named
	for _, kind := range thingKinds {
		things = append(things, Named{kind, id})
	}
	return q.pseudonymsOf(things)
}

// familyOf is the family that a statement, a clip or a link belongs to.
func (q q) familyOf(statement string) (id string, ok bool, err error) {
	ok, err = found(q.row(`
		SELECT r.id FROM statements s JOIN records r ON r.id = s.record
		WHERE s.id = $1 AND r.kind = 'family'`, statement).Scan(&id))
	return id, ok, err
}

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}
