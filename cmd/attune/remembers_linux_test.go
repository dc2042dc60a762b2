package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// remembers PATTERN reads the memory of the attune sync --watch that runs in the
// background; ! remembers wants nothing in it to match. Each finding is told.
func remembers(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, 1, "remembers PATTERN")
	for _, c := range ts.BackgroundCmds() {
		if !slices.Contains(c.Args, "--watch") {
			continue
		}
		found, read, err := inMemory(c.Process.Pid, regexp.MustCompile(args[0]))
		ts.Check(err)
		ts.Logf("%d bytes of memory read, %d findings", read, found)
		if read < 1<<20 {
			ts.Fatalf("only %d bytes of its memory could be read", read)
		}
		if (found == 0) != neg {
			ts.Fatalf("%q stands %d times in its memory", args[0], found)
		}
		return
	}
	ts.Fatalf("no attune sync --watch runs")
}

// inMemory counts a pattern in what a process can write to, and in all that it read.
func inMemory(pid int, pattern *regexp.Regexp) (found int, read int64, err error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, 0, err
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return 0, 0, err
	}
	defer mem.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil || !strings.Contains(lines.Text(), " rw") {
			continue
		}
		for at := from; at < to; at += 1 << 20 {
			page := make([]byte, min(1<<20+4096, to-at)) // over the edge, for what lies across it
			n, _ := io.ReadFull(io.NewSectionReader(mem, at, int64(len(page))), page)
			read += int64(n)
			found += len(pattern.FindAll(bytes.ReplaceAll(page[:n], []byte{0}, []byte{' '}), -1))
		}
	}
	return found, read, nil
}
