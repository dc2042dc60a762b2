package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/ledger"
)

// The restriction ledger is outside the database and its backups. Beside the database,
// where it is when nobody says otherwise, it outlives a database that is put back, and
// not the disk.

func (f folder) ledgerAt() string { return f.path("ledger.at") }

// ledger is the folder in which this server keeps its restriction ledger.
func (f folder) ledger() (string, error) {
	b, err := os.ReadFile(f.ledgerAt())
	if errors.Is(err, fs.ErrNotExist) {
		return f.path("ledger"), nil
	}
	return strings.TrimSpace(string(b)), err
}

// keepLedger has this server use another folder for it from now on. A file that is new
// there is a copy of the old one, which stays where it is.
func (f folder) keepLedger(dir string) error {
	if dir == "" {
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return problem("ledger", "Make the folder, for this server's user alone.", "The restriction ledger cannot be kept in %s: %v.", dir, err)
	}
	was, err := f.ledger()
	if err != nil {
		return err
	}
	if err := copyLedgers(was, dir); err != nil {
		return problem("ledger", "See that both disks are there, and have room.", "The restriction ledger cannot be moved from %s to %s: %v.", was, dir, err)
	}
	return replaceFile(f.ledgerAt(), []byte(dir+"\n"), 0o600)
}

// copyLedgers copies what is not there yet.
func copyLedgers(from, to string) error {
	all, err := filepath.Glob(ledger.File(from, "*"))
	if err != nil {
		return err
	}
	for _, path := range all {
		there := filepath.Join(to, filepath.Base(path))
		if isThere(there) {
			continue
		}
		body, err := os.ReadFile(path)
		if err == nil {
			err = replaceFile(there, body, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// beginLedger begins one in the place of one that is lost.
func beginLedger(ctx context.Context, f folder, p *printer) error {
	cfg, err := storeConfig(f)
	if err != nil {
		return err
	}
	cfg.LedgerLost = true
	store, err := open(ctx, f, cfg, storage.OpenFounding)
	if err != nil {
		return err
	}
	p.note("A restriction ledger was begun with what the database holds. A backup that is older than this moment would undo what was withdrawn since: make one now.")
	return store.Close()
}

// checkLedger reads the ledger's lines, and looks at the disk that it is on.
func checkLedger(f folder, store *opened) finding {
	what := "restriction ledger"
	dir, err := f.ledger()
	if err != nil {
		return made(what, err)
	}
	entries, damaged, err := ledger.Read(ledger.File(dir, store.org.ID.String()))
	if err != nil {
		return made(what, err)
	}
	what = fmt.Sprintf("restriction ledger, %d entries", len(entries))
	if len(damaged) > 0 {
		return finding{What: what, Why: fmt.Sprintf("%d lines were changed since they were written, the first is line %d of %s", len(damaged), damaged[0].Line, dir)}
	}
	if sameDisk(dir, f.database()) {
		return finding{What: what, OK: true, Note: "it is on the database's own disk; serve --ledger DIR keeps it on another"}
	}
	return made(what, nil)
}
