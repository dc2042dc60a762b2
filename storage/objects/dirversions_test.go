package objects_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/objectstest"
)

func TestDirDisposal(t *testing.T) {
	objectstest.Disposal(t, func(t *testing.T) objectstest.Roles {
		d := openDir(t, t.TempDir())
		return objectstest.Roles{Store: d, Disposer: d, Holder: d}
	})
}

// Each program opens the folder for itself, as the server, the sweeper and who holds do.
func TestDirDisposalByThreeHandles(t *testing.T) {
	objectstest.Disposal(t, func(t *testing.T) objectstest.Roles {
		path := t.TempDir()
		return objectstest.Roles{Store: openDir(t, path), Disposer: openDir(t, path), Holder: openDir(t, path)}
	})
}

// A hold is a file of its own: it outlives the process, and the object's file with it.
func TestDirHoldOutlivesTheProcess(t *testing.T) {
	path, key := t.TempDir(), objects.Key("clips/a")
	d := openDir(t, path)
	ref := begin(t, d, key)
	if err := d.Complete(t.Context(), key, ref, []objects.Part{write(t, d, key, ref, 0, "film")}, 4); err != nil {
		t.Fatal(err)
	}
	all, err := d.Versions(t.Context(), key)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := d.Hold(t.Context(), key, all[0].ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "holds", "clips,a")); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, path) // no Close: a crash closes nothing
	if err := again.DeleteVersion(t.Context(), key, all[0].ID); !errors.Is(err, objects.ErrHeld) {
		t.Errorf("delete after a restart = %v, want %v", err, objects.ErrHeld)
	}
	if got := read(t, again, key); got != "film" {
		t.Errorf("object = %q", got)
	}
}
