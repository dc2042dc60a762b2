package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUpgrade takes a service from a version with other rules and figures to this
// one, with real binaries of both: the new server does not start, the head of
// service signs on the new version without a network, the operator carries the file.
func TestUpgrade(t *testing.T) {
	u := &upgrade{t: t, dir: t.TempDir(), bin: buildEarlier(t)}
	var err error
	if u.addr, err = freeAddress(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(u.path("passphrase"), []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := u.must("attuned", "--json", "init", "--data", u.path("server"), "--demo", "--origin", "http://"+u.addr)
	stop := u.serve()
	u.person("helen", "join", member(t, made, "invitation"))
	invitation := member(t, u.person("helen", "invite", "--role", "practitioner", "--name", "Sam Reed"), "invitation")
	u.person("helen", "sync")
	words := member(t, u.person("sam", "join", invitation), "words")
	u.person("helen", "sync")
	u.person("helen", "confirm", "Sam Reed", "--words", words)
	u.person("helen", "sync")
	u.person("sam", "sync")
	if got := member(t, u.person("sam", "policy", "show"), "entries.2.value"); got != "9 days" {
		t.Fatalf("the earlier version's link_days = %s, want 9 days", got)
	}
	u.person("sam", "family", "open", "NF-1", "--programme", "vig") // waits on the device through the upgrade
	u.person("helen", "invite", "--role", "practitioner", "--name", "Alex Moor")
	stop(os.Kill) // in the middle of the night, by a power cut

	earlier := u.bin
	u.bin = builtDir
	u.fails("not what attune writes", "attuned", "adopt", "--data", u.path("server"), "--statement", u.path("passphrase"))
	u.fails("WRONG adopted rules", "attuned", "check", "--data", u.path("server"))
	u.fails("differ from those that were adopted", "attuned", "serve", "--data", u.path("server"), "--addr", u.addr)
	u.fails("have the head of service adopt this one", "attune", "--home", u.path("sam"), "policy", "verify")
	u.fails("other rules than the service works by", "attune", "--home", u.path("helen"), "policy", "adopt", "council", "--yes")

	// An invitation of the earlier version still waits: it travels in the file, too.
	u.person("helen", "policy", "adopt", "council", "--yes", "--out", u.path("adopt.file"))
	u.bin = earlier
	u.fails("does not have", "attuned", "adopt", "--data", u.path("server"), "--statement", u.path("adopt.file"))
	u.bin = builtDir
	body, err := os.ReadFile(u.path("adopt.file"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := strings.Replace(string(body), `"statement":"ey`, `"statement":"eY`, 1)
	if err := os.WriteFile(u.path("damaged.file"), []byte(damaged), 0o600); err != nil || damaged == string(body) {
		t.Fatalf("nothing was damaged: %v", err)
	}
	u.fails("not signed by anybody", "attuned", "adopt", "--data", u.path("server"), "--statement", u.path("damaged.file"))
	out := u.must("attuned", "--json", "adopt", "--data", u.path("server"), "--statement", u.path("adopt.file"))
	if member(t, out, "refused") != "0" || member(t, out, "adopted") != "council" {
		t.Errorf("adopted: %s", out)
	}

	stop = u.serve()
	u.person("helen", "sync")
	u.person("sam", "sync")
	u.person("sam", "policy", "verify")
	if got := member(t, u.person("sam", "policy", "show"), "entries.2.value"); got != "14 days" {
		t.Errorf("link_days = %s, want 14 days", got)
	}
	u.person("sam", "family", "show", "NF-1")
	if got := member(t, u.person("helen", "staff", "list"), "staff.2.name"); got != "Alex Moor" {
		t.Errorf("the invitation that travelled in the file: %s", got)
	}
	stop(os.Interrupt)
}

// upgrade is a service whose binaries are changed on the way.
type upgrade struct {
	t         *testing.T
	dir, addr string
	bin       string // the version in use
}

func (u *upgrade) path(name string) string { return filepath.Join(u.dir, name) }

func (u *upgrade) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(u.bin, program), args...)
	c.Env = append(os.Environ(), "ATTUNE_PASSPHRASE_FILE="+u.path("passphrase"))
	return c
}

// must runs a program that must succeed, and returns what it printed.
func (u *upgrade) must(program string, args ...string) []byte {
	u.t.Helper()
	out, err := u.command(program, args...).Output()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		u.t.Fatalf("%s %v: %v %s %s", program, args, err, out, ended.Stderr)
	} else if err != nil {
		u.t.Fatal(err)
	}
	return out
}

func (u *upgrade) person(who string, args ...string) []byte {
	u.t.Helper()
	return u.must("attune", append([]string{"--home", u.path(who), "--json"}, args...)...)
}

// fails runs a program that must be refused with these words.
func (u *upgrade) fails(words, program string, args ...string) {
	u.t.Helper()
	if out, err := u.command(program, args...).CombinedOutput(); err == nil || !strings.Contains(string(out), words) {
		u.t.Errorf("%s %v: %v %s, want %q", program, args, err, out, words)
	}
}

// serve starts the server and waits until it can take a write; the result ends it.
func (u *upgrade) serve() (stop func(os.Signal)) {
	u.t.Helper()
	server := u.command("attuned", "serve", "--data", u.path("server"), "--addr", u.addr)
	if err := server.Start(); err != nil {
		u.t.Fatal(err)
	}
	ended := false
	stop = func(how os.Signal) {
		if ended {
			return
		}
		ended = true
		_ = server.Process.Signal(how) // it may have ended
		if err := server.Wait(); err != nil && how != os.Kill {
			u.t.Errorf("the server ended with %v", err)
		}
	}
	u.t.Cleanup(func() { stop(os.Kill) })
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		reply, err := client.Get("http://" + u.addr + "/readyz")
		if err == nil {
			reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return stop
			}
		}
		if time.Now().After(until) {
			u.t.Fatalf("the server is not ready: %v", err)
		}
	}
}

// buildEarlier builds both binaries with another figure and another rule file.
func buildEarlier(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir, replaced := t.TempDir(), map[string]string{}
	for name, change := range map[string]func(string) string{
		"policies/packs/council.yaml": func(s string) string {
			return strings.Replace(s, "value: 14\n  source: Service policy (design default; at most 28)", "value: 9\n  source: Service policy (at most 28)", 1)
		},
		"policies/authz/4-records.cedar": func(s string) string { return s + "\n// An earlier version.\n" },
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if change(string(text)) == string(text) {
			t.Fatalf("%s is not changed", name)
		}
		to := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(to, []byte(change(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		replaced[path] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"../attune", "../attuned"} {
		build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", dir+string(filepath.Separator), pkg)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
	}
	return dir
}
