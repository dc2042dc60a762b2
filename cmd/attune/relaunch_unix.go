//go:build unix

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"
)

// relaunch goes on as a new program in the place of this one, that is handed the keys of a
// locked device and nothing else: what this one had in its memory is gone with it, every
// copy that the language ever made. It returns only when that could not be done.
func relaunch(keys []lockedSeat) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	if len(text) > maxOrder { // what a pipe takes while nobody reads
		write.Close()
		return fmt.Errorf("the keys of %d services do not fit", len(keys))
	}
	_, err = write.Write(text)
	clear(text)
	if err != nil {
		write.Close()
		return err
	}
	if err := write.Close(); err != nil {
		return err
	}
	fd, err := syscall.Dup(int(read.Fd())) // unlike the first it stays open
	if err != nil {
		return err
	}
	args := []string{os.Args[0]}
	for _, a := range os.Args[1:] {
		if !strings.HasPrefix(a, lockedFlag) {
			args = append(args, a)
		}
	}
	err = syscall.Exec(self, append(args, fmt.Sprintf("%s%d", lockedFlag, fd)), os.Environ())
	syscall.Close(fd)
	return err
}
