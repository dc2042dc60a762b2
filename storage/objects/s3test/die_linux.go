package s3test

import "syscall"

// dieWithUs keeps a server from staying behind when the test is killed.
func dieWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
