package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Limits of the group commit.
const (
	maxQueue = 1024 // jobs waiting; a caller beyond it waits in line for its own context
	maxGroup = 128  // jobs in one commit: bounds how long the first of them waits
)

// ErrClosed is returned by Write once the database is closing.
var ErrClosed = errors.New("database is closed")

// Tx is a guarded transaction: it holds the authority's head row, so that all
// writes stand in one order.
type Tx struct {
	q
	edge      accesslog.Frontier
	movements []movement                    // of the feed, by the jobs that stand
	folds     []kept                        // families' new states, by the jobs that stand
	names     map[Named]accesslog.Pseudonym // of the job that runs
	beside    bool                          // another process has committed since this one did
}

// View is a consistent snapshot for reading.
type View struct {
	q
	committed *accesslog.Frontier // as of about now; of this snapshot if the size is
	begun     *beginnings
	kept      *keptTiles
}

// q runs statements; both kinds of transaction have one.
type q struct {
	ctx context.Context
	s   *session

	// broken is set once SQLite may have undone the whole transaction by itself, as
	// it does when it finds no room. What was run after that would stand alone.
	broken *error
	watch  *func(query string) // [DB.Watch]; nil for nobody

	folded *families
}

type job struct {
	ctx      context.Context
	fn       func(*Tx) error
	reserved bool // taken from the reserve when the disk is full
	err      error
	done     chan struct{} // closed when err is final
}

// Write runs fn in a guarded transaction and returns once it is durable. An error
// of fn undoes what fn did and nothing else: jobs share a commit, each in its own
// savepoint. If the commit fails every job of it gets the error; ErrFull when there
// is no room on the disk.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return db.enter(&job{ctx: ctx, fn: fn, done: make(chan struct{})})
}

// WriteFromReserve is Write for what must be taken on a full disk too: that
// something stops. It uses the reserve if it has to, and fn may then run again from
// its beginning. Source: DESIGN §9.
func (db *DB) WriteFromReserve(ctx context.Context, fn func(*Tx) error) error {
	return db.enter(&job{ctx: ctx, fn: fn, reserved: true, done: make(chan struct{})})
}

func (db *DB) enter(j *job) error {
	ctx := j.ctx
	select {
	case db.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return ErrClosed
	}
	// Once taken, a job's outcome is awaited even if ctx ends: an effect whose
	// caller was told "cancelled" would be a lie.
	select {
	case <-j.done:
		return j.err
	case <-db.done:
		select {
		case <-j.done:
			return j.err
		default:
			return ErrClosed
		}
	}
}

func (db *DB) writer() {
	defer close(db.done)
	for {
		select {
		case <-db.stop:
			return
		case first := <-db.jobs:
			db.group(first)
		}
	}
}

// group commits first and whatever else is waiting.
func (db *DB) group(first *job) {
	jobs := []*job{first}
collect:
	for len(jobs) < maxGroup {
		select {
		case j := <-db.jobs:
			jobs = append(jobs, j)
		default:
			break collect
		}
	}
	db.settle(jobs)
	for _, j := range jobs {
		close(j.done)
	}
}

// commit runs the jobs in one transaction. The frontier moves only when the
// commit has succeeded: until then the committed one stands.
func (db *DB) commit(jobs []*job) error {
	ctx := context.Background() // one caller's cancellation must not undo another's work
	s, err := db.writing(ctx)
	if err != nil {
		return err
	}
	sqlTx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		db.stale = gone(err)
		return fmt.Errorf("begin: %w", err)
	}
	defer sqlTx.Rollback()
	tx := &Tx{q: q{ctx, s, new(error), db.watch.Load(), db.folded}, edge: db.edge, names: map[Named]accesslog.Pseudonym{}}
	if err := tx.lockHead(); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.err = tx.savepoint(j); errors.Is(j.err, errSavepoint) {
			return j.err
		}
	}
	if err := tx.exec(`UPDATE authority SET size = $1 WHERE id = 1`, tx.edge.Size()); err != nil {
		return err
	}
	moved, err := tx.moved()
	if err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		db.tell(nil)
		return fmt.Errorf("commit: %w", err)
	}
	db.edge = tx.edge
	edge := tx.edge
	db.committed.Store(&edge)
	for _, k := range tx.folds {
		db.folded.keep(k)
	}
	if tx.beside {
		db.tell(nil)
	} else if len(moved) > 0 {
		db.tell(moved)
	}
	return nil
}

