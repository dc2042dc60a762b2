//go:build stock

package accesslog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/attune-vf/attune/storage/accesslog/stocktest"
)

// onDisk writes an export where a stock verifier reads it.
func onDisk(t *testing.T, files fstest.MapFS, by string) string {
	t.Helper()
	dir := t.TempDir()
	_, v := signer(t, by)
	files["log.vkey"] = &fstest.MapFile{Data: []byte(v.VKey() + "\n")}
	for name, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFsck: Tessera's fsck finds nothing wrong with our layout, at every edge of a tile,
// and finds what was changed in it.
func TestFsck(t *testing.T) {
	for _, size := range []int{1, 255, 256, 257, 700, 65_536 + 300} {
		if said, ok := stocktest.Fsck(t, onDisk(t, newLog(t, size).whole(t, origin), origin)); !ok {
			t.Errorf("size %d: %s", size, said)
		}
	}
	for name, lie := range map[string]func(f fstest.MapFS){
		"LeafAltered": func(f fstest.MapFS) {
			e := f["tile/entries/001"]
			e.Data = bytes.Replace(e.Data, []byte("clip.view"), []byte("clip.copy"), 1)
		},
		"TileAltered":    func(f fstest.MapFS) { f["tile/0/001"].Data[9] ^= 1 },
		"TileAboveWrong": func(f fstest.MapFS) { f["tile/1/000.p/2"].Data[9] ^= 1 },
		"BundleGone":     func(f fstest.MapFS) { delete(f, "tile/entries/001") },
		"OtherSignature": func(f fstest.MapFS) { c := f["checkpoint"].Data; c[len(c)-9] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			files := newLog(t, 700).whole(t, origin)
			lie(files)
			if said, ok := stocktest.Fsck(t, onDisk(t, files, origin)); ok {
				t.Errorf("found nothing: %s", said)
			}
		})
	}
}

// TestFsckOfAPrunedLog: fsck wants every bundle of a log, and has no option for the first
// row that was kept. So of a pruned log it names the first bundle that was pruned, and
// nothing else: with the pruned leaves put back it is content with the rest.
func TestFsckOfAPrunedLog(t *testing.T) {
	l := newLog(t, 700)
	before := l.whole(t, origin)
	l.prune(t, 512)
	files := l.wholePruned(t, origin)
	said, ok := stocktest.Fsck(t, onDisk(t, files, origin))
	if ok || !strings.Contains(said, "tile/entries/000") {
		t.Errorf("of a pruned log: %s", said)
	}
	for _, name := range []string{"tile/entries/000", "tile/entries/001"} {
		files[name] = before[name]
	}
	if said, ok := stocktest.Fsck(t, onDisk(t, files, origin)); !ok {
		t.Errorf("with its leaves: %s", said)
	}
}
