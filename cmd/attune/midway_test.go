package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// midway client|server DIR BYTES attune … runs a command, and kills it, or the
// server in the background, without warning once the files in DIR have grown to
// BYTES. It fails when the command was done before.
func midway(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 4 {
		ts.Fatalf("usage: midway client|server DIR BYTES attune …")
	}
	bytes, err := strconv.ParseInt(args[2], 10, 64)
	ts.Check(err)
	cmd := exec.Command(filepath.Join(builtDir, args[3]), args[4:]...)
	cmd.Env = append(os.Environ(), "ATTUNE_PASSPHRASE_FILE="+ts.Getenv("ATTUNE_PASSPHRASE_FILE"), "ATTUNE_SERVER="+ts.Getenv("ATTUNE_SERVER"))
	cmd.Dir = ts.MkAbs(".")
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for size(ts.MkAbs(args[1])) < bytes {
		select {
		case err := <-ended:
			ts.Fatalf("the command ended before it could be stopped: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	victim := cmd.Process
	if args[0] == "server" {
		victim = ts.BackgroundCmds()[0].Process
	}
	ts.Check(victim.Kill())
	if err := <-ended; err == nil {
		ts.Fatalf("the command succeeded although the %s was killed", args[0])
	}
}

// partway DIR BYTES waits until the files in DIR have grown to BYTES.
func partway(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, 2, "partway DIR BYTES")
	bytes, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	for deadline := time.Now().Add(time.Minute); size(ts.MkAbs(args[0])) < bytes; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s never grew to %d bytes", args[0], bytes)
		}
	}
}

// size is that of all files; one that goes away meanwhile counts for nothing.
func size(dir string) (sum int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}