func (db *DB) tell(moved Moved) {
	if db.moved != nil {
		db.moved(moved)
	}
}

var errSavepoint = errors.New("savepoint")

// savepoint runs one job. A job that fails rolls back its rows and its leaves.
func (tx *Tx) savepoint(j *job) error {
	if err := j.ctx.Err(); err != nil {
		return err // nobody waits for it any more, and nothing has happened yet
	}
	if err := tx.exec(`SAVEPOINT job`); err != nil {
		return errors.Join(errSavepoint, err)
	}
	before, moved, folds := tx.edge, len(tx.movements), len(tx.folds)
	clear(tx.names) // those that a job made go with it if it fails
	err := tx.run(j)
	if *tx.broken != nil {
		return errors.Join(errSavepoint, *tx.broken)
	}
	if err == nil {
		if rel := tx.exec(`RELEASE job`); rel != nil {
			return errors.Join(errSavepoint, rel)
		}
		return nil
	}
	tx.edge, tx.movements, tx.folds = before, tx.movements[:moved], tx.folds[:folds]
	if undo := errors.Join(tx.exec(`ROLLBACK TO job`), tx.exec(`RELEASE job`)); undo != nil {
		return errors.Join(errSavepoint, undo, err)
	}
	return err
}

// run does the job's work. A panic is this job's error and not the process's end:
// it runs on the writer, where no caller's recovery reaches, and beside jobs that
// are not at fault.
func (tx *Tx) run(j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return j.fn(tx)
}

// lockHead takes the authority's row. SQLite's BEGIN IMMEDIATE has it already;
// the read shows whether another process has written since, and then the frontier
// is loaded again.
func (tx *Tx) lockHead() error {
	var size int64
	if err := tx.row(`SELECT size FROM authority WHERE id = 1`).Scan(&size); err != nil {
		return fmt.Errorf("lock head: %w", err)
	}
	if size == tx.edge.Size() {
		return nil
	}
	edge, err := accesslog.Load(tiles{tx.q}, size)
	if err != nil {
		return fmt.Errorf("load frontier: %w", err)
	}
	tx.edge, tx.beside = edge, true
	return nil
}

// Read runs fn over a consistent snapshot.
func (db *DB) Read(ctx context.Context, fn func(*View) error) error {
	s, err := db.read.take(ctx)
	if err != nil {
		return fmt.Errorf("begin read: %w", err)
	}
	// Queries end with ctx; the transaction does not, or what is asked after it had
	// been rolled back would be answered from outside the snapshot.
	sqlTx, err := s.conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	defer func() { db.read.give(s, err) }()
	if err != nil {
		return fmt.Errorf("begin read: %w", err)
	}
	defer sqlTx.Rollback()
	return fn(&View{q{ctx, s, new(error), db.watch.Load(), db.folded}, db.committed.Load(), db.begun, db.tiles})
}

func (q q) exec(query string, args ...any) error {
	_, err := q.change(query, args...)
	return err
}

// change runs a statement that writes. After one that found no room none is run.
func (q q) change(query string, args ...any) (sql.Result, error) {
	if *q.broken != nil {
		return nil, *q.broken
	}
	q.watched(query)
	res, err := q.s.exec(q.ctx, query, args)
	if err != nil {
		err = fmt.Errorf("%.40s: %w", query, err)
		if isFull(err) {
			*q.broken = err
		}
	}
	return res, err
}

func (q q) row(query string, args ...any) *sql.Row {
	q.watched(query)
	return q.s.row(context.WithoutCancel(q.ctx), query, args) // one row is soon there: no goroutine to watch over it
}

func (q q) watched(query string) {
	if q.watch != nil {
		(*q.watch)(query)
	}
}

// each runs fn on every row of a query.
func (q q) each(fn func(scan func(...any) error) error, query string, args ...any) error {
	q.watched(query)
	rows, err := q.s.query(q.ctx, query, args)
	if err != nil {
		return fmt.Errorf("%.40s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// found turns "no rows" into false.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
