//go:build stock

package attune_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/storage/accesslog/stocktest"
)

// stock runs the commands that VERIFY.txt prints, openssl and Python among them, as
// somebody would who has nothing of ours.
func stock(t *testing.T, dir, want string) {
	t.Helper()
	sh := exec.Command("sh", "-ec", strings.Join(commandsOf(t, dir), "\n"))
	sh.Dir = dir
	out, err := sh.CombinedOutput()
	if good := strings.HasPrefix(want, "GOOD"); good != (err == nil) || !strings.Contains(string(out), want) || !strings.Contains(string(out), "Signature Verified Successfully") {
		t.Errorf("the stock commands say %q, %v; want %q", out, err, want)
	}
	for _, made := range []string{"body", "sig", "verify.py"} {
		must(t, os.Remove(filepath.Join(dir, made)))
	}
}

// fsck has Tessera's verifier look at an export of a whole log; it must say want, or
// find nothing wrong where want is "".
func fsck(t *testing.T, dir, want string) {
	t.Helper()
	if said, ok := stocktest.Fsck(t, dir); ok != (want == "") || !strings.Contains(said, want) {
		t.Errorf("fsck: %v, %s; want %q", ok, said, want)
	}
}

// TestFsckOfAnExport: what attune log export writes is a log of C2SP tlog-tiles to a
// verifier that knows nothing of us, and one letter changed is found.
func TestFsckOfAnExport(t *testing.T) {
	a := newAudited(t)
	dir, _ := a.export(attune.LogFilter{})
	fsck(t, dir, "")
	bundle, err := filepath.Glob(filepath.Join(dir, "tile", "entries", "000.p", "*"))
	must(t, err)
	spoilFile(t, bundle[0], replace(`"out":"done"`, `"out":"none"`))
	fsck(t, dir, "fsck failed")
}
