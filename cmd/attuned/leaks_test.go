package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoGoroutineLeftBehind: every package with tests looks, when they have ended,
// for goroutines that have not. A new package with tests needs the line too.
func TestNoGoroutineLeftBehind(t *testing.T) {
	root := moduleRoot(t)
	tested, looks := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			other := path != root && exists(filepath.Join(path, "go.mod"))
			if other || d.Name() == "node_modules" || path != root && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		body, err := os.ReadFile(path)
		dir, _ := filepath.Rel(root, filepath.Dir(path))
		tested[dir] = true
		looks[dir] = looks[dir] || strings.Contains(string(body), "goleak.VerifyTestMain(m") || strings.Contains(string(body), "goleak.Find(")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range tested {
		if !looks[dir] {
			t.Errorf("the tests of %s do not look for goroutines left behind", dir)
		}
	}
}
