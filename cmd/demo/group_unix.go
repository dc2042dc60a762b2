//go:build unix

package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from a process that we end ourselves.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
