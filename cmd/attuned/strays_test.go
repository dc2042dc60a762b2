package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// TestCheckStrays: film that no clip names is listed, by its age, and stays.
func TestCheckStrays(t *testing.T) {
	ctx := context.Background()
	f := folder(t.TempDir())
	db, err := rows.Open(ctx, f.database())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := objects.OpenDir(f.objects())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	store := &opened{objects: d}
	if got := checkStrays(ctx, f, store, time.Now()); !got.OK || got.Note != "" {
		t.Errorf("of an empty store: %+v", got)
	}
	young, old := policies.ClipID{1}.String(), policies.ClipID{2}.String()
	for id, age := range map[string]time.Duration{young: time.Hour, old: 40 * 24 * time.Hour} {
		path := filepath.Join(f.objects(), "objects", "clips,"+id)
		if err := os.WriteFile(path, []byte("film"), 0o400); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	got := checkStrays(ctx, f, store, time.Now())
	if !got.OK || !strings.HasPrefix(got.Note, "1 of the last 35 days") || !strings.Contains(got.Note, "1 older: clips/"+old) || !strings.Contains(got.Note, young) {
		t.Errorf("found %+v", got)
	}
	for _, id := range []string{young, old} {
		if _, err := d.Stat(ctx, objects.Key("clips/"+id)); err != nil {
			t.Errorf("film of %s: %v", id, err)
		}
	}
}
