package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// workshop is where the measuring is done: folders, and what was built.
type workshop struct {
	root  string // of the product's module
	runs  int
	quick bool

	bin  string // built binaries of ours
	out  string // .cache/bench: results, and what is made once
	temp string // removed at the end
}

func (w *workshop) open() (err error) {
	if w.root, err = filepath.Abs(w.root); err != nil {
		return err
	}
	w.out = filepath.Join(w.root, ".cache", "bench")
	w.bin = filepath.Join(w.out, "bin")
	if err := os.MkdirAll(w.bin, 0o755); err != nil {
		return err
	}
	// On the disk that the results lie on: in memory, fsync would cost nothing.
	w.temp, err = os.MkdirTemp(w.out, "run-")
	return err
}

func (w *workshop) close() { os.RemoveAll(w.temp) }

// dir makes an empty folder for one run.
func (w *workshop) dir(pattern string) (string, error) { return os.MkdirTemp(w.temp, pattern+"-") }

// build makes a program of the product's module, as make build does, from the
// sources as they are now. It returns the file.
func (w *workshop) build(ctx context.Context, pkg string) (string, error) {
	to := filepath.Join(w.bin, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", to, pkg)
	cmd.Dir = w.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return to, nil
}

// conditions say on what machine, and how busy it was.
func (w *workshop) conditions() string {
	load, _ := os.ReadFile("/proc/loadavg")
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	what := ""
	if w.quick {
		what = ", QUICK: too little work to quote"
	}
	return fmt.Sprintf("%s, %d × %s, %s, load %s%s", time.Now().UTC().Format(time.RFC3339), runtime.NumCPU(), model,
		runtime.Version(), strings.TrimSpace(string(load)), what)
}

// used is what a process took.
type used struct {
	wall   float64 // seconds
	cpu    float64 // seconds, of user and system
	maxRSS float64 // MiB
}

func (a used) then(b used) used {
	return used{a.wall + b.wall, a.cpu + b.cpu, max(a.maxRSS, b.maxRSS)}
}

// measure runs a process to its end.
func measure(cmd *exec.Cmd) (used, error) {
	var said bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &said
	}
	cmd.Stderr = &said
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return used{}, fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.TrimSpace(said.String()))
	}
	u := used{wall: time.Since(begun).Seconds()}
	r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return u, errors.New("this system does not say what a process used")
	}
	u.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	u.maxRSS = float64(r.Maxrss) / 1024 // KiB on Linux
	return u, nil
}

// inTurn calls ours and peer as often as runs says, the one that goes first
// changing each time, so that neither always finds the caches warm.
func inTurn(ctx context.Context, runs int, ours, peer func() error) error {
	for i := range runs {
		pair := []func() error{ours, peer}
		if i%2 == 1 {
			pair[0], pair[1] = pair[1], pair[0]
		}
		for _, do := range pair {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(); err != nil {
				return err
			}
		}
	}
	return nil
}
