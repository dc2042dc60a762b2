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
	server  *child
	s3      *s3 // nil when the film lies in data
}

// failed is a command that ended with another status than 0.
type failed struct {
	command string
	status  int
	said    string
}

func (f *failed) Error() string {
	if f.command == "" { // our own
		return f.said
	}
	return fmt.Sprintf("%s: %s", f.command, f.said)
}

// refusal is what a command said when it failed: its sentences, where it has any, for
// whoever gave a film of their own; else the whole command, for whoever looks closer.
func refusal(command string, status int, said string) *failed {
	var told struct {
		Message, Next string
		Rules         []string
	}
	if err := json.Unmarshal([]byte(said), &told); err == nil && told.Message != "" {
		for _, rule := range told.Rules {
			told.Message += " Rule: " + rule + "."
		}
		return &failed{"", status, told.Message + " " + told.Next}
	}
	return &failed{command, status, said}
}

// open founds a demonstration where there is none yet, and starts its server.
func open(ctx context.Context, s settings, addr string) (*stage, error) {
	st := &stage{origin: "http://" + addr}
	var err error
	if st.bin, err = absolute(s.bin); err != nil {
		return nil, err
	}
	if st.data, err = absolute(s.data); err != nil {
		return nil, err
	}
	st.secrets = filepath.Join(st.data, "demo-secrets")
	_, err = os.Stat(filepath.Join(st.data, "DEMO"))
	founding := errors.Is(err, os.ErrNotExist)
	if founding {
		if err := st.found(ctx, addr); err != nil {
			return nil, err
		}
	}
	if err := st.openS3(ctx, s.store, founding); err != nil {
		return nil, err
	}
	err = st.setUp(ctx)
	if err == nil {
		err = st.start(addr)
	}
	if err != nil && st.s3 != nil {
		st.s3.close()
	}
	return st, err
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
	args := append([]string{"serve", "--data", st.data, "--addr", addr, "--origin", st.origin,
		"--contact-phone", "0113 496 0000", "--contact-email", "help@northfield.example",
		"--complaints", "complaints@northfield.example"}, st.s3.flags("server.key")...)
	cmd := exec.Command(st.binary("attuned"), args...)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	before, _ := log.Seek(0, io.SeekEnd) // where what it says now begins
	if st.server, err = begin(cmd); err != nil {
		return fmt.Errorf("start attuned: %w", err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	go func() {
		io.Copy(io.Discard, out) // so that the server never blocks on its output
		st.server.wait()
	}()
	if !strings.HasPrefix(line, "serving ") {
		st.server.close()
		said, err := os.ReadFile(log.Name())
		if err != nil {
			return err
		}
		return &failed{"attuned serve", cmd.ProcessState.ExitCode(), strings.TrimSpace(string(said[before:]))}
	}
	return nil
}

// wait returns when the server ends, or when ctx is done and it was stopped.
func (st *stage) wait(ctx context.Context) error {
	var s3 chan error
	if st.s3 != nil {
		s3 = st.s3.ended
	}
	select {
	case err := <-st.server.ended:
		st.server.ended <- err
		return fmt.Errorf("the server ended: %w", err)
	case err := <-s3:
		s3 <- err
		return fmt.Errorf("the S3 server ended: %w", err)
	case <-ctx.Done():
		return nil
	}
}

// close stops the server, then what it writes to.
func (st *stage) close() {
	st.server.close()
	if st.s3 != nil {
		st.s3.close()
	}
}

// as runs one attune command of a person and reads its JSON into out (nil: not).
func (st *stage) as(ctx context.Context, who string, out any, args ...string) error {
	return st.run(ctx, out, "attune", append([]string{"--json", "--home", st.home(who), "--server", st.origin, "--passphrase-file", st.passphrase()}, args...)...)
}

// run runs a command and reads its JSON into out (nil: not), also that of one which
// found something wrong.
func (st *stage) run(ctx context.Context, out any, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, st.binary(name), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var undecoded error
	if out != nil {
		undecoded = json.Unmarshal(stdout.Bytes(), out)
	}
	if err != nil {
		said := strings.TrimSpace(stderr.String() + stdout.String())
		if said == "" {
			said = err.Error()
		}
		return refusal(name+" "+strings.Join(args, " "), cmd.ProcessState.ExitCode(), said)
	}
	if undecoded != nil {
		return fmt.Errorf("%s %s said %q: %w", name, args[0], stdout.String(), undecoded)
	}
	return nil
}
