package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// folder is the server's data folder, and everything that is its own:
//
//	attune.db        records and access log (SQLite, with -wal and -shm beside it)
//	reserve          room on the disk that is kept for withdrawals; random bytes
//	ledger/          restriction ledger: what a backup must not undo
//	ledger.at        the folder in which that lies instead
//	restoring/       a database that is being put back
//	attune.db.before the one that was there, after a restore
//	serving          locked while a server runs; empty
//	objects/         sealed payloads, unless they lie on an S3 server
//	objects.url      the address of that server
//	anchors/         signed states of the log, if attuned anchor names no other place
//	anchor.sent      what attuned anchor e-mailed last
//	server.key       signs clip.stored               0400
//	log.key          signs checkpoints of the log    0400
//	acme/            ACME account and certificate    0700, with --domain
//	server.request   what the root is asked to certify, public
//	*.next           keys that shall replace these two, until the root has certified them
//	rotate.request   what the root is asked to certify then, public
//	DEMO             only in a demonstration, with demo-secrets/ beside it
//	DEMO.days        how many days a demonstration is ahead of the machine's clock
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) database() string      { return f.path("attune.db") }
func (f folder) objects() string       { return f.path("objects") }
func (f folder) objectsAt() string     { return f.path("objects.url") }
func (f folder) serverKey() string     { return f.path("server.key") }
func (f folder) logKey() string        { return f.path("log.key") }
func (f folder) acme() string          { return f.path("acme") }
func (f folder) request() string       { return f.path("server.request") }
func (f folder) nextServerKey() string { return f.path("server.key.next") }
func (f folder) nextLogKey() string    { return f.path("log.key.next") }
func (f folder) rotation() string      { return f.path("rotate.request") }
func (f folder) demoMark() string      { return f.path("DEMO") }
func (f folder) secrets() string       { return f.path("demo-secrets") }

// demo reports whether the folder is marked as a demonstration.
func (f folder) demo() bool { return isThere(f.demoMark()) }

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// create makes the folder, or takes an empty one; a folder with anything in it
// is refused, because keys made beside somebody's files are lost beside them.
func (f folder) create() error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("make %s: %w", f, err)
	}
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return fmt.Errorf("read %s: %w", f, err)
	}
	if len(entries) > 0 {
		return problem("not_empty", "Name a new folder; this one is left as it was.",
			"%s is not empty: it holds %s.", f, entries[0].Name())
	}
	return os.Chmod(string(f), 0o700)
}

// founded refuses a folder that init has not made. One that this user may not look
// into is not called missing: somebody would found a second one beside it.
func (f folder) founded() error {
	for _, path := range []string{f.database(), f.serverKey(), f.logKey()} {
		if err := forbidden(f, readable(path)); err != nil {
			return err
		}
	}
	missing := slices.DeleteFunc([]string{f.database(), f.serverKey(), f.logKey()}, isThere)
	if len(missing) == 1 && missing[0] == f.database() {
		return problem("no_database", "If a restore was broken off, run it again; else put the newest backup back: attuned restore --help",
			"%s has the server's keys, and no database.", f).status(exitMissing)
	}
	if len(missing) > 0 {
		return problem("not_founded", "Make it with: attuned init --data "+string(f)+" --root org.root",
			"%s is not a server's folder: %s is missing.", f, filepath.Base(missing[0])).status(exitMissing)
	}
	return nil
}

// forbidden is a failure where a file of the folder could not be read for want of
// the right to; nil for any other outcome.
func forbidden(f folder, read error) error {
	if !errors.Is(read, fs.ErrPermission) {
		return nil
	}
	return problem("not_yours", "Run it as the user who owns the folder; if its owner is wrong, have root put it right with chown -R.",
		"%s cannot be read by this user.", f)
}

func readable(path string) error {
	r, err := os.Open(path)
	if err != nil {
		return err
	}
	return r.Close()
}

// owned refuses to serve somebody else's folder as root. Film that arrives would belong
// to root, and their server could not read it any more.
func (f folder) owned(me int) error {
	info, err := os.Stat(f.database())
	if err != nil {
		return err
	}
	return ownedBy(f, ownerOf(info), me)
}

func ownedBy(f folder, owner, me int) error {
	if me != 0 || owner <= 0 {
		return nil
	}
	return problem("not_yours", fmt.Sprintf("Run it as them: setpriv --reuid=%d --regid=%d --clear-groups attuned serve …; if the owner is wrong, chown -R root %s.", owner, owner, f),
		"%s belongs to user %d, and this is root: what it writes there, they could not read.", f, owner)
}

// writeNew writes a file that must not be there yet, synced before it returns.
func writeNew(path string, body []byte, mode fs.FileMode) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = w.Write(body)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// replaceFile is writeNew for a file that may be there: whoever reads it finds the one
// or the other, whole.
func replaceFile(path string, body []byte, mode fs.FileMode) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNew(next, body, mode); err != nil {
		return err
	}
	return os.Rename(next, path)
}
