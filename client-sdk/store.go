package attune

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/reserve"
	_ "modernc.org/sqlite" // registers "sqlite", pure Go: the same on every platform that we build for
)

// schema is the device's own; it never leaves the device, so a new version may
// rebuild everything but the outbox and uploads from the server.
const schema = `
CREATE TABLE IF NOT EXISTS settings (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- The mirror: every accepted statement that this person may see, in its place.
CREATE TABLE IF NOT EXISTS statements (
	id       TEXT NOT NULL,
	record   TEXT NOT NULL,
	position INTEGER NOT NULL,
	class    INTEGER NOT NULL,
	head     TEXT NOT NULL,
	org_head TEXT NOT NULL,
	at       INTEGER NOT NULL,  -- of acceptance, µs
	leaf     INTEGER NOT NULL,  -- index in the access log
	raw      BLOB NOT NULL,     -- sealed; '' where only the digest may be seen
	PRIMARY KEY (record, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS statement_id ON statements (id);
CREATE UNIQUE INDEX IF NOT EXISTS statement_leaf ON statements (leaf);

-- Sealed text, headers and envelopes beside statements of mirror and outbox.
CREATE TABLE IF NOT EXISTS attachments (
	statement TEXT NOT NULL,
	name      TEXT NOT NULL,
	body      BLOB NOT NULL,   -- sealed once more: names and packs come in the clear
	PRIMARY KEY (statement, name)
) WITHOUT ROWID;

-- Folded state, whole, beside the place where a record must at least have been:
-- a feed that starts again may not end earlier or go another way.
CREATE TABLE IF NOT EXISTS records (
	record         TEXT PRIMARY KEY,
	state          BLOB NOT NULL,     -- JSON, sealed; '' after reset
	floor_position INTEGER NOT NULL,
	floor_head     TEXT NOT NULL,
	proven         TEXT NOT NULL DEFAULT ''   -- head that the signed log was last seen to carry
) WITHOUT ROWID;

-- Where a record had been that this device was told to forget, under a name that only
-- this device can tell: given back, the record must reach as far again.
CREATE TABLE IF NOT EXISTS floors (
	name  TEXT PRIMARY KEY,
	floor BLOB NOT NULL      -- JSON, sealed
) WITHOUT ROWID;

-- n of the next statement of this device: it never repeats, whatever is refused.
CREATE TABLE IF NOT EXISTS numbers (
	signer TEXT PRIMARY KEY,
	next   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	record      TEXT NOT NULL,       -- '' for a family.open
	kind        TEXT NOT NULL,
	restriction INTEGER NOT NULL,
	raw         BLOB NOT NULL,       -- sealed
	state       TEXT NOT NULL CHECK (state IN ('queued', 'accepted', 'refused')),
	made        INTEGER NOT NULL,    -- µs
	code        TEXT NOT NULL DEFAULT '',
	message     TEXT NOT NULL DEFAULT '',
	next        TEXT NOT NULL DEFAULT '',
	retry       TEXT NOT NULL DEFAULT '',
	rules       TEXT NOT NULL DEFAULT '',
	head        TEXT NOT NULL DEFAULT '',   -- from a verified receipt: what the feed must show
	leaf        INTEGER NOT NULL DEFAULT -1
);

-- The age recipient of each person that this device wraps to, by its SHA-256: the one
-- it met first, or whose words its user has compared since.
CREATE TABLE IF NOT EXISTS known_keys (
	staff     TEXT PRIMARY KEY,
	recipient TEXT NOT NULL
) WITHOUT ROWID;

-- What came beside a statement and opened to the wrong thing, until its record is sent
-- again: of what comes beside a statement the first stays.
CREATE TABLE IF NOT EXISTS doubted (
	statement TEXT NOT NULL,
	name      TEXT NOT NULL,
	PRIMARY KEY (statement, name)
) WITHOUT ROWID;

-- Of the outbox: what the service has and keeps until something else arrives, and since
-- when; and refusals that the service may forget, because they are kept here.
CREATE TABLE IF NOT EXISTS deferred (
	id    TEXT PRIMARY KEY,
	since INTEGER NOT NULL     -- µs
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acknowledged (
	id TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS uploads (
	clip  TEXT PRIMARY KEY,
	bytes INTEGER NOT NULL,
	url   TEXT NOT NULL,      -- path of the open upload, '' for none
	state TEXT NOT NULL CHECK (state IN ('waiting', 'stored', 'stopped')),
	why   TEXT NOT NULL
) WITHOUT ROWID;

-- Proof that the service took something, from its signed log: by record, of the last
-- statement that a feed showed; by statement, of what this device sent and has not been
-- shown yet. JSON.
CREATE TABLE IF NOT EXISTS receipts (
	name    TEXT PRIMARY KEY,
	receipt TEXT NOT NULL,
	note    TEXT NOT NULL    -- the signed state of the log that it leads to
) WITHOUT ROWID;

-- States of the log that were shown as signed: of a service that is put back, one from
-- before its backup must be among its past.
CREATE TABLE IF NOT EXISTS marks (
	size INTEGER PRIMARY KEY,
	note TEXT NOT NULL
);

-- What the service had taken and forgot when it was put back from a backup, until it has
-- it again, and what proves it.
CREATE TABLE IF NOT EXISTS lost (
	id          TEXT PRIMARY KEY,
	record      TEXT NOT NULL,
	at          INTEGER NOT NULL,   -- of acceptance, µs
	leaf        INTEGER NOT NULL,   -- in the log that was
	sealed_in   TEXT NOT NULL,      -- statements or outbox
	raw         BLOB NOT NULL,      -- sealed
	code        TEXT NOT NULL DEFAULT '' -- why it was refused when it was last brought
) WITHOUT ROWID;
-- Of those, what a person has dealt with: it is brought all the same, and not listed.
CREATE TABLE IF NOT EXISTS lost_seen (
	id TEXT PRIMARY KEY REFERENCES lost (id) ON DELETE CASCADE
) WITHOUT ROWID;

-- Since when the service should have taken it, and has not.
CREATE TABLE IF NOT EXISTS withheld (
	id    TEXT PRIMARY KEY REFERENCES lost (id) ON DELETE CASCADE,
	since INTEGER NOT NULL          -- µs
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lost_proofs (
	name     TEXT PRIMARY KEY,      -- record or statement
	evidence TEXT NOT NULL          -- JSON, as it is sent
) WITHOUT ROWID;

-- What became of trying to send each film, and whether its person said that it goes over
-- any network.
CREATE TABLE IF NOT EXISTS upload_tries (
	clip  TEXT PRIMARY KEY REFERENCES uploads (clip) ON DELETE CASCADE,
	sent  INTEGER NOT NULL DEFAULT 0,   -- bytes that the server has, as far as was noted
	tries INTEGER NOT NULL DEFAULT 0,
	tried INTEGER NOT NULL DEFAULT 0,   -- µs, the last of them
	word  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- The recording on the camera, until somebody said what shall become of it.
CREATE TABLE IF NOT EXISTS sources (
	clip   TEXT PRIMARY KEY,
	path   BLOB NOT NULL,      -- sealed: people call their films by names
	bytes  INTEGER NOT NULL,
	sha256 TEXT NOT NULL,
	fate   TEXT NOT NULL       -- '' while undecided
) WITHOUT ROWID;
`

