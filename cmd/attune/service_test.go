package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// service is a whole service of the real binaries: the server is a process, and
// everybody's device a folder. Tests that kill, cut and fill use it; stories that
// read as documentation are scripts in testdata.
type service struct {
	t      *testing.T
	dir    string // of everything
	addr   string
	url    string // that devices use
	secret string // file of everybody's passphrase
	server *exec.Cmd
	said   *os.File // what every server printed
}

// newService starts a server, of Helen, head of service, Sam and Alex, practitioners,
// and Iris, IG officer. Sam has opened the family NF-1, with Mum in it and Alex on its
// team; filming is approved, and consent signed. How says what is otherwise: a disk
// of its own for somebody, a proxy in front of the server.
func newService(t *testing.T, how ...func(*service)) *service {
	t.Helper()
	s := emptyService(t)
	for _, h := range how {
		h(s)
	}
	s.must(copyFounded(founded(t), s.dir))
	s.serve()
	return s
}

// copyFounded copies the folders of the service and of its people.
func copyFounded(from, to string) error {
	folders, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range folders {
		in := filepath.Join(to, f.Name())
		if err := os.MkdirAll(in, 0o700); err != nil {
			return err
		}
		if said, err := exec.Command("cp", "-a", filepath.Join(from, f.Name())+"/.", in).CombinedOutput(); err != nil {
			return fmt.Errorf("copy %s: %w %s", f.Name(), err, said)
		}
	}
	return nil
}

// founding lets one test at a time look for the service that all of them copy.
var founding sync.Mutex

// founded is the folder of a service that was set up once, beside the binaries, for
// all tests: its clients take the server's address from the environment.
func founded(t *testing.T) string {
	t.Helper()
	founding.Lock()
	defer founding.Unlock()
	done := filepath.Join(builtDir, "founded")
	if _, err := os.Stat(done); err == nil {
		return done
	}
	s := emptyService(t)
	s.dir = filepath.Join(builtDir, "founding")
	s.must(os.RemoveAll(s.dir)) // of a test that failed at it
	s.must(os.Mkdir(s.dir, 0o700))
	made := s.attuned("init", "--data", s.path("server"), "--demo", "--service", "Northfield Early Help", "--origin", s.url, "--json")
	s.serve()
	s.do("helen", "join", member(t, made, "invitation"))
	s.hire("sam", "practitioner", "Sam Reed")
	words := s.hire("alex", "practitioner", "Alex Moor")
	s.hire("iris", "ig_officer", "Iris Gray")
	s.do("iris", "sync")
	s.do("iris", "confirm", "Alex Moor", "--words", words) // who may cover for Sam
	s.do("alex", "sync")
	s.open("Alex Moor")
	s.do("alex", "sync")
	s.do("iris", "sync")
	s.stop()
	s.must(os.Remove(s.path("form.txt")))
	s.must(os.Rename(s.dir, done))
	return done
}

func emptyService(t *testing.T) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir()}
	var err error
	s.addr, err = freeAddress()
	s.must(err)
	s.url, s.secret = "http://"+s.addr, s.path("passphrase")
	s.must(os.WriteFile(s.secret, []byte("correct horse battery staple\n"), 0o600))
	s.must(os.WriteFile(s.path("form.txt"), []byte("Consent to filming, signed by Mum."), 0o600))
	s.said, err = os.Create(s.path("server.log"))
	s.must(err)
	t.Cleanup(func() {
		s.kill()
		s.said.Close()
		if b, err := os.ReadFile(s.said.Name()); err == nil && t.Failed() {
			t.Logf("the server said, at last:\n%s", b[max(0, len(b)-4000):])
		}
	})
	return s
}

func (s *service) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) path(name ...string) string {
	return filepath.Join(append([]string{s.dir}, name...)...)
}

// attuned runs a command of the operator that must succeed.
func (s *service) attuned(args ...string) []byte {
	s.t.Helper()
	out, err := exec.Command(filepath.Join(builtDir, "attuned"), args...).Output()
	if err != nil {
		var ended *exec.ExitError
		errors.As(err, &ended)
		s.t.Fatalf("attuned %v: %v %s %s", args, err, out, ended.Stderr)
	}
	return out
}

// serve starts the server and waits until it can take a write.
func (s *service) serve() {
	s.t.Helper()
	s.start()
	s.ready()
}

func (s *service) start() {
	s.t.Helper()
	s.server = exec.Command(filepath.Join(builtDir, "attuned"), "serve", "--data", s.path("server"), "--addr", s.addr, "--origin", s.url)
	s.server.Stderr = s.said
	s.must(s.server.Start())
}

func (s *service) ready() { s.t.Helper(); s.answers("/readyz") }

// startFull starts the server on a disk that may be full: it answers, and says that
// it is not ready.
func (s *service) startFull() {
	s.t.Helper()
	s.start()
	s.answers("/healthz")
}

func (s *service) answers(path string) {
	s.t.Helper()
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		reply, err := client.Get("http://" + s.addr + path)
		if err == nil {
			reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(until) {
			s.t.Fatalf("no good answer to %s: %v", path, err)
		}
	}
}

// kill ends the server as a power cut does.
func (s *service) kill() {
	if s.server != nil {
		_ = s.server.Process.Kill() // it may have ended
		_ = s.server.Wait()         // killed is what it should be
		s.server = nil
	}
}

