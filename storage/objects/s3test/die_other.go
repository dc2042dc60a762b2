//go:build !linux

package s3test

import "syscall"

// dieWithUs has no equivalent here: a server outlives a test that is killed.
func dieWithUs() *syscall.SysProcAttr { return nil }
