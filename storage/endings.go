package storage

import (
	"context"

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
// Errors: [ErrCursor].
func (r *Records) Endings(ctx context.Context, c policies.Caller, cursor string) ([]Item, error) {
	w := walk{d: r.d, c: c}
	err := r.d.rows.Read(ctx, func(v *rows.View) (err error) {
		if w.o, err = r.d.org.read(v); err != nil {
			return err
		}
		w.v, w.now = v, r.d.now()
		if w.at, err = r.d.openCursor(v, c.Staff, cursor); err != nil {
			return err
		}
		return w.endings()
	})
	if err != nil {
		return nil, err
	}
	return w.items, r.logPull(ctx, &w)
}

func (w *walk) endings() (err error) {
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
			if err := w.stopped(policies.RecordID(w.o.ID), w.at.Done, w.at.Head); err != nil {
				return err
			}
		}
		if err := w.stopped(s.record, s.from, s.until-1); err != nil { // the last goes with the drop
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
// those before.
func (w *walk) stopped(record policies.RecordID, from, until int64) error {
	const some = 500
	for {
		statements, err := w.v.Statements(record, from, until, some)
		if err != nil {
			return err
		}
		for _, st := range statements {
			if row, _ := policies.RowOf(st.Kind); row.Restriction && row.Class == policies.Control {
				w.items = append(w.items, Item{Kind: ItemStatement, ID: st.ID, Place: place(st), Statement: st.Raw})
			}
			from = st.Index
		}
		if len(statements) < some || len(w.items) > maxEndings {
			return nil
		}
	}
}

// maxEndings bounds what of one record stands in an answer. No record stops so much while
// a device is away; one that did would leave the device waiting for an update, with what it holds.
const maxEndings = 5_000
