// Package stocktest runs verifiers that are not ours over an export of the log, as
// whoever receives one may. They are separate programs, built by `make stock` into
// .cache/bin and never imported. Start at [Fsck].
package stocktest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fsckTime ends a run that hangs: v1.0.4 waits for ever where it finds more wrong than it
// has workers for.
const fsckTime = time.Minute

// Fsck has Tessera's fsck check the folder of an export of a whole log, with the key in
// it, and returns what it says. Its exit status is 0 whatever it finds: what counts is
// what it writes.
func Fsck(t testing.TB, dir string) (said string, ok bool) {
	t.Helper()
	program, err := Program("fsck")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), fsckTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "-storage_url=file://"+dir+"/", "-public_key="+filepath.Join(dir, "log.vkey"), "-N=16", "-ui=false", "-logtostderr").CombinedOutput()
	return string(out), err == nil && strings.Contains(string(out), "Successfully fsck'd log")
}

// Program is the path of a program that make has built.
func Program(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, ".cache", "bin", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not built; run: make stock", path)
	}
	return path, nil
}
