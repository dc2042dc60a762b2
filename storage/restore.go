package storage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/rows"
)

// Restored is what a restore did.
type Restored struct {
	Manifest Manifest
	Verified Verified
	Origin   string          // of the new history's log
	Known    int64           // rows that the log is known to have had
	Ledger   int             // entries in the ledger
	Taken    int             // of those, taken again now
	Owed     int             // of those, waiting for what devices bring
	Damaged  []ledger.Damage // lines of the ledger that cannot be read
	Before   string          // where the database that was there lies now; "" when none was
}

// Restore puts a service back from a backup: cfg names where its database, ledger and
// keys are. Told with its crash points:
//
//  1. The backup is verified. A crash before 5 leaves the service as it was: everything
//     is done in a copy beside the database.
//  2. The copy begins a new history: another log origin on the same tree, whose first
//     leaf accepts service.restored, which names the log in the backup and the longest
//     that is known. From here on the service recovers: it serves no film.
//  3. The ledger is replayed. What rests on what is not back yet is owed, and taken in the
//     transaction that brings it.
//  4. The copy is made one file, and durable.
//  5. The database that was there gets another name, which is written down first, with the
//     log of its last commits; then the copy gets its own. After a crash in between no
//     database is there, and Restore is run again: it takes the old one's log away first.
//
// Nothing is deleted. The caller makes sure that no server runs on the folder.
func Restore(ctx context.Context, cfg Config, backup string) (out Restored, err error) {
	if out.Verified, err = VerifyBackup(ctx, backup, cfg.Objects); err != nil { // 1
		return out, err
	}
	out.Manifest = out.Verified.Manifest
	next := cfg
	next.Ledger = cfg.LedgerDir()
	next.Database = filepath.Join(filepath.Dir(cfg.Database), "restoring", filepath.Base(cfg.Database))
	if err := clearAway(cfg.Database, next.Database); err != nil {
		return out, err
	}
	if err := os.MkdirAll(filepath.Dir(next.Database), 0o700); err != nil {
		return out, err
	}
	swapping := false
	defer func() { // a copy that comes to nothing must not take the room that the service needs
		if err != nil && !swapping {
			err = errors.Join(err, os.RemoveAll(filepath.Dir(next.Database)))
		}
	}()
	if err := copyFile(next.Database, filepath.Join(backup, BackupDatabase)); err != nil {
		return out, err
	}
	entries, damaged, err := ledger.Read(ledger.File(next.Ledger, out.Manifest.Org.String()))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return out, err
	}
	out.Ledger, out.Damaged, out.Known = len(entries), damaged, out.Manifest.Size
	for _, e := range entries {
		out.Known = max(out.Known, e.Size)
	}
	if err := out.begin(ctx, next); err != nil { // 2
		return out, err
	}
	if err := out.replay(ctx, next, entries); err != nil { // 3, 4
		return out, err
	}
	swapping = true
	out.Before, err = swap(cfg.Database, next.Database) // 5
	return out, err
}

// begin names the new history.
func (out *Restored) begin(ctx context.Context, cfg Config) error {
	db, err := rows.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	var name [9]byte
	rand.Read(name[:])
	history := base64.RawURLEncoding.EncodeToString(name[:])
	out.Origin = Origin(out.Manifest.Org, history)
	err = db.Write(ctx, func(tx *rows.Tx) error { return tx.BeginHistory(history) })
	return errors.Join(err, db.Close())
}

