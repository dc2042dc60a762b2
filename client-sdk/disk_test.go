package attune_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// forms are how a text could lie in a file: as it is, in UTF-16, and in the base64 of
// something longer, where it begins at any of three offsets.
func forms(text string) [][]byte {
	var wide []byte
	for _, r := range []byte(text) {
		wide = append(wide, r, 0)
	}
	out := [][]byte{[]byte(text), wide}
	for shift := range 3 {
		inner := text[(3-shift)%3:]
		if inner = inner[:len(inner)/3*3]; len(inner) >= 6 {
			out = append(out, []byte(base64.RawURLEncoding.EncodeToString([]byte(inner))), []byte(base64.RawStdEncoding.EncodeToString([]byte(inner))))
		}
	}
	return out
}

// traces are the files of a folder, names included, in which one of the texts lies.
func traces(t *testing.T, dir string, texts ...string) (found []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		where := []byte(strings.TrimPrefix(path, dir))
		if d.Type().IsRegular() {
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			where = append(where, body...)
		}
		for _, text := range texts {
			for _, form := range forms(text) {
				if bytes.Contains(where, form) {
					found = append(found, filepath.Base(path)+": "+text)
					break
				}
			}
		}
		return nil
	}))
	return found
}

// TestDiskReadsAsNothing: whoever copies the disk of a device reads neither what was
// said of families nor who works there, in mirror, queue or anywhere else.
func TestDiskReadsAsNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	source := filepath.Join(t.TempDir(), "Leo in the bath.mp4")
	must(t, os.Rename(film(t, "visit.mp4"), source))
	f.add(t, source, "Tea time") // stays queued
	texts := []string{"NF-1042", "parental_responsibility", "Sam Reed", "Helen Carr", "Leo in the bath", `"org.root"`, "offline_days", marker, "Tea time"}
	look := func(when string) {
		t.Helper()
		if found := traces(t, sam.Home(), texts...); len(found) > 0 {
			t.Errorf("%s, in the clear: %q", when, found)
		}
	}
	if len(traces(t, sam.Home(), s.url)) == 0 {
		t.Fatal("the address of the service is not found: this looks in the wrong place")
	}
	look("in use")
	must(t, sam.Close())
	look("shut")
	sam, err := attune.Open(sam.Home(), passphrase, s.config())
	must(t, err)
	defer sam.Close()
	if v, err := sam.Families.Show(f.id); err != nil || v.Reference != "NF-1042" {
		t.Errorf("after opening again: %q, %v", v.Reference, err)
	}
	s.sync(sam)
	look("all sent")
}
