package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestFailureOfTheMachine: a full disk and a locked folder are told as that, with
// what to do, and not as an internal error.
func TestFailureOfTheMachine(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		code string
	}{
		"DiskFull":   {fmt.Errorf("seal clip: %w", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), "disk"},
		"StoreFull":  {fmt.Errorf("commit: database or disk is full (13)"), "disk"},
		"NotAllowed": {fmt.Errorf("open: %w", fs.ErrPermission), "input"},
	} {
		if f := asFailure(row.err); f.Code != row.code || f.Next == "" || f.exit != exitFailed {
			t.Errorf("%s: %+v, want code %s, what to do, and status 1", name, f, row.code)
		}
	}
}

// TestInterrupted: Ctrl-C is told in words, and ends a command that waits for a
// server which took the connection and says nothing.
func TestInterrupted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	secret := filepath.Join(dir, "passphrase")
	if err := os.WriteFile(secret, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := attune.Invitation{Server: "http://" + l.Addr().String(), Role: policies.Practitioner, Expires: policies.At(time.Now().Add(time.Hour))}
	rand.Read(inv.Key[:])
	rand.Read(inv.Org[:])
	rand.Read(inv.Invite[:])
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var out, said bytes.Buffer
	status := run(ctx, []string{"--home", filepath.Join(dir, "sam"), "--passphrase-file", secret, "--json", "join", inv.String()}, &out, &said)
	if status != exitFailed || out.Len() != 0 || !strings.Contains(said.String(), `"code":"interrupted"`) {
		t.Errorf("status %d, %q, %q; want 1 and interrupted", status, out.String(), said.String())
	}
}
