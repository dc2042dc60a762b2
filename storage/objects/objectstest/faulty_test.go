package objectstest_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/objectstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errLost = errors.New("connection lost")

func TestFaultBeforeAndAfterTheEffect(t *testing.T) {
	for name, apply := range map[string]bool{"Before": false, "After": true} {
		t.Run(name, func(t *testing.T) {
			dir, err := objects.OpenDir(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer dir.Close()
			f := objectstest.NewFaulty(t, dir, nil)
			ctx, key := t.Context(), objects.Key("clips/a")
			ref, err := f.Begin(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			etag, err := f.WritePart(ctx, key, ref, 0, []byte("film"))
			if err != nil {
				t.Fatal(err)
			}
			f.SetHook(func(op string) (bool, error) {
				if op == "Complete" {
					return apply, errLost
				}
				return false, nil
			})
			parts := []objects.Part{{Bytes: 4, ETag: etag}}
			if err := f.Complete(ctx, key, ref, parts, 4); !errors.Is(err, errLost) {
				t.Errorf("error = %v, want %v", err, errLost)
			}
			if _, err := f.Stat(ctx, key); (err == nil) != apply {
				t.Errorf("stat after the fault = %v, applied %v", err, apply)
			}
			f.SetHook(nil)
			if err := f.Complete(ctx, key, ref, parts, 4); err != nil {
				t.Errorf("complete again = %v", err)
			}
		})
	}
}

// recorder notes failures in place of a test.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

// The object is replaced behind the wrapper's back.
func TestChangedObjectFailsTheTest(t *testing.T) {
	dir, err := objects.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	r := &recorder{TB: t}
	f := objectstest.NewFaulty(r, dir, nil)
	ctx, key := t.Context(), objects.Key("clips/a")
	put(ctx, t, f, key, "film")
	if err := dir.Delete(ctx, key); err != nil {
		t.Fatal(err)
	}
	put(ctx, t, dir, key, "FILM")
	reader, err := f.ReadRange(ctx, key, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	if !r.failed {
		t.Error("a changed object went unnoticed")
	}
}

func put(ctx context.Context, t *testing.T, s objects.Store, key objects.Key, data string) {
	t.Helper()
	ref, err := s.Begin(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	etag, err := s.WritePart(ctx, key, ref, 0, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(ctx, key, ref, []objects.Part{{Bytes: int64(len(data)), ETag: etag}}, int64(len(data))); err != nil {
		t.Fatal(err)
	}
}
