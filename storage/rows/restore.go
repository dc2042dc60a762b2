package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/policies"
)

// CopyTo writes a consistent copy of the database to a file that must not exist, while
// others read and write. The copy is one file, and on the disk when CopyTo returns.
func (db *DB) CopyTo(ctx context.Context, path string) error {
	if _, err := db.read.db.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	return syncFile(path)
}

// syncFile makes a file and its name durable: SQLite does not, of what VACUUM INTO wrote.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// OpenCopy opens a copy of a database: beside it no room is kept for anything.
func OpenCopy(ctx context.Context, path string) (*DB, error) { return open(ctx, path, noRoom{}) }

// noRoom is the reserve of a copy, which takes no withdrawals.
type noRoom struct{}

func (noRoom) Whole() bool  { return true }
func (noRoom) Refill() bool { return true }
func (noRoom) Spend() bool  { return false }

// Integrity has SQLite check the whole file; nil when it is sound.
func (q q) Integrity() error {
	var said string
	if err := q.row(`PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return fmt.Errorf("check integrity: %w", err)
	}
	if said != "ok" {
		return fmt.Errorf("the database is damaged: %s", said)
	}
	return nil
}

// Durable is how many leaves the last verified backup holds.
func (q q) Durable() (n int64, err error) {
	return n, q.row(`SELECT durable FROM authority WHERE id = 1`).Scan(&n)
}

// SetDurable raises it.
func (tx *Tx) SetDurable(size int64) error {
	return tx.exec(`UPDATE authority SET durable = $1 WHERE id = 1 AND durable < $1`, size)
}

// Ledger is the name of the restriction ledger that this database knows; "" before its first.
func (q q) Ledger() (name string, err error) {
	return name, q.row(`SELECT ledger FROM authority WHERE id = 1`).Scan(&name)
}

// SetLedger has it know another.
func (tx *Tx) SetLedger(name string) error {
	return tx.exec(`UPDATE authority SET ledger = $1 WHERE id = 1`, name)
}

// Restored is the first leaf of this history; -1 in a database that was never put back.
func (q q) Restored() (n int64, err error) {
	return n, q.row(`SELECT restored FROM authority WHERE id = 1`).Scan(&n)
}

// BeginHistory gives a database that was put back a name of its own for what follows.
// Pages of links and viewings that were open are open no more.
func (tx *Tx) BeginHistory(history string) error {
	for _, q := range []string{`DELETE FROM link_sessions`, `DELETE FROM viewings`} {
		if err := tx.exec(q); err != nil {
			return err
		}
	}
	return tx.exec(`UPDATE authority SET history = $1, restored = size, durable = size WHERE id = 1`, history)
}

// Owed is a statement of the ledger that waits for what it is about.
type Owed struct {
	ID     policies.StatementID
	Record policies.RecordID
	At     policies.Micros
	Sealed []byte
}

// PutOwed keeps one; again is the same as once.
func (tx *Tx) PutOwed(o Owed) error {
	return tx.exec(`INSERT INTO owed (id, record, at, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		o.ID.String(), o.Record.String(), o.At, o.Sealed)
}

// DropOwed forgets one that was taken.
func (tx *Tx) DropOwed(id policies.StatementID) error {
	return tx.exec(`DELETE FROM owed WHERE id = $1`, id.String())
}

// OwedSince is when one that still waits was accepted; false where none does.
func (q q) OwedSince(id policies.StatementID) (at policies.Micros, ok bool, err error) {
	err = q.row(`SELECT at FROM owed WHERE id = $1`, id.String()).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return at, err == nil, err
}

// AllOwed lists them in the order in which they were accepted before.
func (q q) AllOwed() (out []Owed, err error) {
	err = q.each(func(scan func(...any) error) error {
		var o Owed
		var id, record string
		if err := scan(&id, &record, &o.At, &o.Sealed); err != nil {
			return err
		}
		out = append(out, o)
		last := &out[len(out)-1]
		return errors.Join(last.ID.UnmarshalText([]byte(id)), last.Record.UnmarshalText([]byte(record)))
	}, `SELECT id, record, at, sealed FROM owed ORDER BY at, id`)
	return out, err
}

// AllStatements calls fn for every statement in the order of the log.
func (q q) AllStatements(fn func(Statement) error) error {
	return q.each(func(scan func(...any) error) error {
		s, err := scanStatement(scan)
		if err != nil {
			return err
		}
		return fn(s)
	}, `SELECT `+statementColumns+` FROM statements ORDER BY log_index`)
}

// StatementAt reads the statement at a position of a record; false if there is none.
func (q q) StatementAt(record policies.RecordID, position int64) (Statement, bool, error) {
	s, err := scanStatement(q.row(`SELECT `+statementColumns+` FROM statements WHERE record = $1 AND position = $2`, record.String(), position).Scan)
	ok, err := found(err)
	return s, ok, err
}
