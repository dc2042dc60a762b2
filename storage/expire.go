package storage

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// dues knows when something next ends by its date, so that asking costs nothing.
type dues struct {
	next atomic.Int64 // of all records; at most too early
	one  sync.Mutex   // held by who ends what has ended
}

// family notes what a family's new state says about dates.
func (d *dues) family(tx *rows.Tx, o *policies.Org, f *policies.Family) error {
	return d.put(tx, policies.RecordID(f.ID), func(after, by policies.Micros) []policies.Ending { return f.Endings(o, after, by) })
}

func (d *dues) org(tx *rows.Tx, o *policies.Org) error {
	return d.put(tx, policies.RecordID(o.ID), o.Endings)
}

func (d *dues) put(tx *rows.Tx, record policies.RecordID, endings func(after, by policies.Micros) []policies.Ending) error {
	was, passed, known, err := tx.Due(record)
	if err != nil {
		return err
	}
	due := rows.Never
	if next := endings(passed, rows.Never); len(next) > 0 {
		due = next[0].At
	}
	if known && due == was {
		return nil
	}
	d.earlier(due)
	return tx.PutDue(record, due, passed)
}

// earlier is called before the commit: if that fails, somebody looks in vain.
func (d *dues) earlier(due policies.Micros) {
	for {
		next := d.next.Load()
		if int64(due) >= next || d.next.CompareAndSwap(next, int64(due)) {
			return
		}
	}
}

// loadDues asks the database, and asks of records from before this table when something of
// them ends.
func (d *door) loadDues(ctx context.Context) error {
	for {
		var some []policies.RecordID
		err := d.rows.Read(ctx, func(v *rows.View) error {
			next, err := v.NextDue()
			if err == nil {
				d.due.earlier(next)
				some, err = v.Undated(expireBatch)
			}
			return err
		})
		if err != nil || len(some) == 0 {
			return err
		}
		err = d.rows.Write(ctx, func(tx *rows.Tx) error {
			o, err := d.org.read(tx)
			for _, id := range some {
				if err == nil {
					err = d.date(tx, o, id)
				}
			}
			return err
		})
		if errors.Is(err, ErrFull) {
			return nil // a full disk keeps no service from starting; the rules hold all the same
		}
		if err != nil {
			return err
		}
	}
}

func (d *door) date(tx *rows.Tx, o *policies.Org, id policies.RecordID) error {
	if id == policies.RecordID(o.ID) {
		return d.due.org(tx, o)
	}
	f, err := tx.Family(policies.FamilyID(id))
	if err != nil || f == nil {
		return err
	}
	return d.due.family(tx, o, f)
}

// expireBatch is how many records one transaction looks after: it shares its commit with
// whoever writes at the time.
const expireBatch = 50

// Due reports whether something has ended that nobody has seen to yet. It costs nothing.
func (s *Store) Due() bool { return s.d.dated() }

func (d *door) dated() bool { return d.due.next.Load() <= int64(d.now()) }

// Expire ends what was granted until a date that has passed by the store's clock: a
// consent, a viewing, cover, a deputy. Each end is an event; who may receive a record no
// longer leaves it, and their devices are told to forget it, or to begin
// it anew where they receive less of it. It returns how many ends there were. Safe to run
// beside everything, twice, and to break off; and a pull that comes before it does it.
//
// Source: RULES.md, DATE-PASSED.
func (s *Store) Expire(ctx context.Context) (int, error) { return s.d.expire(ctx) }

func (d *door) expire(ctx context.Context) (total int, err error) {
	d.due.one.Lock()
	defer d.due.one.Unlock()
	for d.dated() {
		n, next := 0, rows.Never
		d.due.next.Store(int64(rows.Never)) // whoever writes from here on lowers it again
		err := d.rows.Write(ctx, func(tx *rows.Tx) error {
			n = 0
			o, err := d.org.read(tx)
			if err != nil {
				return err
			}
			now := d.now()
			some, err := tx.DueBy(now, expireBatch)
			if err != nil {
				return err
			}
			for _, id := range some {
				e := expiry{d: d, tx: tx, o: o, now: now, record: id}
				if err := e.run(); err != nil {
					return err
				}
				n += len(e.endings)
			}
			next, err = tx.NextDue()
			return err
		})
		if err != nil {
			d.due.earlier(0)
			return total, err
		}
		total += n
		d.due.earlier(next)
	}
	return total, nil
}

