package attune

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/policies"
)

// ConfirmSource records what shall become of the recording on the camera.
//
// Removed removes it, and only after the clip's statement is durable here, the
// whole sealed copy was read back and gives the hash that the statement names,
// and the recording still is what was sealed. Anything else leaves it where it
// is, with an [*Error] of [CodeSource] or [CodeSealed]; and where the intent cannot
// be kept, for want of room, nothing is removed. A crash between the removal and its
// statement is made good at the next start.
func (c *Clips) ConfirmSource(clip policies.ClipID, fate policies.SourceFate) error {
	f, err := c.d.clipFamily(clip)
	if err != nil {
		return err
	}
	if fate == policies.SourceRemoved {
		if err := (original{c.d, f.Clips[clip]}).remove(); err != nil {
			return err
		}
	}
	_, err = c.d.outbox.fileWith(draft{policies.RecordID(f.ID), "clip.annotate", policies.ClipAnnotate{Clip: clip, Source: fate}, nil},
		func(tx *sql.Tx, _ policies.Statement) error {
			_, err := tx.Exec(`UPDATE sources SET fate = $2 WHERE clip = $1`, clip.String(), string(fate))
			return err
		})
	return err
}

// sourceRemoving is the fate of a recording while it is being removed. From then on
// the sealed film is taken for the only copy.
const sourceRemoving = "removing"

func (d *desk) setFate(clip policies.ClipID, fate string) error {
	return d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE sources SET fate = $2 WHERE clip = $1`, clip.String(), fate)
		return err
	})
}

// finishRemovals says what a crash kept from being said. What fails is tried again
// at the next start.
func (c *Clips) finishRemovals() {
	var due []policies.ClipID
	err := each(c.d.store.db, func(r *sql.Rows) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		due = append(due, policies.ClipID{})
		return due[len(due)-1].UnmarshalText([]byte(text))
	}, `SELECT clip FROM sources WHERE fate = $1`, sourceRemoving)
	if err != nil {
		return
	}
	for _, id := range due {
		_ = c.ConfirmSource(id, policies.SourceRemoved)
	}
}

// original is the recording that a clip was sealed from.
type original struct {
	d    *desk
	clip *policies.Clip
}

func (o original) remove() error {
	var path, sum string
	var size int64
	clip := o.clip.ID.String()
	err := o.d.store.db.QueryRow(`SELECT path, bytes, sha256 FROM sources WHERE clip = $1`, clip).
		Scan(opens(o.d.store, &path, "sources", &clip), &size, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return problem(CodeUnknown, "Ask on the device that added it.", "Clip %s was not added on this device.", o.clip.ID.Short())
	} else if err != nil {
		return err
	}
	src, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed before, by us or by hand
	} else if err != nil {
		return problem(CodeSource, "Remove it by hand once the clip is stored.", "The original cannot be read.").because(err)
	}
	defer src.Close()
	sealed := make(chan error, 1) // both files are read whole, side by side: somebody waits
	go func() { sealed <- o.sealedWhole() }()
	same := sameFile(src, size, sum)
	if err := cmp.Or(<-sealed, same); err != nil {
		return err
	}
	src.Close() // Windows removes no file that is open
	if err := o.d.setFate(o.clip.ID, sourceRemoving); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		_ = o.d.setFate(o.clip.ID, "") // else it is tried again at the next start, which nobody asked for
		return problem(CodeSource, "Remove it by hand.", "The original cannot be removed.").because(err)
	}
	return syncDir(filepath.Dir(path))
}

// sealedWhole reads the whole sealed copy and compares it with the statement:
// after the original is gone it is the only one.
func (o original) sealedWhole() error {
	p, err := os.Open(o.d.payload(o.clip.ID))
	if err != nil {
		if !o.clip.Stored.IsZero() && errors.Is(err, fs.ErrNotExist) {
			return nil // the service holds it, and signed so
		}
		return problem(CodeSealed, "Keep the original, and add it again.", "The sealed copy of clip %s is not there.", o.clip.ID.Short()).because(err)
	}
	defer p.Close()
	sum, err := fileDigest(p)
	if err != nil {
		return fmt.Errorf("read the sealed clip back: %w", err)
	}
	if sum != o.clip.Payload.SHA256 {
		return problem(CodeSealed, "Keep the original, and add it again.", "The sealed copy of clip %s is damaged.", o.clip.ID.Short())
	}
	return nil
}

func sameFile(src *os.File, size int64, sum string) error {
	info, err := src.Stat()
	if err != nil {
		return err
	}
	got, err := fileDigest(src)
	if err != nil {
		return err
	}
	if info.Size() != size || got.String() != sum {
		return problem(CodeSource, "Look at it before you remove it by hand: something else may stand there now.",
			"The file %s is no longer the recording that was sealed.", src.Name())
	}
	return nil
}
