package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	attune "github.com/attune-vf/attune/client-sdk"
)

// bar shows long work on standard error, when somebody is looking.
type bar struct{ *progressbar.ProgressBar }

func (b bar) Total(n int64) { b.ChangeMax64(n) }
func (b bar) Add(n int64)   { b.Add64(n) }
func (b bar) Done()         { b.Finish() }

// noBar is where nobody looks.
type noBar struct{}

func (noBar) Total(int64) {}
func (noBar) Add(int64)   {}
func (noBar) Done()       {}

// progress is nil where nobody looks: package attune then shows nothing.
func (g *global) progress() func(label string) attune.Progress {
	if !g.watched() {
		return nil
	}
	return func(label string) attune.Progress { return newBar(label, true) }
}

// counting shows work that is counted in events and not in bytes.
func (g *global) counting(label string) attune.Progress {
	if !g.watched() {
		return noBar{}
	}
	return newBar(label, false)
}

func (g *global) watched() bool { return !g.JSON && term.IsTerminal(int(os.Stderr.Fd())) }

func newBar(label string, bytes bool) bar {
	return bar{progressbar.NewOptions64(-1,
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}
