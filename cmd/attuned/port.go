package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// listen opens the address that a flag names. A taken port is answered with who has it, as far as
// the kernel says: "address already in use" sends people hunting.
func listen(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if !errors.Is(err, syscall.EADDRINUSE) {
		if err != nil {
			return nil, problem("address", "Give it as 127.0.0.1:8080.", "The address %s cannot be opened: %v.", addr, err).status(exitUsage)
		}
		return l, nil
	}
	_, port, _ := net.SplitHostPort(addr)
	who := "another process"
	if n, err := strconv.Atoi(port); err == nil {
		if found := portHolder(n); found != "" {
			who = found
		}
	}
	return nil, problem("port_taken", "Stop it, or choose another: "+flag+" 127.0.0.1:PORT (make run PORT=…).",
		"Port %s is taken by %s.", port, who).status(exitUsage)
}

// portHolder names the process that listens on a TCP port, "" where the kernel
// keeps no /proc or the process belongs to somebody else.
func portHolder(port int) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listening(table, port); inode != "" {
			return socketOwner(inode)
		}
	}
	return ""
}

// listening finds the socket's inode. Columns of the table: sl, local address
// (hexadecimal, port behind the colon), remote, state (0A is LISTEN), … inode.
func listening(table string, port int) string {
	f, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer f.Close()
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c := strings.Fields(lines.Text())
		if len(c) > 9 && c[3] == "0A" && strings.HasSuffix(c[1], suffix) {
			return c[9]
		}
	}
	return ""
}

func socketOwner(inode string) string {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well-formed
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == "socket:["+inode+"]" {
			pid := strings.Split(link, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), pid)
		}
	}
	return ""
}
