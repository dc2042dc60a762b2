//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// ownerOf is the number of the user who owns a file; -1 when it is not known.
func ownerOf(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}
