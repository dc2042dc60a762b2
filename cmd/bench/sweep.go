package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// sweepRows measures the sweeper: what it costs to find and destroy what is due among ever
// more that is not, and how fast film goes on an S3 server.
func sweepRows(ctx context.Context, w *workshop) ([]Row, error) {
	rows, err := flatRows(ctx, w)
	if err != nil {
		return nil, err
	}
	gone, err := disposalRow(ctx, w)
	return append(rows, gone), err
}

// flatRows are 100 due clips among 10 k, 200 k and 1 M. One process has all sizes beside one
// another, and they take turns: to fill them takes longer than to measure.
func flatRows(ctx context.Context, w *workshop) (rows []Row, err error) {
	sizes := []int{10_000, 200_000, 1_000_000}
	if w.quick {
		sizes = sizes[:2]
	}
	test, err := w.testBinary(ctx, "./storage")
	if err != nil {
		return nil, err
	}
	run := exec.CommandContext(ctx, test, "-test.run=^$", "-test.bench=^BenchmarkSweep$", "-test.benchtime=1x", "-test.timeout=0")
	run.Dir = filepath.Join(w.root, "storage")
	run.Env = append(os.Environ(), "TMPDIR="+w.temp, "ROUNDS="+strconv.Itoa(w.runs), "CLIPS="+strconv.Itoa(sizes[len(sizes)-1]))
	out, err := run.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("BenchmarkSweep: %w\n%s", err, out)
	}
	found := map[string][]float64{}
	if err := readBench(string(out), "BenchmarkSweep", found); err != nil {
		return nil, err
	}
	const how = "100 clips due, against the same among 10 k in the same process; the other clips were put straight into the tables and have no statements; SQLite, synchronous=FULL"
	for _, size := range sizes {
		due, all := found["Due"+strconv.Itoa(size)], found["Sweep"+strconv.Itoa(size)]
		if len(due) != w.runs || len(all) != w.runs {
			return nil, fmt.Errorf("BenchmarkSweep has %d and %d figures for %d clips, want %d", len(due), len(all), size, w.runs)
		}
		if size == sizes[0] {
			continue
		}
		name := named(size)
		rows = append(rows,
			compare("sweep: what is due, 10 k to "+name, "ms", scaled(due, 1e8), scaled(found["Due10000"], 1e8), costs).atMost(1.2).under(how),
			compare("sweep: 100 destroyed, 10 k to "+name, "s", scaled(all, 1e9), scaled(found["Sweep10000"], 1e9), costs).atMost(1.2).
				under(how+"; dates, marks, orders, bytes in a file store, certificates"))
	}
	return rows, nil
}

func named(clips int) string {
	if clips >= 1_000_000 {
		return fmt.Sprintf("%d M", clips/1_000_000)
	}
	return fmt.Sprintf("%d k", clips/1000)
}

// scaled divides ns/op. The query of Due is asked a hundred times in each.
func scaled(ns []float64, by float64) []float64 {
	out := make([]float64, len(ns))
	for i, x := range ns {
		out[i] = x / by
	}
	return out
}

// disposalRow destroys film on MinIO, once: a thousand clips are enough to be a median of
// themselves. How far it is shows meanwhile.
func disposalRow(ctx context.Context, w *workshop) (Row, error) {
	clips := 1000
	if w.quick {
		clips = 50
	}
	to := filepath.Join(w.bin, "s3test.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "s3", "-o", to, "./storage/objects/s3test")
	build.Dir = w.root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return Row{}, fmt.Errorf("build the benchmark of disposal: %w\n%s", err, out)
	}
	run := exec.CommandContext(ctx, to, "-test.run=^$", "-test.bench=^BenchmarkDisposal$", fmt.Sprintf("-test.benchtime=%dx", clips), "-test.timeout=0")
	run.Dir = filepath.Join(w.root, "storage", "objects", "s3test")
	run.Env = append(os.Environ(), "TMPDIR="+w.temp)
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, os.Stderr
	if err := run.Run(); err != nil {
		return Row{}, fmt.Errorf("BenchmarkDisposal, which needs MinIO of make stores: %w\n%s", err, &said)
	}
	found := map[string][]float64{}
	if err := readBench(said.String(), "BenchmarkDisposal", found); err != nil {
		return Row{}, err
	}
	return alone(fmt.Sprintf("sweep: %d clips destroyed on MinIO", clips), "/s", perSecond(found[""])).
		under("of 100 kB each: ordered, uploads ended, versions deleted, looked for, certified in the log, synchronous=FULL"), nil
}
