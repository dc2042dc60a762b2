package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCutBackupsAreRemoved: what was cut short goes with the next that works there, and
// nothing else does; what somebody is at work on stays.
func TestCutBackupsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	const cut, looked = "attune-20261123T020000.000.partial", ".attune-verify-123"
	stays := []string{".attuned", ".verify-mine", "attune-20261122T020000.000", "attune-notes.partial"}
	for _, name := range append([]string{cut, looked}, stays[1:]...) {
		if err := os.MkdirAll(filepath.Join(dir, name, "attune.db"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	has := func() (out []string) {
		all, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			out = append(out, e.Name())
		}
		return out
	}
	first, err := tidied(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := has(); !slices.Equal(got, stays) {
		t.Errorf("left: %v, want %v", got, stays)
	}
	working := filepath.Join(dir, cut)
	if err := os.Mkdir(working, 0o700); err != nil {
		t.Fatal(err)
	}
	second, err := tidied(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !isThere(working) {
		t.Error("the backup that is being made was removed")
	}
	second()
	first()
	third, err := tidied(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer third()
	if isThere(working) {
		t.Error("the backup of a process that has ended stays")
	}
}

// TestDatabasesFromBefore: they are told of, and a clean folder has nothing to tell.
func TestDatabasesFromBefore(t *testing.T) {
	f := folder(t.TempDir())
	if got := checkBefore(f); !got.OK || got.Note != "" {
		t.Errorf("a clean folder: %+v", got)
	}
	for _, name := range []string{"attune.db.before", "attune.db.before-wal", "attune.db.before.2"} {
		if err := os.WriteFile(f.path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(f.path("restoring"), 0o700); err != nil {
		t.Fatal(err)
	}
	got := checkBefore(f)
	if !got.OK || !strings.Contains(got.Note, "remove attune.db.before, attune.db.before.2, with") || !strings.Contains(got.Note, "restore again") {
		t.Errorf("note: %+v", got)
	}
}
