package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// openArg makes this program the peer of the start: it opens SQLite and ends.
const openArg = "open-sqlite"

// openBare opens the file and counts what is in it.
func openBare(path string) int {
	db, err := openSQLite(path)
	if err == nil {
		defer db.Close()
		var n int
		err = db.QueryRow(`SELECT count(*) FROM sqlite_schema`).Scan(&n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startRows measures the way from a process to its first answer, on a service that
// was founded and has done nothing.
func startRows(ctx context.Context, w *workshop) ([]Row, error) {
	attuned, err := w.build(ctx, "./cmd/attuned")
	if err != nil {
		return nil, err
	}
	dir, err := w.dir("start")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if _, err := measure(exec.CommandContext(ctx, attuned, "init", "--data", data, "--demo", "--service", "Northfield Early Help")); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var ours, peer []used
	err = inTurn(ctx, w.runs,
		func() error {
			u, err := untilServing(exec.CommandContext(ctx, attuned, "serve", "--data", data, "--addr", "127.0.0.1:0"))
			ours = append(ours, u)
			return err
		},
		func() error {
			u, err := measure(exec.CommandContext(ctx, self, openArg, filepath.Join(data, "attune.db")))
			peer = append(peer, u)
			return err
		})
	if err != nil {
		return nil, err
	}
	const how = "founded, empty; until it says that it serves, against a process that opens the same file with SQLite and ends"
	took := compare("start: CPU until serving", "CPU s", each(ours, cpu), each(peer, cpu), costs).under(how + "; the goal is ours, not the ratio")
	met := took.Ours <= 0.3
	took.Goal, took.Met = "≤ 0.3 CPU s", &met
	return []Row{took, compare("start: time until serving", "s", each(ours, wall), each(peer, wall), costs).under(how)}, nil
}

// untilServing starts a server, takes its measure when it says that it serves,
// and ends it.
func untilServing(cmd *exec.Cmd) (used, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return used{}, err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return used{}, err
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	u := used{wall: time.Since(begun).Seconds()}
	cpu, cpuErr := cpuSoFar(cmd.Process.Pid)
	u.cpu = cpu
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		return u, fmt.Errorf("attuned serve: %w", err)
	}
	if !strings.HasPrefix(line, "serving ") {
		return u, fmt.Errorf("attuned serve said %q", line)
	}
	return u, cpuErr
}

// cpuSoFar is the time that a process's threads have run, in seconds, as the
// scheduler counts it: /proc/PID/stat counts in hundredths, which is too coarse.
func cpuSoFar(pid int) (float64, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		return 0, fmt.Errorf("no threads of process %d: %w", pid, err)
	}
	var sum float64
	for _, file := range tasks {
		b, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		ran, _, _ := strings.Cut(string(b), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += float64(ns) / 1e9
	}
	return sum, nil
}
