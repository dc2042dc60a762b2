//go:build unix

package attune_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

// TestLogExportOfPipes: an archive can hold pipes. Each is refused like a file that
// is not there, and nobody waits for somebody to write into it.
func TestLogExportOfPipes(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	whole, _ := a.export(attune.LogFilter{})
	for _, name := range []string{"export.json", "checkpoint", "events.ndjson", "tile/entries", "names/names.csv"} {
		t.Run(name, func(t *testing.T) {
			dir := copyOf(t, whole)
			path := filepath.Join(dir, name)
			must(t, os.RemoveAll(path))
			must(t, syscall.Mkfifo(path, 0o600))
			done := make(chan bool, 1)
			go func() {
				r, err := attune.VerifyLogExport(os.DirFS(dir), "", nil)
				done <- r.OK || err == nil && len(r.Faults) == 0
			}()
			select {
			case good := <-done:
				if good {
					t.Error("found good")
				}
			case <-time.After(10 * time.Second):
				w, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0) // lets the reader go
				must(t, err)
				must(t, w.Close())
				t.Error("waits for a pipe")
			}
		})
	}
}
