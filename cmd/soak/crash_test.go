package soak

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// taps are told of each commit, by the database's path. SQLite calls its commit hook
// when all of a transaction was done and nothing of it is durable.
//
// A copy of the folder taken there is what a kill at that moment leaves. With the
// database as it is at the next commit, or at the end, it is what a kill right
// after the commit leaves: files that come after it are not there yet.
type tapped struct {
	mu     sync.Mutex
	by     map[string]*tap
	pragma string // of a planted fault
}

var taps = tapped{by: map[string]*tap{}}

// tap takes the copy at one commit.
type tap struct {
	from, to string
	at       int  // which commit, counted from 1
	after    bool // with the database as that commit left it
	seen     int
	taken    bool // the files
	whole    bool // the database too
	err      error
	struck   func() // called once the process counts as dead
}

func tapAll() {
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, dsn string) error {
		hooks, ok := c.(sqlite.HookRegisterer)
		if !ok {
			return errors.New("this driver has no commit hook")
		}
		path, _, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
		path = "/" + strings.TrimLeft(path, "/")
		if text := taps.pragma; text != "" && filepath.Base(path) == "store.db" {
			if _, err := c.ExecContext(context.Background(), text, nil); err != nil {
				return err
			}
		}
		hooks.RegisterCommitHook(func() int32 {
			taps.mu.Lock()
			t := taps.by[path]
			taps.mu.Unlock()
			if t != nil {
				t.commit()
			}
			return 0
		})
		return nil
	})
}

func (t *tap) commit() {
	t.seen++
	switch {
	case t.seen == t.at && !t.after:
		t.err = copyTree(t.from, t.to)
		t.taken, t.whole = true, true
		t.struck()
	case t.seen == t.at:
		t.err = copyTree(t.from, t.to)
		t.taken = true
	case t.taken && !t.whole:
		t.database()
	}
}

// database brings the copy's database to where the commit left it.
func (t *tap) database() {
	for _, name := range []string{"attune.db", "store.db"} {
		for _, part := range []string{"", "-wal"} {
			file := filepath.Join(t.from, name+part)
			if exists(file) {
				t.err = errors.Join(t.err, copyFile(file, filepath.Join(t.to, name+part)))
			}
		}
	}
	t.whole = true
	t.struck()
}

// during does something with the tap on a database, and leaves a copy in t.to of the
// folder as the crash left it: at the commit, or else at the end.
func (t *tap) during(database string, do func()) error {
	taps.mu.Lock()
	taps.by[database] = t
	taps.mu.Unlock()
	do()
	taps.mu.Lock()
	delete(taps.by, database)
	taps.mu.Unlock()
	if t.taken && !t.whole {
		t.database()
	}
	if !t.taken {
		t.err = copyTree(t.from, t.to)
		t.struck()
	}
	return t.err
}

// strike kills the server at some commit of a request, and starts it again.
func (w *world) strike(h held) {
	s := w.service
	w.count.falls++
	t := &tap{from: s.dir, to: filepath.Join(w.dir, fmt.Sprintf("server-%d", s.life+1)), at: 1 + w.r.IntN(3), after: w.chance(50), struck: func() {}}
	w.tell("the server dies at %s %s, commit %d, after %v", h.method, pathOf(h), t.at, t.after)
	err := t.during(s.database(), func() { s.serve(h) })
	if spoil := plants[w.refuse].crashed; spoil != nil {
		err = errors.Join(err, spoil(t.to))
	}
	w.ok(errors.Join(err, s.fall(t.to)))
}

// crash kills a device at some commit of what it does, and starts it again.
func (w *world) crash(d *device, do func()) {
	w.count.crashes++
	next := *d
	next.life++
	t := &tap{from: d.home(), to: next.home(), at: 1 + w.r.IntN(6), after: w.chance(50), struck: func() { d.dead = true }}
	err := t.during(filepath.Join(d.home(), "store.db"), do)
	err = errors.Join(err, d.client.Close(), os.RemoveAll(d.home()))
	d.life, d.dead = next.life, false
	if spoil := plants[w.refuse].crashed; spoil != nil {
		err = errors.Join(err, spoil(d.home()))
	}
	w.ok(errors.Join(err, d.open()))
}

// read opens a database beside its program.
func read(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	return db, db.PingContext(context.Background())
}
