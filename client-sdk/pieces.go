package attune

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// settingPiece begins the names of settings that hold a path where film is being
// written in clear.
const settingPiece = "piece/"

// writeClear writes film in clear to dst, which must not exist: whole, or not at
// all. Until it is whole it has another name beside dst, which this device knows
// before the first byte, so that a crash leaves nothing that the next start does not
// remove.
func (d *desk) writeClear(dst string, from io.Reader) error {
	dst, err := filepath.Abs(dst)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(dst); err == nil {
		return taken(fs.ErrExist)
	}
	piece := dst + ".part-" + rand.Text()[:8]
	if err := d.store.write(func(tx *sql.Tx) error { return set(tx, settingPiece+piece, piece) }); err != nil {
		return err
	}
	err = writeNew(piece, from)
	if err == nil {
		err = settlePiece(piece, dst)
	}
	if err != nil {
		return errors.Join(err, d.dropPiece(piece))
	}
	return d.forgetPiece(piece)
}

// settlePiece gives a whole piece its name, unless that was taken meanwhile. Not every
// file system, least of all that of a memory stick, can give a file a second name.
func settlePiece(piece, dst string) error {
	err := os.Link(piece, dst)
	switch {
	case err == nil:
		err = os.Remove(piece)
	case errors.Is(err, fs.ErrExist):
		return taken(err)
	default:
		err = os.Rename(piece, dst)
	}
	if err == nil {
		err = syncDir(filepath.Dir(dst))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", dst, err)
	}
	return nil
}

func taken(err error) error {
	return problem(CodeInput, "Choose a name that is not taken.", "The file cannot be written.").because(err)
}

// dropPiece removes a piece and forgets it. On a disk that is not there at present
// it is looked for again at the next start.
func (d *desk) dropPiece(piece string) error {
	if err := os.Remove(piece); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Dir(piece)); err != nil {
		return nil
	}
	return d.forgetPiece(piece)
}

func (d *desk) forgetPiece(piece string) error {
	return d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM settings WHERE name = $1`, settingPiece+piece)
		return err
	})
}

// cleanPieces removes what a crash left: film in clear that was being written
// somewhere, film that was being sealed, and files of the home that were being
// replaced. Only a start may: then nobody is at work. What cannot be removed now is
// tried again at the next.
func (d *desk) cleanPieces() {
	var pieces []string
	err := each(d.store.db, func(r *sql.Rows) error {
		var piece string
		err := r.Scan(&piece)
		pieces = append(pieces, piece)
		return err
	}, `SELECT value FROM settings WHERE substr(name, 1, $1) = $2`, len(settingPiece), settingPiece)
	if err != nil {
		return
	}
	for _, piece := range pieces {
		_ = d.dropPiece(piece)
	}
	sealing, _ := os.ReadDir(d.clipPath("")) // as far as it can be read
	for _, e := range sealing {
		if !strings.HasSuffix(e.Name(), payloadSuffix) {
			_ = os.Remove(d.clipPath(e.Name()))
		}
	}
	entries, _ := os.ReadDir(d.dir)
	for _, e := range entries {
		name, _, replacing := strings.Cut(e.Name(), ".tmp")
		if (replacing && slices.Contains([]string{deviceFile, keysFile, keptFile, personFile, joinFile}, name)) || e.Name() == joinFile {
			_ = os.Remove(filepath.Join(d.dir, e.Name()))
		}
	}
}
