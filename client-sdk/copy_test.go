package attune_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestCopyNotFinished: a copy that does not come to its end leaves nothing behind,
// least of all the family's key.
func TestCopyNotFinished(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, longer(t, film(t, "visit.mp4"), 8<<20), "").Clip
	s.sync(sam)
	must(t, os.Remove(filepath.Join(sam.Home(), "clips", clip.String()+".payload"))) // so that it comes from the server
	copies := map[string]func(ctx context.Context, path string) error{
		"SaveCopy": func(ctx context.Context, path string) error {
			return sam.Clips.SaveCopy(ctx, clip, path, "for the grandparents")
		},
		"Export": func(ctx context.Context, path string) error {
			return sam.Clips.Export(ctx, clip, path, attune.ExportClip{WithKey: true})
		},
	}
	for name, keep := range copies {
		t.Run(name+"Interrupted", func(t *testing.T) {
			ctx, interrupt := context.WithCancel(context.Background())
			defer interrupt()
			inTheMiddle := func(r *http.Request, body []byte) []byte {
				if strings.HasPrefix(r.Header.Get("Range"), "bytes=4194304-") {
					interrupt()
				}
				return body
			}
			s.spoil.Store(&inTheMiddle)
			defer s.spoil.Store(nil)
			path := filepath.Join(t.TempDir(), "copy")
			if err := keep(ctx, path); !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want that it was interrupted", err)
			}
			gone(t, path)
		})
		t.Run(name+"OfDamagedFilm", func(t *testing.T) {
			flip := func(r *http.Request, body []byte) []byte {
				if strings.HasPrefix(r.Header.Get("Range"), "bytes=4194304-") {
					body[1000] ^= 1
				}
				return body
			}
			s.spoil.Store(&flip)
			defer s.spoil.Store(nil)
			path := filepath.Join(t.TempDir(), "copy")
			if err := keep(context.Background(), path); attune.CodeOf(err) != attune.CodeFilm {
				t.Errorf("%v, want film_changed", err)
			}
			gone(t, path)
		})
	}
}

// TestCopyCutOff: a device that dies while it writes a copy in clear removes at its
// next start what there is of it, and nothing else; and what it was writing at home.
func TestCopyCutOff(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	clip := f.add(t, longer(t, film(t, "visit.mp4"), 8<<20), "").Clip
	s.sync(sam)
	must(t, os.Remove(filepath.Join(sam.Home(), "clips", clip.String()+".payload"))) // so that it comes from the server
	dir := t.TempDir()
	other := filepath.Join(dir, "copy.mp4.part-other")
	must(t, os.WriteFile(other, []byte("somebody else's"), 0o600))
	died := filepath.Join(t.TempDir(), "died") // the folder as it is in the middle
	half := func(r *http.Request, body []byte) []byte {
		if strings.HasPrefix(r.Header.Get("Range"), "bytes=4194304-") {
			must(t, os.CopyFS(died, os.DirFS(sam.Home())))
			pieces, err := filepath.Glob(filepath.Join(dir, "copy.mp4.part-*"))
			must(t, err)
			for _, p := range pieces {
				must(t, os.Link(p, p+".kept"))
			}
		}
		return body
	}
	s.spoil.Store(&half)
	must(t, sam.Clips.SaveCopy(context.Background(), clip, filepath.Join(dir, "copy.mp4"), "for the grandparents"))
	s.spoil.Store(nil)
	kept, err := filepath.Glob(filepath.Join(dir, "*.kept"))
	must(t, err)
	if len(kept) != 2 { // the piece, and somebody else's
		t.Fatalf("%v; want the piece beside its place", kept)
	}
	for _, k := range kept {
		if k != other+".kept" {
			must(t, os.Rename(k, strings.TrimSuffix(k, ".kept"))) // as it was when the device died
		}
	}
	must(t, os.WriteFile(filepath.Join(died, "device.json.tmp123"), []byte("half"), 0o600))
	must(t, os.Chmod(died, 0o700))

	again, err := attune.Open(died, passphrase, s.config())
	must(t, err)
	must(t, again.Close())
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) != 3 { // the copy, which is whole, and somebody else's with its second name
		t.Errorf("left beside the copy: %v", left)
	}
	gone(t, filepath.Join(died, "device.json.tmp123"))
}

func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was left behind: %v", filepath.Base(path), err)
	}
}
