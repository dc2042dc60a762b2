package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long one command may take: sealing and sending a large film on
// an old laptop, not more.
const patience = 10 * time.Minute

// stage is a running service and the homes of the people who use it.
type stage struct {
	bin     string
	data    string
	secrets string // data/demo-secrets
	origin  string
	server  *exec.Cmd
	ended   chan error // the server's end, once
}

// failed is a command that ended with another status than 0.
type failed struct {
	command string
	status  int
	said    string
}

func (f *failed) Error() string { return fmt.Sprintf("%s: %s", f.command, f.said) }

// open founds a demonstration where there is none yet, and starts its server.
func open(ctx context.Context, s settings, addr string) (*stage, error) {
	st := &stage{ended: make(chan error, 1), origin: "http://" + addr}
	var err error
	if st.bin, err = absolute(s.bin); err != nil {
		return nil, err
	}
	if st.data, err = absolute(s.data); err != nil {
		return nil, err
	}
	st.secrets = filepath.Join(st.data, "demo-secrets")
	if _, err := os.Stat(filepath.Join(st.data, "DEMO")); errors.Is(err, os.ErrNotExist) {
		if err := st.found(ctx, addr); err != nil {
			return nil, err
		}
	}
	return st, st.start(addr)
}

// found makes the service with all of its keys in one place.
func (st *stage) found(ctx context.Context, addr string) error {
	if err := st.run(ctx, nil, "attuned", "init", "--data", st.data, "--demo",
		"--service", "Northfield Early Help", "--origin", "http://"+addr, "--json"); err != nil {
		return err
	}
	return os.WriteFile(st.passphrase(), []byte("a demonstration has no secrets\n"), 0o600)
}

func (st *stage) passphrase() string        { return filepath.Join(st.secrets, "passphrase") }
func (st *stage) home(who string) string    { return filepath.Join(st.secrets, "homes", who) }
func (st *stage) secret(n string) string    { return filepath.Join(st.secrets, n) }
func (st *stage) binary(name string) string { return filepath.Join(st.bin, name) }

// start runs the server and returns once it serves. Its log goes to a file: on
// the terminal the demonstration speaks.
func (st *stage) start(addr string) error {
	log, err := os.OpenFile(st.secret("server.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own handle of it
	st.server = exec.Command(st.binary("attuned"), "serve", "--data", st.data, "--addr", addr, "--origin", st.origin,
		"--contact-phone", "0113 496 0000", "--contact-email", "help@northfield.example",
		"--complaints", "complaints@northfield.example")
	st.server.Stderr = log
	out, err := st.server.StdoutPipe()
	if err != nil {
		return err
	}
	before, _ := log.Seek(0, io.SeekEnd) // where what it says now begins
	if err := st.server.Start(); err != nil {
		return fmt.Errorf("start attuned: %w", err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	go func() {
		io.Copy(io.Discard, out) // so that the server never blocks on its output
		st.ended <- st.server.Wait()
	}()
	if !strings.HasPrefix(line, "serving ") {
		st.server.Process.Kill()
		<-st.ended
		said, err := os.ReadFile(log.Name())
		if err != nil {
			return err
		}
		return &failed{"attuned serve", st.server.ProcessState.ExitCode(), strings.TrimSpace(string(said[before:]))}
	}
	return nil
}

// wait returns when the server ends, or when ctx is done and it was stopped.
func (st *stage) wait(ctx context.Context) error {
	select {
	case err := <-st.ended:
		st.ended <- err
		return fmt.Errorf("the server ended: %w", err)
	case <-ctx.Done():
		return nil
	}
}

// close stops the server, gently at first.
func (st *stage) close() {
	st.server.Process.Signal(syscall.SIGTERM)
	select {
	case <-st.ended:
	case <-time.After(20 * time.Second):
		st.server.Process.Kill()
		<-st.ended
	}
}

// as runs one attune command of a person and reads its JSON into out (nil: not).
func (st *stage) as(ctx context.Context, who string, out any, args ...string) error {
	return st.run(ctx, out, "attune", append([]string{"--json", "--home", st.home(who), "--server", st.origin, "--passphrase-file", st.passphrase()}, args...)...)
}

func (st *stage) run(ctx context.Context, out any, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, st.binary(name), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String() + stdout.String())
		if said == "" {
			said = err.Error()
		}
		return &failed{name + " " + strings.Join(args, " "), cmd.ProcessState.ExitCode(), said}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(stdout.Bytes(), out); err != nil {
		return fmt.Errorf("%s %s said %q: %w", name, args[0], stdout.String(), err)
	}
	return nil
}
