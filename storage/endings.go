package storage

import (
	"context"
	"fmt"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Endings lists what the caller receives no longer, and has not been told by the cursor
// that it holds: the drop_scope items of its feed, each with the statement that ended the
// access, behind what else stopped something in that record and in the organisation's
// since, and nothing else. For a device or a person that was revoked that is the
// organisation's record, with what revoked it. It moves no cursor: a device that cannot
// read the feed any more asks again, and is told again.
//
// Errors: [ErrCursor], [policies.ErrRoom] when it is more than one answer holds.
func (r *Records) Endings(ctx context.Context, c policies.Caller, cursor string) ([]Item, error) {
	return r.endings(ctx, c, cursor, maxEndingsBytes)
}

func (r *Records) endings(ctx context.Context, c policies.Caller, cursor string, most int) ([]Item, error) {
	w := walk{d: r.d, c: c}
	err := r.d.rows.Read(ctx, func(v *rows.View) (err error) {
		if w.o, err = r.d.org.read(v); err != nil {
			return err
		}
		w.v, w.now = v, r.d.now()
		if w.at, err = r.d.openCursor(v, c.Staff, cursor); err != nil {
			return err
		}
		return w.endings(most)
	})
	if err != nil {
		return nil, err
	}
	return w.items, r.logPull(ctx, &w)
}

func (w *walk) endings(most int) (err error) {
	if w.last, err = w.endOfDevice(); err != nil {
		return err
	}
	if w.last >= 0 {
		return w.ended(scope{record: policies.RecordID(w.o.ID), drop: true, until: w.last})
	}
	if w.at.Head, err = w.v.LastIndex(); err != nil {
		return err
	}
	members, err := w.v.Memberships(w.c.Staff)
	if err != nil {
		return err
	}
	for _, s := range w.scopes(members) {
		if !s.drop {
			continue
		}
		if len(w.items) == 0 { // somebody may have been a deputy
			if err := w.stopped(policies.RecordID(w.o.ID), w.at.Done, w.at.Head, most); err != nil {
				return err
			}
		}
		if err := w.stopped(s.record, s.from, s.until-1, most); err != nil { // the last goes with the drop
			return err
		}
		if err := w.ended(s); err != nil {
			return err
		}
	}
	return nil
}

// stopped hands over what stopped something in a record, above from and up to until:
// access can end in several steps, and a device believes the last one only together with
// those before. So nothing is cut: more than most bytes in all is refused.
func (w *walk) stopped(record policies.RecordID, from, until int64, most int) error {
	const some = 500
	for {
		statements, err := w.v.Statements(record, from, until, some)
		if err != nil {
			return err
		}
		for _, st := range statements {
			if row, _ := policies.RowOf(st.Kind); row.Restriction && row.Class == policies.Control {
				w.items = append(w.items, Item{Kind: ItemStatement, ID: st.ID, Place: place(st), Statement: st.Raw})
				w.bytes += len(st.Raw)
			}
			from = st.Index
		}
		if w.bytes > most {
			return fmt.Errorf("%w: what ended and what led to it is more than %d bytes", policies.ErrRoom, most)
		}
		if len(statements) < some {
			return nil
		}
	}
}

// maxEndingsBytes bounds the statements of an answer, which is held in memory and cannot
// come in parts: half of what a device takes at once, and some 50,000 withdrawals.
const maxEndingsBytes = 64 << 20
