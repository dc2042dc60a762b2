package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// minded is the word that makes this program a minder.
const minded = "mind"

// grace is how long a program has to end when it is asked to.
const grace = 20 * time.Second

// child is a program that runs until close, and no longer than we do.
type child struct {
	cmd   *exec.Cmd // the minder
	line  io.Closer // its lifeline
	ended chan error
}

// begin starts a program under a minder: a process of ours in a group of its own,
// which ends the program as soon as its standard input closes. That happens when we
// say so, when we crash, and when we are killed, on every system; and Ctrl-C, which
// a terminal sends to the whole group, reaches nobody before us.
func begin(cmd *exec.Cmd) (*child, error) {
	us, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd.Args = append([]string{us, minded, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = us
	cmd.SysProcAttr = ownGroup()
	c := &child{cmd: cmd, ended: make(chan error, 1)}
	if c.line, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return c, cmd.Start()
}

// wait tells ended once the program has; what reads its output must be done.
func (c *child) wait() { c.ended <- c.cmd.Wait() }

// close ends the program, gently at first, and returns when it is gone.
func (c *child) close() {
	c.line.Close()
	<-c.ended
}

// mind runs a program until it ends or the lifeline does, and returns its status.
func mind(lifeline io.Reader, args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	cut, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		io.Copy(io.Discard, lifeline) // nothing is ever sent
		close(cut)
	}()
	go func() { ended <- cmd.Wait() }()
	select {
	case <-cut:
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(grace):
			cmd.Process.Kill()
			<-ended
		}
	case err := <-ended:
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return max(cmd.ProcessState.ExitCode(), 0)
}