// openStore opens the device's database and takes it for this process alone:
// SQLite's own lock is the one lock that works on every platform and ends with
// the process, however that ends. On a full disk it takes what it needs from the
// reserve.
func openStore(dir string) (*sql.DB, error) {
	for {
		db, err := tryStore(dir)
		if err == nil || !noRoom(err) || !reserveIn(dir).Spend() {
			return db, roomless(err)
		}
	}
}

func tryStore(dir string) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {
		"locking_mode(EXCLUSIVE)",
		"journal_mode(WAL)",
		"synchronous(FULL)",  // an accepted act survives a flat battery
		"secure_delete(ON)",  // a dropped family leaves nothing in free pages
		"temp_store(MEMORY)", // what is sorted must not lie about in a file
		"foreign_keys(ON)",
	}, "_txlock": {"immediate"}}
	path := filepath.Join(dir, "store.db")
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // "C:/…": a file URI needs the slash
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	if err := claim(db); err != nil {
		db.Close()
		if strings.Contains(err.Error(), "SQLITE_BUSY") || strings.Contains(err.Error(), "locked") {
			return nil, problem(CodeInUse, "Close the other window or wait for it to end.", "Another program has %s open.", dir)
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// claim takes the lock by beginning to write: two programs that start in the same
// instant can both read a schema that is there already, and the second would fail
// later, in the middle of its work.
func claim(db *sql.DB) error {
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	tx, err := db.Begin() // immediate, as _txlock says
	if err != nil {
		return err
	}
	return tx.Rollback()
}

// makePrivate creates the file for its owner only, where SQLite would let others
// read it. A file that is there is not touched: closing it would drop the locks
// that this process may hold on it.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return file.Close()
}

// store is the database with transactions. One connection serves one process, so
// no method may call another that takes the connection again.
type store struct {
	db   *sql.DB
	kept *reserve.File
	box  *seal.Box
}

func newStore(dir string, db *sql.DB, key policies.Digest) *store {
	s := &store{db, reserveIn(dir), seal.NewBox(key)}
	s.kept.Refill() // a full disk keeps nobody from saying stop
	return s
}

// write runs fn in one transaction, durable when it returns nil. Without room on the
// disk, and while the reserve is in use, it is an [*Error] of [CodeDisk], and nothing
// happened.
func (s *store) write(fn func(tx *sql.Tx) error) error {
	if !s.kept.Refill() {
		return roomless(syscall.ENOSPC)
	}
	return s.must(fn)
}

// must is write for what stops something: it is written while the reserve is in use.
//
// SQLite undoes the whole transaction by itself when it finds no room, so fn stops
// at its first error: what it would write after that would stand alone.
func (s *store) must(fn func(tx *sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return roomless(fmt.Errorf("begin: %w", err))
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return roomless(err)
	}
	if err := tx.Commit(); err != nil {
		return roomless(fmt.Errorf("commit: %w", err))
	}
	return nil
}

// querier is the database or a transaction.
type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args ...any) *sql.Row
}

// each calls scan for every row.
func each(q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// setting reads a setting, "" when it was never set.
func setting(q querier, name string) (value string, err error) {
	err = q.QueryRow(`SELECT value FROM settings WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func set(tx *sql.Tx, name, value string) error {
	_, err := tx.Exec(`INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// attachment reads one; nil when there is none.
func (s *store) attachment(q querier, statement, name string) (body []byte, err error) {
	err = q.QueryRow(`SELECT body FROM attachments WHERE statement = $1 AND name = $2`, statement, name).
		Scan(opens(s, &body, "attachments", &statement, &name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return body, err
}
