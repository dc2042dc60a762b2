package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder that this user may not look into is not a folder that is missing: whoever
// is told so founds a second service beside the first.
func TestFolderOfSomebodyElse(t *testing.T) {
	dir := t.TempDir()
	f := folder(filepath.Join(dir, "service"))
	var said *failure
	if err := f.founded(); !errors.As(err, &said) || said.Code != "not_founded" || said.exit != exitMissing {
		t.Errorf("a folder that is not there: %v", err)
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(string(f), 0o700))
	for _, path := range []string{f.database(), f.serverKey(), f.logKey()} {
		must(os.WriteFile(path, nil, 0o600))
	}
	if err := f.founded(); err != nil {
		t.Errorf("one's own folder: %v", err)
	}
	if err := forbidden(f, fs.ErrPermission); !errors.As(err, &said) || said.Code != "not_yours" || strings.Contains(said.Next, "attuned init") {
		t.Errorf("a folder that may not be read: %v", err)
	}
	if err := f.owned(1000); err != nil {
		t.Errorf("served by a user: %v", err)
	}
	if err := ownedBy(f, 10001, 0); !errors.As(err, &said) || said.Code != "not_yours" || !strings.Contains(said.Next, "--reuid=10001") {
		t.Errorf("somebody's folder, served by root: %v", err)
	}
	for _, owner := range []int{0, -1} {
		if err := ownedBy(f, owner, 0); err != nil {
			t.Errorf("owner %d, served by root: %v", owner, err)
		}
	}
}

// A folder has one server at a time; when it has ended, the next may begin.
func TestAlone(t *testing.T) {
	f := folder(t.TempDir())
	release, err := f.alone()
	if err != nil {
		t.Fatal(err)
	}
	var taken *failure
	if _, err := f.alone(); !errors.As(err, &taken) || taken.Code != "running" {
		t.Errorf("a second server: %v, want running", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := f.alone()
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
}
