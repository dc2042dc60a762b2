//go:build s3

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReadmeOnS3 types what README.md tells a newcomer to type, line by line in one
// shell, but for the first line, which builds, and with free ports.
func TestReadmeOnS3(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)By hand, on Linux.*?\n\n(    .*?)\n\n`).FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no session by hand on SQLite and MinIO")
	}
	session := string(block[1])
	if !strings.Contains(session, "make build stores") {
		t.Fatalf("the session does not begin by building: %s", session)
	}
	session = strings.Replace(session, "make build stores", ":", 1)
	session = strings.Replace(session, `"$PWD/.cache/bin:$PATH"`, `"$BUILT:$ROOT/.cache/bin:$PATH"; ln -s "$ROOT/client-sdk" .`, 1)
	for _, port := range []string{"127.0.0.1:9000", "127.0.0.1:8080"} {
		free, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		if session = strings.ReplaceAll(session, port, free); !strings.Contains(session, free) {
			t.Fatalf("the session has no %s", port)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", `trap 'kill $(jobs -p); wait' EXIT`+"\n"+session+
		"\nattuned check --data service --objects-key-file keys/server.key || : # a demonstration holds everybody's keys")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "BUILT="+builtDir, "ROOT="+root)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`"uploaded":["`, `"pin":"`, "ok    objects of 1 stored clips", "ok    the S3 key does no more"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the session does not say %q:\n%s", want, out)
		}
	}
}
