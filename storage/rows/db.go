// Package rows is the SQL of the service: one file per table, transactions, and
// the group commit. It promises that what Write reports as done is on disk, that
// events and the facts they tell of commit together or not at all, and that the
// log's index has no gap. It rules on nothing.
//
// Start at [Open] and [DB.Write].
package rows

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/attune-vf/attune/storage/accesslog"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the authority's database.
type DB struct {
	write *sql.DB // one connection: the writer
	read  *readers
	jobs  chan *job
	stop  chan struct{}
	done  chan struct{}
	room  room

	folded *families
	begun  *beginnings
	tiles  *keptTiles

	// committed is a copy of edge for readers, once it is on the disk.
	committed atomic.Pointer[accesslog.Frontier]

	watch atomic.Pointer[func(query string)]
	moved func(Moved) // [DB.OnMove]; nil for nobody

	// Only the writer touches these: the log's frontier as last committed, and the
	// session it writes in, stale when its connection is gone.
	edge  accesslog.Frontier
	own   *session
	stale bool
}

// room is what is kept back of a disk: a [reserve.File], or a test's.
type room interface {
	Whole() bool  // all of it is there
	Refill() bool // makes it whole if that can be done now, and reports whether it is
	Spend() bool  // gives a part back, and reports whether there was one
}

// Open opens or makes the database file and starts its writer. The caller closes
// it, which waits for what was accepted.
//
// Beside the file it keeps room for [DB.WriteFromReserve], if there is any: a full
// disk does not keep a service from starting that has to take withdrawals.
func Open(ctx context.Context, path string) (*DB, error) {
	kept := reserveBeside(path)
	for {
		db, err := open(ctx, path, kept)
		if err == nil {
			kept.Refill()
			return db, nil
		}
		if !isFull(err) || !kept.Spend() { // even to open it SQLite needs a few pages
			return nil, err
		}
	}
}

func open(ctx context.Context, path string, kept room) (*DB, error) {
	db := &DB{
		jobs: make(chan *job, maxQueue),
		stop: make(chan struct{}),
		done: make(chan struct{}),
		room: kept,

		folded: newFamilies(),
		begun:  newBeginnings(),
		tiles:  newKeptTiles(),
	}
	var err error
	if db.write, err = connect(path, "immediate", 1); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.write); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	read, err := connect(path, "deferred", maxReaders+1) // one for a copy
	if err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	db.read = newReaders(read)
	if err := db.loadEdge(ctx); err != nil {
		return nil, errors.Join(err, db.write.Close(), db.read.close())
	}
	go db.writer()
	return db, nil
}

// maxReaders bounds the read connections: SQLite reads do not block each other,
// and each connection costs about a megabyte of page cache.
const maxReaders = 8

// writerPragmas are for the connection that writes. A push of 200 statements touches a
// thousand pages and more, since identifiers are random: with SQLite's usual 2 MB it wrote
// some of them twice within a transaction, and each commit copied all of them from the
// write-ahead log into the database.
func writerPragmas() []string {
	return []string{
		"cache_size(-8000)",        // KiB: the pages of the largest push
		"wal_autocheckpoint(4000)", // pages, 16 MiB: what a start after a crash has to read again
	}
}

func connect(path, txlock string, conns int) (*sql.DB, error) {
	q := url.Values{}
	for _, p := range []string{
		"journal_mode(WAL)",
		"synchronous(FULL)", // NORMAL loses acknowledged commits in a power cut
		"foreign_keys(1)",
		"secure_delete(1)",    // a deleted key or form must not stay in free pages
		"busy_timeout(10000)", // a second process, such as the sweeper, writes too
	} {
		q.Add("_pragma", p)
	}
	if txlock == "immediate" {
		for _, p := range writerPragmas() {
			q.Add("_pragma", p)
		}
	}
	q.Set("_txlock", txlock)
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(0)
	if err := db.Ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if has > knows { // what it holds could be written past the rules of its own version
		return fmt.Errorf("the database is of a later version of attuned: it has tables of version %d, and this program knows %d", has, knows)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close ends the writer after the jobs it has taken, and closes the file.
func (db *DB) Close() error {
	close(db.stop)
	<-db.done
	err := db.read.close()
	if db.own != nil {
		err = errors.Join(err, db.own.close())
	}
	return errors.Join(err, db.write.Close())
}

// writing is the writer's session. A connection that is gone is replaced.
func (db *DB) writing(ctx context.Context) (*session, error) {
	if db.own != nil && db.stale {
		_ = db.own.close() // there is nothing left to lose
		db.own, db.stale = nil, false
	}
	if db.own == nil {
		s, err := openSession(ctx, db.write)
		if err != nil {
			return nil, fmt.Errorf("begin: %w", err)
		}
		db.own = s
	}
	return db.own, nil
}

// Watch has fn called with the text of each statement, in the order in which they
// are run, from transactions that begin after it; nil ends it. It is how a test sees
// that two requests cannot be told apart by what they ask of the database.
func (db *DB) Watch(fn func(query string)) {
	if fn == nil {
		db.watch.Store(nil)
		return
	}
	db.watch.Store(&fn)
}

// Ping proves that a write transaction can begin and commit.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return db.Write(ctx, func(*Tx) error { return nil })
}