// stop ends the server as an operator does.
func (s *service) stop() {
	s.t.Helper()
	s.must(s.server.Process.Signal(os.Interrupt))
	if err := s.server.Wait(); err != nil {
		s.t.Errorf("the server stopped with %v", err)
	}
	s.server = nil
}

// told is what one run of attune printed.
type told struct {
	out    []byte // one JSON object, or nothing
	status int    // -1 when it was killed
	took   time.Duration
	failure
}

// command is one of attune, for a person's device.
func (s *service) command(who string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(builtDir, "attune"), append([]string{"--home", s.path(who), "--json"}, args...)...)
	c.Env = append(os.Environ(), "ATTUNE_PASSPHRASE_FILE="+s.secret, "ATTUNE_SERVER="+s.url)
	c.Dir = s.dir
	return c
}

// try runs a command to its end.
func (s *service) try(who string, args ...string) told {
	s.t.Helper()
	return s.ended(s.command(who, args...), time.Hour, func() {})
}

// ended runs a command; midway is called if it has not ended by itself after a time.
func (s *service) ended(c *exec.Cmd, after time.Duration, midway func()) told {
	s.t.Helper()
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	started := time.Now()
	s.must(c.Start())
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	var err error
	select {
	case err = <-done:
	case <-time.After(after):
		midway()
		err = <-done
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		s.t.Fatal(err)
	}
	r := told{out: out.Bytes(), status: c.ProcessState.ExitCode(), took: time.Since(started)}
	if r.status > 0 {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r.failure); err != nil {
			s.t.Errorf("%v failed with no reason: %s", c.Args, said.String())
		}
	}
	return r
}

// do runs a command that must succeed, and returns what it printed.
func (s *service) do(who string, args ...string) []byte {
	s.t.Helper()
	r := s.try(who, args...)
	if r.status != 0 {
		s.t.Fatalf("%s: attune %v: %d %s: %s %s\n%s", who, args, r.status, r.Code, r.Message, r.Next, r.out)
	}
	return r.out
}

// refused runs a command that must be refused with this code.
func (s *service) refused(code string, who string, args ...string) told {
	s.t.Helper()
	r := s.try(who, args...)
	if r.status != exitFailed || r.Code != code {
		s.t.Errorf("%s: attune %v: %d %s %s, want %s", who, args, r.status, r.Code, r.Message, code)
	}
	return r
}

// member reads a member of a JSON object, as memberOf does.
func member(t *testing.T, body []byte, name string) string {
	t.Helper()
	v, err := memberOf(body, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// memberOf reads a member of a JSON object; a number steps into a list: clips.0.id
func memberOf(body []byte, name string) (string, error) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return "", fmt.Errorf("%w in %s", err, body)
	}
	for step := range strings.SplitSeq(name, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return "", fmt.Errorf("no %s in %s", name, body)
			}
			v = x[i]
		}
	}
	if v == nil {
		return "", fmt.Errorf("no %s in %s", name, body)
	}
	return fmt.Sprint(v), nil
}

// hire has somebody join, and confirms their words.
func (s *service) hire(who, role, name string) (words string) {
	s.t.Helper()
	invitation := member(s.t, s.do("helen", "invite", "--role", role, "--name", name), "invitation")
	s.do("helen", "sync")
	words = member(s.t, s.do(who, "join", invitation), "words")
	s.do("helen", "sync")
	s.do("helen", "confirm", name, "--words", words)
	s.do("helen", "sync")
	return words
}

// open has Sam open the family NF-1, with filming approved and consent signed. Each
// of the team is a practitioner's name.
func (s *service) open(team ...string) {
	s.t.Helper()
	s.do("sam", "sync")
	s.do("sam", "family", "open", "NF-1", "--programme", "vig")
	s.do("sam", "person", "add", "NF-1", "--role", "carer", "--basis", "own", "--contact", "link_safe", "--label", "Mum")
	for _, name := range team {
		s.do("sam", "team", "add", "NF-1", name)
	}
	approval := member(s.t, s.do("sam", "approval", "request", "NF-1"), "id")
	s.do("sam", "sync")
	s.do("helen", "sync")
	s.do("helen", "approval", "grant", approval)
	s.do("helen", "sync")
	s.must(os.WriteFile(s.path("form.txt"), []byte("Consent to filming, signed by Mum."), 0o600))
	s.do("sam", "sync")
	s.do("sam", "consent", "sign", "NF-1", "--person", "Mum:Mum:own", "--yes", "film_and_use", "--yes", "family_copy", "--form", s.path("form.txt"))
	s.do("sam", "session", "log", "NF-1", "--still-happy")
	s.do("sam", "sync")
}

// database looks into the server's file behind its back.
func (s *service) database() tables {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.path("server", "attune.db")+"?mode=ro")
	s.must(err)
	s.t.Cleanup(func() { db.Close() }) // read-only
	return tables{s.t, db}
}

type tables struct {
	t  *testing.T
	db *sql.DB
}

func (d tables) count(query string, args ...any) (n int) {
	d.t.Helper()
	if err := d.db.QueryRow(query, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// dice are a test's choices. Its seed is printed by a test that fails, and is taken
// from SEED: the same choices are made again, though not the same timing.
func dice(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again with: SEED=%d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// rounds is how often a loop runs: ROUNDS, else the number given.
func rounds(otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		return n
	}
	return otherwise
}
