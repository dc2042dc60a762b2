package fleet

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// listening is the address that a process of ours listens on. Its log says the
// origin, which is not that address when a copy is served.
//
// Source: proc_pid_fd(5), proc_pid_net(5); a listening socket has state 0A.
func listening(pid int) (string, error) {
	sockets := map[string]bool{}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return "", err
	}
	for _, fd := range fds {
		to, _ := os.Readlink(fd) // one that has just closed is none of ours
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" || !sockets[f[9]] {
			continue
		}
		_, port, _ := strings.Cut(f[1], ":")
		b, err := hex.DecodeString(port)
		if err != nil || len(b) != 2 {
			return "", fmt.Errorf("port %q: %w", port, err)
		}
		return fmt.Sprintf("127.0.0.1:%d", int(b[0])<<8|int(b[1])), nil
	}
	return "", fmt.Errorf("process %d listens nowhere", pid)
}
