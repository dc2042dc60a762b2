package storage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Pull returns a page of what the caller may receive and has not. The number of a
// change is the index of its leaf; pages walk records in order up to the head that
// the first page pinned, so a change is in exactly one window.
//
// The cursor is opaque, and good for this person only; "" starts anew. A page
// that delivers something is one event, written before it is delivered.
func (r *Records) Pull(ctx context.Context, c policies.Caller, cursor string, since int64, limit int) (Page, error) {
	r.d.upToDate(ctx)
	for again := false; ; again = true {
		w := walk{d: r.d, c: c, limit: limit}
		next, err := r.walk(ctx, &w, cursor)
		if err != nil {
			return Page{}, err
		}
		if err := r.logPull(ctx, &w); err != nil {
			return Page{}, err
		}
		// Whose access has just been seen to have ended by a date is told so in what comes
		// next, and asks for that before it takes anything for withheld.
		if w.again && len(w.items) == 0 && !again {
			cursor = next // the tables say so by now
			continue
		}
		// Once: were they not to say so, nobody may go round in circles for it.
		p := Page{Items: w.items, More: w.more || (w.again && !again), Cursor: next, Withheld: w.faults()}
		r.withheld.Add(int64(p.Withheld))
		ends := make([]Result, 0, len(w.ends))
		for _, end := range w.ends {
			ends = append(ends, Result{Receipt: &end})
		}
		slices.SortFunc(ends, func(a, b Result) int { return cmp.Compare(a.Receipt.Place.Index, b.Receipt.Place.Index) })
		p.Proven, err = r.d.log.prove(ctx, since, ends)
		for _, end := range ends {
			p.Receipts = append(p.Receipts, *end.Receipt)
		}
		return p, err
	}
}

// walk makes one page and returns the cursor behind it.
func (r *Records) walk(ctx context.Context, w *walk, cursor string) (next string, err error) {
	err = r.d.rows.Read(ctx, func(v *rows.View) error {
		o, err := r.d.org.read(v)
		if err != nil {
			return err
		}
		w.v, w.o, w.now = v, o, r.d.now()
		seal, err := w.d.cursorSealIn(v)
		if err != nil {
			return err
		}
		if w.at, err = seal.at(w.c.Staff, cursor); err != nil {
			return err
		}
		if err := w.run(); err != nil {
			return err
		}
		next, err = seal.seal(w.c.Staff, w.at)
		return err
	})
	return next, err
}

// Withheld counts the records that a rule held back from a device in force although the
// tables let them through, since the store was opened. Anything but 0 is a fault here.
func (r *Records) Withheld() int64 { return r.withheld.Load() }

// logPull writes one event for a page that delivers something, and one for each
// record that a rule withheld although the tables let it through.
func (r *Records) logPull(ctx context.Context, w *walk) error {
	if len(w.items) == 0 && len(w.withheld) == 0 {
		return nil
	}
	return r.d.rows.Write(ctx, func(tx *rows.Tx) error {
		for _, h := range w.withheld {
			index, _, err := tx.Log(r.d.access(w.c, h.ruling, w.now, h.family, rows.Named{}))
			if err != nil {
				return err
			}
			if !h.over {
				continue
			}
			if err := r.endAccess(tx, h.record, w.c.Staff, index); err != nil {
				return err
			}
		}
		if len(w.items) == 0 {
			return nil
		}
		if w.ruling.Action == "" { // nothing but records that the caller has left
			w.ruling = policies.Ruling{Allowed: true, Action: policies.ActPull, Rules: []string{policies.DropRule}, Bundle: r.d.cfg.Bundle.SHA256()}
		}
		ev := r.d.access(w.c, w.ruling, w.now, rows.Named{}, rows.Named{})
		ev.Range = fmt.Sprintf("%d items", len(w.items))
		_, _, err := tx.Log(ev)
		return err
	})
}

// endAccess takes a record out of the tables for a viewer or deputy whose date has
// passed, unless they were put on the list or appointed again since that was read.
func (r *Records) endAccess(tx *rows.Tx, record policies.RecordID, who policies.StaffID, index int64) error {
	o, err := r.d.org.read(tx)
	if err != nil {
		return err
	}
	f, err := tx.Family(policies.FamilyID(record))
	if err != nil || f.Receives(o, who, r.d.now()) || slices.Contains(o.Desks(r.d.now()), who) {
		return err
	}
	return tx.Leave(record, who, index)
}
