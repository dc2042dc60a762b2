package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// goBench runs a Go benchmark of the product's module w.runs times, each in a
// process of its own, so that what it compares takes turns. It returns ns/op by
// the name of the sub-benchmark, "" for one without.
func (w *workshop) goBench(ctx context.Context, pkg, name, times string) (map[string][]float64, error) {
	test, err := w.testBinary(ctx, pkg)
	if err != nil {
		return nil, err
	}
	found := map[string][]float64{}
	for range w.runs {
		run := exec.CommandContext(ctx, test, "-test.run=^$", "-test.bench=^"+name+"$", "-test.benchtime="+times)
		run.Dir = filepath.Join(w.root, pkg) // as go test does
		run.Env = append(os.Environ(), "TMPDIR="+w.temp)
		out, err := run.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w\n%s", name, pkg, err, out)
		}
		if err := readBench(string(out), name, found); err != nil {
			return nil, fmt.Errorf("%s in %s: %w", name, pkg, err)
		}
	}
	return found, nil
}

// testBinary builds the tests of a package into a program.
func (w *workshop) testBinary(ctx context.Context, pkg string) (string, error) {
	to := filepath.Join(w.bin, filepath.Base(pkg)+".test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-o", to, pkg)
	cmd.Dir = w.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the benchmarks of %s: %w\n%s", pkg, err, out)
	}
	return to, nil
}

var benchLine = regexp.MustCompile(`^(Benchmark\S*?)(-\d+)?\s+\d+\s+([0-9.]+) ns/op`)

// readBench adds what one run printed.
func readBench(out, name string, found map[string][]float64) error {
	some := false
	for line := range strings.Lines(out) {
		m := benchLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		ns, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			return err
		}
		sub, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(m[1], name), "/"), "#") // run again, in turn with others
		found[sub] = append(found[sub], ns)
		some = true
	}
	if !some {
		return fmt.Errorf("no figures in:\n%s", out)
	}
	return nil
}

// perSecond turns ns/op into operations a second.
func perSecond(ns []float64) []float64 {
	out := make([]float64, len(ns))
	for i, x := range ns {
		out[i] = 1e9 / x
	}
	return out
}

// decideRows measures one ruling of Cedar with the folded state in memory, in CPU
// time: of a process that rules many times, less one that rules once.
func decideRows(ctx context.Context, w *workshop) ([]Row, error) {
	times := 50_000
	if w.quick {
		times = 2000
	}
	test, err := w.testBinary(ctx, "./policies/authz")
	if err != nil {
		return nil, err
	}
	rule := func(times int) (used, error) {
		cmd := exec.CommandContext(ctx, test, "-test.run=^$", "-test.bench=^BenchmarkDecide$", fmt.Sprintf("-test.benchtime=%dx", times))
		cmd.Dir = filepath.Join(w.root, "policies", "authz")
		return measure(cmd)
	}
	var micros []float64
	for range w.runs {
		once, err := rule(1)
		if err != nil {
			return nil, err
		}
		often, err := rule(times)
		if err != nil {
			return nil, err
		}
		micros = append(micros, (often.cpu-once.cpu)*1e6/float64(times))
	}
	return []Row{alone("decide: one ruling, CPU", "µs", micros).atMost(10).
		under("BenchmarkDecide: a practitioner watches a clip, allowed; collecting garbage included")}, nil
}

// foldRows measures Apply: no goal of the design stands against it, but every device
// and the server do it for every statement.
func foldRows(ctx context.Context, w *workshop) ([]Row, error) {
	times := "2000x"
	if w.quick {
		times = "100x"
	}
	found, err := w.goBench(ctx, "./policies", "BenchmarkFold", times)
	if err != nil {
		return nil, err
	}
	const record = 613 // statements of the family that BenchmarkFold makes
	whole := found[fmt.Sprintf("Record%d", record)]
	if len(whole) != w.runs {
		return nil, fmt.Errorf("BenchmarkFold has %d figures for a whole record, want %d", len(whole), w.runs)
	}
	each := make([]float64, len(whole))
	for i, ns := range whole {
		each[i] = ns / record
	}
	const how = "a family of 200 sessions with a clip each; signatures were verified before"
	return []Row{
		alone("fold: a family from its opening, statements", "/s", perSecond(each)).under(how),
		alone("fold: Apply to a family in memory", "/s", perSecond(found["Apply"])).under(how),
		alone("fold: Apply to a copy, as the server judges", "/s", perSecond(found["CloneAndApply"])).under(how),
	}, nil
}

// logRows measures the group commit.
func logRows(ctx context.Context, w *workshop) ([]Row, error) {
	times := "3000x"
	if w.quick {
		times = "200x"
	}
	found, err := w.goBench(ctx, "./storage/rows", "BenchmarkLog", times)
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"OneByOne", "Callers64", "BareInsert"} {
		if len(found[sub]) != w.runs {
			return nil, fmt.Errorf("BenchmarkLog/%s has %d figures, want %d", sub, len(found[sub]), w.runs)
		}
	}
	const how = "durable events a second, each with leaf, tree and pseudonyms, against inserting rows of as many bytes one by one; SQLite, WAL, synchronous=FULL"
	bare := perSecond(found["BareInsert"])
	return []Row{
		compare("log: append, one by one", "/s", perSecond(found["OneByOne"]), bare, beats).atLeast(0.8).under(how),
		compare("log: append, 64 callers", "/s", perSecond(found["Callers64"]), bare, beats).atLeast(5).under(how),
	}, nil
}

// pushRows measures what a device waits for when it hands in one statement.
func pushRows(ctx context.Context, w *workshop) ([]Row, error) {
	times := "2000x"
	if w.quick {
		times = "100x"
	}
	found, err := w.goBench(ctx, "./server", "BenchmarkPush", times)
	if err != nil {
		return nil, err
	}
	const how = "family.open over HTTP on loopback, the clients in the same process: signature, rules, log, FULL commit, answer read"
	var rows []Row
	for _, clients := range []int{1, 32} {
		ns := found[fmt.Sprintf("Clients%d", clients)]
		if len(ns) != w.runs {
			return nil, fmt.Errorf("BenchmarkPush has %d figures for %d clients, want %d", len(ns), clients, w.runs)
		}
		rows = append(rows, alone(fmt.Sprintf("push: durable, one statement, clients %d", clients), "/s", perSecond(ns)).under(how))
	}
	return rows, nil
}
