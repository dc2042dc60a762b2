package objects_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/storage/objects"
)

// anchorsKeepTheFirst holds a store of anchors to its promises.
func anchorsKeepTheFirst(t *testing.T, a objects.Anchors) {
	t.Helper()
	ctx, until := t.Context(), time.Now().Add(time.Hour)
	if _, err := a.Get(ctx, "h/01"); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("get of what was never put: %v, want ErrNotFound", err)
	}
	for range 2 {
		if err := a.Put(ctx, "h/01", []byte("first"), until); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Put(ctx, "h/01", []byte("second"), until); !errors.Is(err, objects.ErrExists) {
		t.Errorf("other bytes under a name: %v, want ErrExists", err)
	}
	if err := errors.Join(a.Put(ctx, "h/010", []byte("longer name"), until), a.Put(ctx, "g/02", nil, until)); err != nil {
		t.Fatal(err)
	}
	if b, err := a.Get(ctx, "h/01"); err != nil || string(b) != "first" {
		t.Errorf("get = %q, %v", b, err)
	}
	keys, err := a.Keys(ctx)
	if want := []objects.Key{"g/02", "h/01", "h/010"}; err != nil || !slices.Equal(keys, want) {
		t.Errorf("keys = %v, %v; want %v", keys, err, want)
	}
	if err := a.Put(ctx, "../out", nil, until); !errors.Is(err, objects.ErrKey) {
		t.Errorf("a name that leads out: %v", err)
	}
	if err := a.Put(ctx, "h/big", make([]byte, 1<<20), until); err == nil {
		t.Error("a film was taken for a note")
	}
}

func TestDirAnchors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "anchors")
	a, err := objects.OpenDirAnchors(dir)
	if err != nil {
		t.Fatal(err)
	}
	anchorsKeepTheFirst(t, a)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	// A draft that a power cut left is no anchor, and is in nobody's way.
	if err := os.WriteFile(filepath.Join(dir, ".DRAFT"), []byte("half"), 0o400); err != nil {
		t.Fatal(err)
	}
	again, err := objects.OpenDirAnchors(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if keys, err := again.Keys(t.Context()); err != nil || len(keys) != 3 {
		t.Errorf("keys = %v, %v", keys, err)
	}
}
