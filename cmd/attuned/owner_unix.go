//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// ownerOf is the number of the user who owns a file; -1 when it is not known.
func ownerOf(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// lock takes a file for this process alone; false when another has it.
func lock(w *os.File) (bool, error) {
	err := syscall.Flock(int(w.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// share lets others share a file that this process has; none can have it alone then.
func share(w *os.File) error { return syscall.Flock(int(w.Fd()), syscall.LOCK_SH) }

// sameDisk reports whether two paths lie on one file system.
func sameDisk(a, b string) bool {
	var x, y syscall.Stat_t
	return syscall.Stat(a, &x) == nil && syscall.Stat(b, &y) == nil && x.Dev == y.Dev
}