// upToDate ends what has ended, before somebody asks what is theirs. When it cannot, on
// a full disk, the rules hold back what the tables still let through.
func (d *door) upToDate(ctx context.Context) {
	if d.dated() {
		_, _ = d.expire(ctx)
	}
}

// expiry is the end of what has ended of one record.
type expiry struct {
	d      *door
	tx     *rows.Tx
	o      *policies.Org
	now    policies.Micros
	record policies.RecordID

	endings []policies.Ending
	index   int64 // of the last event
}

func (e *expiry) run() error {
	_, passed, _, err := e.tx.Due(e.record)
	if err != nil {
		return err
	}
	endings := e.o.Endings
	var f *policies.Family
	if e.record != policies.RecordID(e.o.ID) {
		if f, err = e.tx.Family(policies.FamilyID(e.record)); err != nil {
			return err
		}
		endings = func(after, by policies.Micros) []policies.Ending { return f.Endings(e.o, after, by) }
	}
	e.endings = endings(passed, e.now)
	at := map[policies.StaffID]int64{}
	for _, end := range e.endings {
		if err := e.log(end); err != nil {
			return err
		}
		at[end.Staff] = e.index
	}
	for _, end := range e.endings {
		if !end.Staff.IsZero() {
			if err := e.less(f, end.Staff, at[end.Staff]); err != nil {
				return err
			}
		}
	}
	due := rows.Never
	if next := endings(e.now, rows.Never); len(next) > 0 {
		due = next[0].At
	}
	return e.tx.PutDue(e.record, due, e.now)
}

func (e *expiry) log(end policies.Ending) (err error) {
	ev := rows.Event{
		At: int64(e.now), Action: string(policies.DatePassed), Outcome: accesslog.Done,
		Object: stated(end.Of), Rules: []string{policies.DateRule}, Bundle: e.d.cfg.Bundle.SHA256().String(),
	}
	if e.record != policies.RecordID(e.o.ID) {
		ev.Family = family(policies.FamilyID(e.record))
	}
	e.index, _, err = e.tx.Log(ev)
	return err
}

// less takes from a person what they received by what has ended: of this family, or of
// every one that they received as a deputy.
func (e *expiry) less(f *policies.Family, who policies.StaffID, index int64) error {
	if f != nil {
		return e.leave(f, who, index)
	}
	if slices.Contains(e.o.Desks(e.now), who) {
		return nil
	}
	all, err := e.tx.Memberships(who)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Until >= 0 || m.Record == e.record {
			continue
		}
		of, err := e.tx.Family(policies.FamilyID(m.Record))
		if err != nil {
			return err
		}
		if err := e.leave(of, who, index); err != nil {
			return err
		}
	}
	return nil
}

// leave ends a person's access to a family's record. A viewer's keys stay, unserved, until
// somebody removes them from the list: where the viewing is renewed they are good again. Who goes on receiving it begins it
// anew, unless they are on its team: what they had as one of that is more than what is
// theirs now.
func (e *expiry) leave(f *policies.Family, who policies.StaffID, index int64) error {
	if f.TeamAt(who, e.now) {
		return nil
	}
	still := f.Receives(e.o, who, e.now) || slices.Contains(e.o.Desks(e.now), who)
	if still && !f.Worked(who) {
		return nil
	}
	if err := e.tx.Leave(policies.RecordID(f.ID), who, index); err != nil || !still {
		return err
	}
	return e.tx.Join(policies.RecordID(f.ID), who, index)
}
