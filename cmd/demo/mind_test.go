//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this test's binary be what the demonstration's is: a minder, and a
// demonstration that is killed.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == minded:
		os.Exit(mind(os.Stdin, os.Args[2:]))
	case len(os.Args) > 1 && os.Args[1] == "begin":
		cmd := exec.Command("/bin/sh", os.Args[2:]...)
		cmd.Stdout = os.Stdout
		if _, err := begin(cmd); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		select {}
	}
	os.Exit(left(m.Run()))
}

// obstinate says who it is, and that it was asked to end.
const obstinate = `trap 'echo asked; exit 0' TERM; trap 'echo interrupted' INT; echo $$; while :; do sleep 0.05; done`

// TestChildEndsWithUs: however the demonstration ends, its programs end, asked
// first. Killed is how a machine that runs out of memory ends one.
func TestChildEndsWithUs(t *testing.T) {
	// Whoever runs this in the background may have it ignore these two (nohup does), and
	// its children with it; not when it handles them.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGHUP)
	defer signal.Reset(syscall.SIGINT, syscall.SIGHUP)
	for _, s := range []os.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			us := exec.Command(os.Args[0], "begin", "-c", obstinate)
			us.SysProcAttr = ownGroup()
			out, err := us.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := us.Start(); err != nil {
				t.Fatal(err)
			}
			said := bufio.NewReader(out)
			first, err := said.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(first))
			if err != nil {
				t.Fatal(err)
			}
			if s == syscall.SIGINT { // as a terminal does: to all of our group
				err = syscall.Kill(-us.Process.Pid, syscall.SIGINT)
			} else {
				err = us.Process.Signal(s)
			}
			if err != nil {
				t.Fatal(err)
			}
			if line, err := said.ReadString('\n'); line != "asked\n" {
				t.Errorf("the program said %q, %v; want that it was asked to end, and by nobody else", line, err)
			}
			_ = us.Wait() // says by which signal
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("process %d stayed behind", pid)
				}
			}
		})
	}
}

// TestMinderPassesTheStatusOn, so that "port taken" stays 2.
func TestMinderPassesTheStatusOn(t *testing.T) {
	c, err := begin(exec.Command("/bin/sh", "-c", "exit 2"))
	if err != nil {
		t.Fatal(err)
	}
	c.wait()
	c.close()
	if got := c.cmd.ProcessState.ExitCode(); got != 2 {
		t.Errorf("exit status %d, want 2", got)
	}
}
