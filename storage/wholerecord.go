package storage

import (
	"context"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// endRecords destroys the whole records that an IG officer let go, whose month is over and
// which nothing keeps: one transaction each, in which the certificate is stated and logged and
// nothing but digests is left. Their film went before, each clip with a certificate of its own.
//
// There are no bytes elsewhere, so there is nothing to mark: what makes a mistake good is the
// month, in which a hold keeps everything.
func (w *Sweeper) endRecords(ctx context.Context, out *Sweep) error {
	o, err := w.records.Org(ctx)
	if err != nil {
		return err
	}
	var list []policies.FamilyID
	for id := range o.LetGo {
		if o.Ended[id] == nil {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, func(a, b policies.FamilyID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		attachments, known := 0, false
		err := w.d.rows.Read(ctx, func(v *rows.View) error {
			f, err := v.Family(id)
			if known = f != nil; err != nil || !known {
				return err
			}
			attachments, err = v.CountAttachments(policies.RecordID(id))
			return err
		})
		if err != nil {
			return err
		}
		if !known {
			continue // somebody named a family that there is none of
		}
		done, err := w.records.stateIf(ctx, id, func(f *policies.Family, t policies.Terms) (policies.Kind, policies.Body) {
			return recordCertificate(f, t, attachments)
		})
		if err != nil {
			return fmt.Errorf("end record %s: %w", id, err)
		}
		if !done.IsZero() {
			out.Ended = append(out.Ended, id)
		}
	}
	return nil
}

// recordCertificate is the family.dispose of a record that goes now; nothing of any other.
func recordCertificate(f *policies.Family, t policies.Terms, attachments int) (policies.Kind, policies.Body) {
	x := f.RecordFate(t)
	if x.State != policies.FateGo {
		return "", nil
	}
	return "family.dispose", &policies.FamilyDispose{
		Family: f.ID, Authority: x.Authority[0], Head: f.Head, Count: f.Count, Film: len(f.Clips), Attachments: attachments,
		Due: x.Due, Pack: t.Policy,
		Backup: policies.DayOf(t.Now, t.Where).Plus(policies.Period{Days: t.Pack.Clocks.Backup.Value}).String(),
	}
}

// ended leaves digests of a family's record, in the transaction that accepted its certificate:
// whoever states it, also when the restriction ledger is replayed after a restore.
func (j *judge) ended(list []policies.FamilyID, index int64) error {
	for _, id := range list {
		delete(j.families, id)
		delete(j.dirty, id)
		if err := j.tx.EndRecord(policies.RecordID(id), index); err != nil {
			return fmt.Errorf("end record %s: %w", id, err)
		}
	}
	return nil
}

// wasEnded refuses whatever is said of a record that was destroyed, with a reason of its own: a
// device that was away must learn why its work is not taken.
func (j *judge) wasEnded(record policies.RecordID) error {
	e := j.org.Ended[policies.FamilyID(record)]
	if e == nil {
		return nil
	}
	return fmt.Errorf("%w on %s, and nothing more is taken for it", ErrEnded, e.At.Time().Format("2006-01-02"))
}

// stillEnds: as with an order to destroy film, a line of the ledger may be of a certificate that
// was never committed. It counts where all that was restored has no film left and nothing that
// keeps it; else it waits, and the sweeper asks anew.
func (j *judge) stillEnds(id policies.FamilyID) (bool, error) {
	f, err := j.family(id)
	if err != nil || f == nil {
		return err == nil, err
	}
	terms, err := j.d.terms(j.tx, j.org, j.now)
	return err == nil && f.FilmGone() && !f.HeldWhole(terms), err
}
