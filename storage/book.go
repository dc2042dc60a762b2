package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/rows"
)

// LedgerDir is the folder in which a configuration has its restriction ledger.
func (c Config) LedgerDir() string {
	return cmp.Or(c.Ledger, filepath.Join(filepath.Dir(c.Database), "ledger"))
}

// openBook opens the restriction ledger that the database knows. A new one beside a
// database that has withdrawn things already is given what stands there.
func (d *door) openBook(ctx context.Context) error {
	var org policies.OrgID
	var known string
	err := d.rows.Read(ctx, func(v *rows.View) (err error) {
		if org, _, err = v.Authority(); err == nil {
			known, err = v.Ledger()
		}
		return err
	})
	if err != nil || org.IsZero() {
		return err
	}
	begin := ledger.Open
	if d.cfg.LedgerLost {
		begin = ledger.Begin
	}
	if d.book, err = begin(d.cfg.LedgerDir(), org.String(), known); errors.Is(err, ledger.ErrLost) {
		return fmt.Errorf("%w: %w", ErrLedger, err)
	} else if err != nil {
		return err
	}
	d.rows.Keep(d.book.Reserve()) // or what the ledger got back for a withdrawal, a viewing would take
	if d.book.Empty() || d.book.Name() != known {
		if err := d.rows.Read(ctx, d.fillBook); err != nil {
			return err
		}
	}
	if d.book.Name() == known {
		return nil
	}
	return d.rows.Write(ctx, func(tx *rows.Tx) error { return tx.SetLedger(d.book.Name()) })
}

func (d *door) fillBook(v *rows.View) error {
	size, err := v.LogSize()
	if err != nil {
		return err
	}
	for _, row := range policies.Kinds() {
		if !row.Ledgered() {
			continue
		}
		all, err := v.StatementsOf(row.Kind)
		if err != nil {
			return err
		}
		for _, s := range all {
			if len(s.Raw) == 0 {
				continue // of a record that was destroyed
			}
			came, err := v.CameWith(s.ID)
			if err != nil {
				return err
			}
			if err := d.book.Append(d.entry(s, came, size)); err != nil {
				return booked(err)
			}
		}
	}
	return nil
}

func (d *door) closeBook() error {
	if d.book == nil {
		return nil
	}
	return d.book.Close()
}

// inStep refuses a database that is older than its ledger saw it: somebody put it back
// by hand, what was withdrawn since is missing from it, and nothing may be served.
func (d *door) inStep(ctx context.Context) error {
	return d.rows.Read(ctx, func(v *rows.View) error {
		size, err := v.LogSize()
		if err == nil && size < d.book.Size(d.log.origin) {
			err = fmt.Errorf("%w: its log has %d rows, and had %d", ErrPutBack, size, d.book.Size(d.log.origin))
		}
		return err
	})
}

// note writes what must outlive a restore into the ledger, durably, before it is
// committed: a crash between the two leaves a line about what somebody signed and
// nobody was told of, and to replay that stops no more than they wanted. The other way
// round something could be acknowledged, backed up nowhere, and lost.
//
// Source: DESIGN §6, restore.
func (j *judge) note(s rows.Statement, came []Attachment) error {
	row, _ := policies.RowOf(s.Kind)
	if !row.Ledgered() || j.d.book == nil || j.d.book.Has(s.ID.String()) {
		return nil
	}
	size, err := j.tx.LogSize()
	if err != nil {
		return err
	}
	beside := make([]rows.Attachment, len(came))
	for i, a := range came {
		beside[i] = rows.Attachment(a)
	}
	j.d.step("before the ledger")
	if err := j.d.book.Append(j.d.entry(s, beside, size)); err != nil {
		return booked(err)
	}
	j.d.step("after the ledger")
	return nil
}

func (d *door) entry(s rows.Statement, came []rows.Attachment, size int64) ledger.Entry {
	e := ledger.Entry{
		ID: s.ID.String(), Record: s.Record.String(), Kind: string(s.Kind), At: int64(s.At), Log: d.log.origin, Size: size, Statement: string(s.Raw),
	}
	for _, a := range came {
		e.Attachments = append(e.Attachments, ledger.Attachment(a))
	}
	return e
}

// booked is an error of the ledger, ErrFull where its disk has no room even in reserve.
func booked(err error) error {
	if errors.Is(err, ledger.ErrFull) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
