package objects_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/objectstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openDir(t *testing.T, path string) *objects.Dir {
	t.Helper()
	d, err := objects.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDir(t *testing.T) {
	objectstest.Conformance(t, func(t *testing.T) objects.Store { return openDir(t, t.TempDir()) })
}

func TestDirBehindFaultyWithoutFaults(t *testing.T) {
	objectstest.Conformance(t, func(t *testing.T) objects.Store {
		return objectstest.NewFaulty(t, openDir(t, t.TempDir()), nil)
	})
}

func write(t *testing.T, s objects.Store, key objects.Key, ref objects.Ref, offset int64, p string) objects.Part {
	t.Helper()
	etag, err := s.WritePart(t.Context(), key, ref, offset, []byte(p))
	if err != nil {
		t.Fatal(err)
	}
	return objects.Part{Offset: offset, Bytes: int64(len(p)), ETag: etag}
}

func begin(t *testing.T, s objects.Store, key objects.Key) objects.Ref {
	t.Helper()
	ref, err := s.Begin(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func read(t *testing.T, s objects.Store, key objects.Key) string {
	t.Helper()
	info, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.ReadRange(t.Context(), key, 0, info.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// The process dies after a part; another one opens the folder and goes on.
func TestDirGoesOnAfterRestart(t *testing.T) {
	path, key := t.TempDir(), objects.Key("clips/a")
	full := strings.Repeat("x", objects.PartBytes)
	first := openDir(t, path)
	ref := begin(t, first, key)
	parts := []objects.Part{write(t, first, key, ref, 0, full)}
	write(t, first, key, ref, objects.PartBytes, "ta")
	// No Close: a crash closes nothing.
	second := openDir(t, path)
	tail := make([]byte, 2)
	if err := second.ReadPart(t.Context(), key, ref, objects.PartBytes, tail); err != nil || string(tail) != "ta" {
		t.Fatalf("tail = %q, %v", tail, err)
	}
	parts = append(parts, write(t, second, key, ref, objects.PartBytes, "tail"))
	if err := second.Complete(t.Context(), key, ref, parts, objects.PartBytes+4); err != nil {
		t.Fatal(err)
	}
	if read(t, second, key) != full+"tail" {
		t.Error("object differs after restart")
	}
}

// A part that was listed but never reached the disk is found by reading.
func TestDirFindsHoleAfterRestart(t *testing.T) {
	path, key := t.TempDir(), objects.Key("clips/a")
	first := openDir(t, path)
	ref := begin(t, first, key)
	last := write(t, first, key, ref, objects.PartBytes, "tail")
	hole := objects.Part{Bytes: objects.PartBytes, ETag: last.ETag}
	second := openDir(t, path)
	err := second.Complete(t.Context(), key, ref, []objects.Part{hole, last}, objects.PartBytes+4)
	if !errors.Is(err, objects.ErrParts) {
		t.Errorf("error = %v, want %v", err, objects.ErrParts)
	}
}

// Complete is cut off after each of its steps; calling it again finishes, and
// until then a late part can change nothing.
func TestDirCompleteCutOff(t *testing.T) {
	for _, cut := range []string{"Sealed", "Linked", "Unlinked"} {
		t.Run(cut, func(t *testing.T) {
			path, key := t.TempDir(), objects.Key("clips/a")
			d := openDir(t, path)
			ref := begin(t, d, key)
			part := write(t, d, key, ref, 0, "film")
			staged := filepath.Join(path, "staging", "clips,a."+string(ref))
			object := filepath.Join(path, "objects", "clips,a")
			steps := []func() error{
				func() error { return os.Chmod(staged, 0o400) },
				func() error { return os.Link(staged, object) },
				func() error { return os.Remove(staged) },
			}
			for i, name := range []string{"Sealed", "Linked", "Unlinked"} {
				if err := steps[i](); err != nil {
					t.Fatal(err)
				}
				if name == cut {
					break
				}
			}
			d = openDir(t, path)
			if _, err := d.WritePart(t.Context(), key, ref, 0, []byte("FILM")); err == nil {
				t.Error("a sealed upload was written to")
			}
			if cut != "Unlinked" {
				if again := write(t, d, key, ref, 0, "film"); again != part {
					t.Errorf("the same part again = %v, want %v", again, part)
				}
			}
			if err := d.Complete(t.Context(), key, ref, []objects.Part{part}, 4); err != nil {
				t.Fatal(err)
			}
			if got := read(t, d, key); got != "film" {
				t.Errorf("object = %q", got)
			}
			if _, err := os.Lstat(staged); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("staging name is left: %v", err)
			}
		})
	}
}

func TestDirObjectIsReadOnly(t *testing.T) {
	path, key := t.TempDir(), objects.Key("clips/a")
	d := openDir(t, path)
	ref := begin(t, d, key)
	part := write(t, d, key, ref, 0, "film")
	if err := d.Complete(t.Context(), key, ref, []objects.Part{part}, 4); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(filepath.Join(path, "objects", "clips,a"))
	if err != nil || st.Mode().Perm() != 0o400 {
		t.Errorf("mode = %v, %v; want 0400", st.Mode(), err)
	}
}

// A link planted in the folder must not lead out of it.
func TestDirFollowsNoLinkOut(t *testing.T) {
	path, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, path)
	if err := os.Symlink(outside, filepath.Join(path, "objects", "clips,a")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Stat(t.Context(), "clips/a"); err == nil {
		t.Error("stat followed the link")
	}
	if _, err := d.ReadRange(t.Context(), "clips/a", 0, 1); err == nil {
		t.Error("read followed the link")
	}
	if err := d.Delete(t.Context(), "clips/a"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("delete followed the link: %v", err)
	}
}

// An object cut short on the disk fails loudly, in whichever way it is read.
func TestDirShortObject(t *testing.T) {
	path, key := t.TempDir(), objects.Key("clips/a")
	d := openDir(t, path)
	ref := begin(t, d, key)
	part := write(t, d, key, ref, 0, "film")
	if err := d.Complete(t.Context(), key, ref, []objects.Part{part}, 4); err != nil {
		t.Fatal(err)
	}
	for name, drain := range map[string]func(io.Reader) error{
		"Read":    func(r io.Reader) error { _, err := io.ReadAll(r); return err },
		"WriteTo": func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err },
	} {
		r, err := d.ReadRange(t.Context(), key, 0, 4)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(path, "objects", "clips,a"), 2); err != nil {
			t.Fatal(err)
		}
		if err := drain(r); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: error = %v, want %v", name, err, io.ErrUnexpectedEOF)
		}
		r.Close()
		if err := os.Truncate(filepath.Join(path, "objects", "clips,a"), 4); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenDirRefused(t *testing.T) {
	if _, err := objects.OpenDir(filepath.Join(t.TempDir(), "no", "parent")); err == nil {
		t.Error("opened without a parent")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.OpenDir(file); err == nil {
		t.Error("opened a file")
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"clips/AAAA_-", "..", "a/./b", "a//b", "", strings.Repeat("a", 201)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, err := objects.NewKey(s)
		if err != nil {
			return
		}
		if !filepath.IsLocal(string(key)) || filepath.Clean(string(key)) != string(key) || strings.ContainsAny(s, ".,\\\x00") || len(s) > 200 {
			t.Errorf("key %q", s)
		}
	})
}
