package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// bench is one named group of rows, which share a set-up and a file.
type bench struct {
	name string
	does string
	run  func(context.Context, *workshop) ([]Row, error)
}

// benches in the order of the table; the control comes first and is run again
// with any of the others.
var benches = []bench{
	{"control", "what the machine is worth: SHA-256 and a durable SQLite insert", control},
	{"seal", "sealing on the device against age, then sha256sum", sealRows},
	{"carer", "the carer page against plain video on a phone's link", carerRows},
	{"links", "whether time tells why a link does not open", linkRows},
	{"decide", "one decision, facts at hand", decideRows},
	{"fold", "folding statements into a family's record", foldRows},
	{"log", "appending to the access log against a bare insert", logRows},
	{"push", "pushing one statement, by one client and by 32", pushRows},
	{"sync", "first sync, push, poll and notice against PocketBase", syncRows},
	{"sweep", "finding and destroying 100 due clips of 10 k to 1 M, and 1,000 on MinIO", sweepRows},
	{"start", "starting to serve against opening SQLite", startRows},
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == openArg {
		os.Exit(openBare(os.Args[2]))
	}
	if len(os.Args) == 4 && os.Args[1] == bareArg {
		os.Exit(bareServer(os.Args[2], os.Args[3]))
	}
	w := &workshop{}
	flag.StringVar(&w.root, "root", ".", "folder of the product's module")
	flag.IntVar(&w.runs, "runs", 7, "how often each side is measured")
	flag.BoolVar(&w.quick, "quick", false, "a few runs on less work: shows that all works, the figures are worth little")
	only := flag.String("only", "", "which, separated by commas: "+names())
	flag.Parse()
	chosen, err := choose(*only)
	if err != nil || flag.NArg() > 0 || w.runs < 1 {
		fmt.Fprintln(os.Stderr, "bench:", errors.Join(err, usageOf(flag.Args())))
		os.Exit(2)
	}
	if w.quick {
		w.runs = min(w.runs, 2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runAll(ctx, w, chosen); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func usageOf(left []string) error {
	if len(left) > 0 {
		return fmt.Errorf("%q is no flag; -runs is at least 1", left[0])
	}
	return nil
}

func names() string {
	var all []string
	for _, b := range benches {
		all = append(all, b.name)
	}
	return strings.Join(all, ", ")
}

// choose finds the named benchmarks; all when nothing is named.
func choose(only string) ([]bench, error) {
	if only == "" {
		return benches, nil
	}
	var chosen []bench
	for _, name := range strings.Split(only, ",") {
		at := slices.IndexFunc(benches, func(b bench) bool { return b.name == strings.TrimSpace(name) })
		if at < 0 {
			return nil, fmt.Errorf("no benchmark %q; there are: %s", name, names())
		}
		chosen = append(chosen, benches[at])
	}
	if chosen[0].name != "control" {
		chosen = append([]bench{benches[0]}, chosen...)
	}
	return chosen, nil
}

// runAll measures one benchmark after another. One that cannot be measured does
// not cost the others their table.
func runAll(ctx context.Context, w *workshop, chosen []bench) error {
	if err := w.open(); err != nil {
		return err
	}
	defer w.close()
	var all []Row
	var failed error
	for _, b := range chosen {
		fmt.Fprintf(os.Stderr, "· %s: %s\n", b.name, b.does)
		r, err := w.report(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", b.name, err))
			continue
		}
		all = append(all, r.Rows...)
	}
	fmt.Print(table(all))
	fmt.Println(w.conditions())
	return failed
}

// report measures one benchmark, with a glance at the machine before and after,
// and writes its file.
func (w *workshop) report(ctx context.Context, b bench) (report, error) {
	r := report{Name: b.name}
	var err error
	if r.Control, err = glance(ctx, w); err != nil {
		return r, err
	}
	if r.Rows, err = b.run(ctx, w); err != nil {
		return r, err
	}
	after, err := glance(ctx, w)
	if err != nil {
		return r, err
	}
	r.Control, r.Conditions = append(r.Control, after...), w.conditions()
	return r, writeJSON(filepath.Join(w.out, b.name+".json"), r)
}
