package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cutShort are the folders that a backup, or a look at one, leaves beside the backups when
// it is killed. Each holds a copy of the database, and with it what may have to be
// destroyed.
var cutShort = [...]string{"attune-????????T??????.???.partial", ".attune-verify-*"}

// tidied removes what was cut short in a folder of backups, and says until release that
// somebody is at work there: what is at work is never taken for what was cut short. The
// lock is on the file ".attuned", and goes with the process, however it ends. A folder that
// cannot be written to has nothing of ours to remove.
func tidied(dir string) (release func(), err error) {
	w, err := os.OpenFile(filepath.Join(dir, ".attuned"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return func() {}, nil //nolint:nilerror // who works there says it better
	}
	alone, err := lock(w)
	if err == nil && alone {
		err = removeCut(dir)
	}
	if err == nil {
		err = share(w)
	}
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("tidy %s: %w", dir, err)
	}
	return func() { w.Close() }, nil // nothing was written to it
}

func removeCut(dir string) error {
	for _, pattern := range cutShort {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkBefore lists the databases that restores put aside. None is removed: who restored
// may want to look something up, and decides when that is over; until then what was
// destroyed since is still in it.
func checkBefore(f folder) finding {
	const what = "databases from before a restore"
	found, err := filepath.Glob(f.database() + ".before*")
	if err != nil {
		return made(what, err)
	}
	var kept []string
	for _, path := range found {
		if !strings.HasSuffix(path, "-wal") && !strings.HasSuffix(path, "-shm") {
			kept = append(kept, filepath.Base(path))
		}
	}
	var notes []string
	if len(kept) > 0 {
		notes = append(notes, fmt.Sprintf("remove %s, with their -wal and -shm, once nobody needs them: what is destroyed stays in them", strings.Join(kept, ", ")))
	}
	if isThere(f.path("restoring")) {
		notes = append(notes, "a restore was cut short, and left a copy in restoring: restore again, or remove that folder")
	}
	return finding{What: what, OK: true, Note: strings.Join(notes, "; ")}
}
