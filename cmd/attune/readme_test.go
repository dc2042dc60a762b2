package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// What README.md tells people to type is what this program takes: each line of attune
// that is not cut short is read as the command line reads it. Nothing is run.
func TestReadmeLinesAreRead(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("certificates", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"form.jpg", "event.jpg", "root.key", "org.root", "rotate.request", "certificates/*.json"} {
		if err := os.WriteFile(name, []byte("paper"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	word := regexp.MustCompile(`'[^']*'|[^\s']+`)
	read := 0
	for line := range strings.Lines(string(readme)) {
		line, _, _ = strings.Cut(line, " #")
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "attune ") || strings.Contains(line, "…") {
			continue
		}
		for part := range strings.SplitSeq(line, "; ") {
			part, _, _ = strings.Cut(part, " > ")
			var args []string
			for _, w := range word.FindAllString(part, -1) {
				args = append(args, strings.Trim(w, "'"))
			}
			var c commands
			parser := kong.Must(&c, append(texts(), kong.Name("attune"), kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}), kong.ExplicitGroups(groups()))...)
			if _, err := parser.Parse(markRefs(args[1:])); err != nil && !strings.Contains(part, "--help") {
				t.Errorf("%s: %v", part, err)
			}
			read++
		}
	}
	if read < 40 {
		t.Errorf("%d lines were found", read)
	}
}

// TestReadmeForOfficers types the chapter for information-governance officers, line by line in
// one shell, in the folder that make run leaves behind: from a hold to certificates, and to
// what openssl and Python say of them when the server is gone.
func TestReadmeForOfficers(t *testing.T) {
	t.Parallel()
	root := absolute(t, "../..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	chapter := regexp.MustCompile(`(?s)\n## For information-governance officers\n.*?\n## `).Find(readme)
	session := strings.Join(regexp.MustCompile(`(?m)^    .*$`).FindAllString(string(chapter), -1), "\n")
	addr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	if session = strings.ReplaceAll(session, "127.0.0.1:8080", addr); !strings.Contains(session, addr) {
		t.Fatalf("README.md has no such session: %s", session)
	}
	session = strings.Replace(session, `"$PWD/.cache/bin:$PATH"`, `"$BUILT:$PATH"`, 1)
	dir := t.TempDir()
	madeRun(t, root, dir, addr)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euc", `trap 'kill $(jobs -p) 2> /dev/null || :; wait' EXIT`+"\n"+session)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "BUILT="+builtDir)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"held, its time was over after 2025-03-31", "stays: it is held", "due, its time was over after 2025-03-31", "1 hidden", "attune retention allow clock ",
		"1 destroyed and certified", "1 of 2 devices answered", "The certificate holds: clip ", "GOOD: clip ", "rows of the log attune/",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the session does not say %q:\n%s", want, out)
		}
	}
}

// madeRun does what make run does, in a folder, until it is ready.
func madeRun(t *testing.T, root, dir, addr string) {
	t.Helper()
	demo := filepath.Join(dir, "demo")
	if out, err := exec.Command("go", "build", "-o", demo, "../demo").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, port, _ := strings.Cut(addr, ":")
	cmd := exec.Command(demo, "--bin", builtDir, "--data", "data", "--port", port, "--video", filepath.Join(root, "client-sdk/film/testdata/visit.mp4"))
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	for said.Scan() && !strings.HasPrefix(said.Text(), "ready: ") {
	}
	ready := said.Err() == nil && strings.HasPrefix(said.Text(), "ready: ")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil || !ready {
		t.Fatalf("make run: ready %v, %v", ready, err)
	}
}
