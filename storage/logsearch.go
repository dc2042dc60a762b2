package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// Search answers an IG officer with a page of events, and the index to go on from,
// -1 at the end; a page may be empty and not the last. The search is itself an
// event, written with its filter before anything is read. A family that nobody
// knows is ErrNotFound: the officer may know every reference, and an empty answer
// would say that nobody had looked at a family whose number was mistyped.
//
// Source: RULES.md, LOG-IG.
func (l *Log) Search(ctx context.Context, c policies.Caller, q LogQuery) ([]LogRow, int64, error) {
	about, err := l.enter(ctx, c, policies.ActSearchLog, q)
	if err != nil {
		return nil, -1, err
	}
	f := filter(q, about)
	var out []LogRow
	next := int64(-1)
	err = l.d.rows.Read(ctx, func(v *rows.View) error {
		found, more, err := v.SearchLog(f)
		if err != nil {
			return err
		}
		next = more
		out, err = l.name(v, found)
		return err
	})
	return out, next, err
}

// filter is a query as the tables understand it.
func filter(q LogQuery, families []rows.Named) rows.LogFilter {
	f := rows.LogFilter{From: q.From, Limit: q.Limit, Families: families, Action: q.Action, Outcome: q.Outcome, Rule: q.Rule,
		Since: int64(q.Since), Until: int64(q.Until)}
	if !q.Person.IsZero() {
		f.Subject = rows.Named{Kind: rows.NamedStaff, ID: q.Person.String()}
	}
	if !q.Object.IsZero() {
		f.Object = q.Object.String()
	}
	return f
}

// Leaves answers a verifier: leaf and stored hash of each row from an index on. A row that
// was pruned is its hash alone.
func (l *Log) Leaves(ctx context.Context, c policies.Caller, from int64, limit int) ([]LogRow, int64, error) {
	if _, err := l.enter(ctx, c, policies.ActVerifyLog, LogQuery{}); err != nil {
		return nil, -1, err
	}
	var out []LogRow
	next := int64(-1)
	err := l.d.rows.Read(ctx, func(v *rows.View) (err error) {
		if out, next, err = pruned(v, from, limit); err != nil || len(out) > 0 {
			return err
		}
		found, more, err := v.SearchLog(rows.LogFilter{From: from, Limit: limit})
		for _, r := range found {
			out = append(out, LogRow{Index: r.N, Leaf: r.Leaf, Hash: r.Hash})
		}
		next = more
		return err
	})
	return out, next, err
}

// pruned are rows that have a hash and no leaf any more, from an index on; none where
// leaves begin. There are as many as the limit, or as one tile has.
func pruned(v *rows.View, from int64, limit int) (out []LogRow, next int64, err error) {
	kept, err := v.Kept()
	if err != nil || from >= kept {
		return nil, -1, err
	}
	to := min(from+int64(limit), (from/accesslog.TileWidth+1)*accesslog.TileWidth)
	hashes, err := accesslog.TileHashes(v.Tiles(), from, to)
	for i, h := range hashes {
		out = append(out, LogRow{Index: from + int64(i), Hash: h})
	}
	return out, to, err
}

// enter rules on reading the log and writes the event, with what is asked for. It
// returns the families that the query names, nil for a query that names none.
func (l *Log) enter(ctx context.Context, c policies.Caller, act policies.Action, q LogQuery) ([]rows.Named, error) {
	var denied error
	var about []rows.Named
	err := l.d.rows.Write(ctx, func(tx *rows.Tx) error {
		o, err := l.d.org.read(tx)
		if err != nil {
			return err
		}
		now := l.d.now()
		ruling := l.d.cfg.Bundle.Decide(policies.Request{Caller: c, Action: act, Now: now}, o, nil)
		denied = refusal(ruling)
		if about, err = families(tx, q.Family); err != nil {
			return err
		}
		if denied == nil && q.Family != "" && len(about) == 0 {
			denied = ErrNotFound
		}
		// One event for each family that is asked about, so that a family's own events
		// tell who looked through them.
		for i := range max(1, len(about)) {
			ev := l.d.access(c, ruling, now, rows.Named{}, rows.Named{})
			if i < len(about) {
				ev.Family = about[i]
			}
			if asked := q.describe(); asked != "" {
				ev.Detail = asked + "\n" + ev.Detail
			}
			if _, err := l.d.logAccess(tx, c, ev); err != nil {
				return err
			}
		}
		return nil
	})
	return about, errors.Join(err, denied)
}

// families are those of a reference, or the one with that ID: none for "".
func families(tx *rows.Tx, text string) (about []rows.Named, err error) {
	if text == "" {
		return nil, nil
	}
	found, err := tx.FamiliesByReference(text)
	if err != nil {
		return nil, err
	}
	for _, id := range found {
		about = append(about, family(id))
	}
	if id, bad := policies.ParseID[policies.Family](text); bad == nil && len(about) == 0 {
		if f, err := tx.Family(id); err != nil || f == nil {
			return nil, err
		}
		about = append(about, family(id))
	}
	return about, nil
}

// describe says what a query asks for, on one line, for the log's deletable detail.
func (q LogQuery) describe() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%s %q", name, value))
		}
	}
	add("family", q.Family)
	if !q.Person.IsZero() {
		add("person", q.Person.String())
	}
	if !q.Object.IsZero() {
		add("object", q.Object.String())
	}
	add("action", q.Action)
	add("outcome", q.Outcome)
	add("rule", q.Rule)
	if q.Since != 0 {
		add("since", q.Since.Time().Format(time.RFC3339))
	}
	if q.Until != 0 {
		add("until", q.Until.Time().Format(time.RFC3339))
	}
	return strings.Join(parts, ", ")
}