// replay states that the service was put back, and takes the ledger.
func (out *Restored) replay(ctx context.Context, cfg Config, entries []ledger.Entry) (err error) {
	s, err := OpenFounding(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	o, err := s.Records.Org(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.Policy.Bundle != cfg.Bundle.SHA256():
		return ErrNotAdopted
	case o.Server.Key != publicKey(cfg.Key) || o.Server.LogKey != publicKey(cfg.LogKey):
		return ErrNotCertified
	}
	if err := s.sayRestored(ctx, o, out); err != nil {
		return err
	}
	err = s.d.rows.Write(ctx, func(tx *rows.Tx) error {
		for _, e := range entries {
			if err := owe(tx, e); err != nil {
				return err
			}
		}
		j, err := newJudge(s.d, tx, policies.Caller{Server: true})
		if err != nil {
			return err
		}
		if err := j.repay(); err != nil {
			return err
		}
		rest, err := tx.AllOwed()
		out.Owed, out.Taken = len(rest), len(entries)-len(rest)
		return errors.Join(err, j.keep())
	})
	if err != nil {
		return err
	}
	return s.Log.seal(ctx)
}

// sayRestored is the first leaf of the new history.
func (s *Store) sayRestored(ctx context.Context, o *policies.Org, out *Restored) error {
	was, err := s.logState(ctx, out.Manifest)
	if err != nil {
		return err
	}
	var n int64
	if err := s.d.rows.Read(ctx, func(v *rows.View) (err error) {
		n, err = v.LastNumber(o.Server.Key)
		return err
	}); err != nil {
		return err
	}
	known := was
	if out.Known > was.Size {
		known.Size, known.Root = out.Known, policies.Digest{}
	}
	raw, _, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID(o.Server.Certificate), Record: policies.RecordID(o.ID), Kind: "service.restored",
		N: n + 1, At: s.d.now(), Seen: policies.Seen{Head: o.Head}, Body: &policies.ServiceRestored{Log: was, Known: known},
	}, s.d.cfg.Key)
	if err != nil {
		return fmt.Errorf("sign service.restored: %w", err)
	}
	results, _, err := s.Records.Accept(ctx, policies.Caller{Server: true}, []Sealed{{Statement: raw}}, 0)
	if err != nil {
		return err
	}
	return results[0].Err
}

// logState is the log as the backup holds it.
func (s *Store) logState(ctx context.Context, m Manifest) (was policies.LogState, err error) {
	var edge accesslog.Frontier
	err = s.d.rows.Read(ctx, func(v *rows.View) (err error) {
		edge, err = v.Edge()
		return err
	})
	c := edge.Checkpoint(m.Origin)
	return policies.LogState{Origin: m.Origin, Size: c.Size, Root: policies.Digest(c.Root)}, err
}

// A database in WAL mode is up to three files. The log beside it holds what was committed
// last: SQLite would play it into whatever database lies there under that name.
func logsOf() []string { return []string{"-wal", "-shm"} }

// swap puts a database, one file, in another's place, which keeps its bytes under another
// name. That name is written down first, so that a swap which was cut can be told from a
// database that somebody removed.
func swap(database, next string) (before string, err error) {
	if info, err := os.Stat(next + "-wal"); err == nil && info.Size() > 0 {
		return "", fmt.Errorf("%s-wal is not empty", next)
	}
	if isThere(database) {
		before = free(database + ".before")
		if err := writeDurably(swapMark(next), []byte(before)); err != nil {
			return "", err
		}
		for _, tail := range append([]string{""}, logsOf()...) {
			if err := os.Rename(database+tail, before+tail); err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
		}
	}
	if err := os.Rename(next, database); err != nil {
		return before, err
	}
	return before, errors.Join(syncDir(filepath.Dir(database)), os.RemoveAll(filepath.Dir(next)))
}

func swapMark(next string) string { return filepath.Join(filepath.Dir(next), "before") }

// clearAway removes what a restore that was cut left. Where no database is, it also takes
// the log of one away: to the one that swap moved, or to a name of its own.
func clearAway(database, next string) error {
	if !isThere(database) {
		before := free(database + ".before")
		switch was, err := os.ReadFile(swapMark(next)); {
		case err == nil && isThere(next) && isThere(string(was)):
			before = string(was)
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return err
		}
		for _, tail := range logsOf() {
			if err := os.Rename(database+tail, before+tail); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return os.RemoveAll(filepath.Dir(next))
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// writeDurably makes a small file that is on the disk on return.
func writeDurably(path string, body []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), syncDir(filepath.Dir(path)))
}

// free is a name that nothing has, nor any log beside it.
func free(path string) string {
	name := path
	for i := 2; isThere(name) || isThere(name+"-wal"); i++ {
		name = fmt.Sprintf("%s.%d", path, i)
	}
	return name
}
