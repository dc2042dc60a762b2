package attune

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/attune-vf/attune/client-sdk/film"
	"github.com/attune-vf/attune/policies"
)

// recording is what is known of a file before it is sealed.
type recording struct {
	info     film.Info
	size     int64
	places   *film.Mask // blanks where it was made
	changed  []string
	warnings []string
}

func inspect(src *os.File) (recording, error) {
	stat, err := src.Stat()
	if err != nil {
		return recording{}, err
	}
	w := recording{size: stat.Size(), changed: []string{}}
	if w.info, err = film.Inspect(src, w.size); err != nil {
		return w, notVideo(src.Name(), err)
	}
	places, blanked, err := film.Places(src, w.size)
	if err != nil {
		return w, notVideo(src.Name(), err)
	}
	w.places = places
	for _, b := range blanked {
		if box := short(b.Box, 64); !slices.Contains(w.changed, box) && len(w.changed) < 64 {
			w.changed = append(w.changed, box)
		}
	}
	if w.info.Fragmented && !w.info.Indexed {
		w.warnings = append(w.warnings, "This film was recorded in pieces without an index: it plays only after all of it was fetched, and cannot be wound forward. Record it with the camera app if you can.")
	}
	if ok, why := w.info.Playable(); !ok {
		w.warnings = append(w.warnings, why)
	}
	return w, nil
}

// fits holds what the file is against what it is added as: rules, lists and the
// carer's page go by the kind.
func (w recording) fits(kind policies.ClipKind) error {
	picture := strings.HasPrefix(w.info.MediaType, "image/")
	switch {
	case picture && kind != policies.Still:
		return problem(CodeNotVideo, "Add it as kind still, or choose the film that the camera made.", "This is a picture, not a film.")
	case !picture && kind == policies.Still:
		return problem(CodeNotVideo, "Add it as film, excerpt or review, or choose the picture.", "This is a film, not a picture.")
	}
	return nil
}

func notVideo(name string, err error) error {
	next := "Choose the film that the camera made."
	if errors.Is(err, film.ErrTruncated) {
		next = "Copy it from the camera again; if it stays so, the camera did not finish it."
	}
	return problem(CodeNotVideo, next, "%s is not film that can be added.", filepath.Base(name)).because(err)
}

// alreadyAdded warns of a recording that was sealed on this device before: it is
// easily done twice from a camera roll, and each is a clip of its own.
func (d *desk) alreadyAdded(sum policies.Digest) (warning []string, err error) {
	err = each(d.store.db, func(r *sql.Rows) error {
		var clip string
		if err := r.Scan(&clip); err != nil {
			return err
		}
		var id policies.ClipID
		if err := id.UnmarshalText([]byte(clip)); err != nil {
			return err
		}
		warning = []string{"The same recording was added before, as clip " + id.Short() + "; now there are two."}
		return nil
	}, `SELECT clip FROM sources WHERE sha256 = $1`, sum.String())
	return warning, err
}

func short(s string, most int) string {
	for len(s) > most {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return s
}

// fileDigest hashes a file from its start.
func fileDigest(f *os.File) (policies.Digest, error) {
	h := sha256.New()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return policies.Digest{}, err
	}
	if _, err := io.Copy(h, f); err != nil {
		return policies.Digest{}, err
	}
	return policies.Digest(h.Sum(nil)), nil
}
