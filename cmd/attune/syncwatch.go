package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

// follow is attune sync --watch: each service that this device has joined is followed by
// itself, so that one that cannot be reached holds up no other. Another window may have it
// locked and unlocked, and asks it how things are.
func (g *global) follow(ctx context.Context, c *syncCmd) (err error) {
	all, err := g.taking(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.close()) }()
	orders, deaf := g.listening(ctx, all)
	defer func() { deaf() }()
	for ctx.Err() == nil {
		was := all.isLocked()
		again, err := g.followOnce(ctx, all, orders, deaf)
		if err != nil || !again {
			return err
		}
		if all.isLocked() && !was { // in this program, which went deaf to be another
			orders, deaf = g.listening(ctx, all)
		}
	}
	return nil
}

// listening is controls for what is followed, all the while: nobody in another window must
// hear that nothing is open, because it changes hands.
func (g *global) listening(ctx context.Context, all seats) (<-chan asking, func()) {
	orders, deaf, err := controls(ctx, all.dirs())
	if err != nil {
		g.note("It cannot be locked from another window: %v", err)
		return nil, func() {}
	}
	return orders, deaf
}

// taking opens what is followed, or takes it over locked.
func (g *global) taking(c *syncCmd) (seats, error) {
	if c.LockedKeys > 0 {
		return g.handed(c.LockedKeys)
	}
	all, err := g.seated()
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if err := g.released(s.open, c.Film); err != nil {
			return nil, errors.Join(err, all.close())
		}
	}
	return all, nil
}

// followOnce follows until all have ended, or what is open changes: again is true then.
// deaf ends the listening for orders, before another program listens in its place.
func (g *global) followOnce(ctx context.Context, all seats, orders <-chan asking, deaf func()) (again bool, err error) {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	wait := all.run(running, g)
	go func() { ended <- wait() }()
	for {
		select {
		case err := <-ended:
			return false, err
		case o := <-orders:
			switch o.Do {
			case "state":
				o.reply <- answer{Locked: all.isLocked()}
			case "status":
				o.reply <- g.statusFor(all, o.JSON, "")
			case "home":
				if all.isLocked() {
					o.reply <- answer{Locked: true}
					continue
				}
				status, hidden := g.statusAside(all)
				cancel()
				if err := <-ended; err != nil {
					return false, err
				}
				if err := all.lend(); err != nil {
					return false, err
				}
				h := &handOver{orders: orders, status: status, hidden: hidden, reopen: all.reopen, said: g.shutOut()}
				err := h.run(ctx, o)
				if err == nil && h.locks && ctx.Err() == nil {
					deaf()
					err = all.lock(g)
				}
				return true, err
			case "lock":
				if all.isLocked() {
					o.reply <- answer{Locked: true}
					continue
				}
				cancel()
				err := <-ended
				o.reply <- answer{}
				deaf()
				return true, errors.Join(err, all.lock(g))
			case "unlock":
				cancel()
				err := errors.Join(<-ended, all.unlock(o.Passphrase))
				clear(o.Passphrase)
				if err != nil {
					o.reply <- answer{Locked: true, Error: asFailure(err)}
				} else {
					o.reply <- answer{}
				}
				return true, nil
			default:
				o.reply <- answer{Error: problem("usage", "Use the same version of attune in both windows.", "It does not know %q.", oneLine(o.Do))}
			}
		}
	}
}

// shutOut tells why a home that was lent is not opened again: each cause once.
func (g *global) shutOut() func(err error, again time.Duration) {
	failing := ""
	return func(err error, again time.Duration) {
		code := codeOf(err)
		switch {
		case err == nil:
			g.note("This device is open again.")
		case code != failing:
			f := asFailure(err)
			g.note("This device does not open after another command: %s %s It is tried again by itself, first in %s.", f.Message, f.Next, short(again))
		}
		failing = code
	}
}

// followConfig shows long work also where nobody watches a bar.
func (g *global) followConfig() attune.Config {
	c := g.config()
	if c.Progress == nil && !g.JSON {
		c.Progress = func(label string) attune.Progress { return &lineByLine{g: g, label: label} }
	}
	return c
}

// followed is what --json prints of a round, if there is something to say.
type followed struct {
	At     string         `json:"at"` // RFC 3339
	Number int            `json:"number,omitzero"`
	Name   string         `json:"name,omitzero"` // of the service, where there are several
	Report *attune.Report `json:"report,omitzero"`
	Error  *failure       `json:"error,omitzero"`
	Again  int            `json:"again_seconds,omitzero"` // until it is tried again
}

// teller prints one line for each change, and of a failure that stays only the first.
type teller struct {
	g  *global
	mu *sync.Mutex
	of attune.Service

	locked  bool
	begun   bool     // a round was done in full
	failing string   // code of the failure that was told last
	stopped []string // what was told of film that stays here, as each round finds
}

func (t *teller) told(r attune.Round) {
	lines := slices.DeleteFunc(changes(r.Report), func(l string) bool { return slices.Contains(t.stopped, l) })
	t.stopped = nil
	for _, l := range reportLines(attune.Report{Stopped: r.Report.Stopped, Held: r.Report.Held}) {
		t.stopped = append(t.stopped, l)
	}
	if t.g.JSON {
		t.object(r, len(lines) > 0)
		return
	}
	for _, l := range lines {
		t.line("%s", l)
	}
	switch code := codeOf(r.Err); {
	case r.Err == nil && !t.begun:
		t.begun, t.failing = true, ""
		if t.locked {
			t.line("Locked: film is sent, and nothing else. To go on: attune unlock")
		} else {
			t.line("In step with the service, and staying so. Ctrl-C ends it.")
		}
	case code == t.failing:
	case r.Err == nil:
		t.failing = ""
		t.line("All is well again.")
	default:
		t.failing = code
		f := asFailure(r.Err)
		t.line("Not done: %s %s It is tried again by itself, first in %s.", f.Message, f.Next, short(r.Again))
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return asFailure(err).Code
}

func (t *teller) object(r attune.Round, changed bool) {
	out := followed{At: time.Now().UTC().Format(time.RFC3339), Number: t.of.Number, Name: t.of.Name, Again: int(r.Again.Seconds())}
	if changed {
		out.Report = &r.Report
	}
	code := codeOf(r.Err)
	if r.Err != nil && code != t.failing {
		out.Error = asFailure(r.Err)
	}
	if changed || code != t.failing {
		t.failing = code
		t.mu.Lock()
		defer t.mu.Unlock()
		_ = t.g.print(out, "") // whoever read it has gone; the work goes on
	}
}

func (t *teller) line(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := ""
	if t.of.Name != "" {
		name = oneLine(t.of.Name) + ": "
	}
	fmt.Fprintf(t.g.out, "%s  %s%s\n", time.Now().Format("15:04"), name, fmt.Sprintf(format, args...))
}

// changes are the lines of a report for somebody who looks on.
func changes(r attune.Report) (lines []string) {
	for _, o := range r.Accepted {
		lines = append(lines, fmt.Sprintf("Sent: %s (%s)", kindText(o.Kind), o.ID.Short()))
	}
	for _, id := range r.Uploaded {
		lines = append(lines, "Uploaded: the film of "+id.Short())
	}
	if r.Pulled > 0 {
		lines = append(lines, fmt.Sprintf("Received: %s from the service", count(r.Pulled, "thing", "things")))
	}
	return slices.Concat(lines, reportLines(r))
}

// lineByLine tells how far long work is, in a line now and then.
type lineByLine struct {
	g           *global
	label       string
	total, done int64
	began, told time.Time
	found       int64 // of done, what was there when it began
}

// tellEvery is often enough to see that it moves.
const tellEvery = 10 * time.Second

func (l *lineByLine) Total(n int64) { l.total = n }
func (l *lineByLine) Done()         {}

func (l *lineByLine) Add(n int64) {
	now := time.Now()
	if l.done += n; l.began.IsZero() {
		l.began, l.told, l.found = now, now, l.done
	}
	if l.total == 0 || now.Sub(l.told) < tellEvery {
		return
	}
	l.told = now
	left := ""
	if moved := l.done - l.found; moved > 0 {
		left = ", " + leftText(time.Duration(float64(now.Sub(l.began))*float64(l.total-l.done)/float64(moved)))
	}
	l.g.note("%s: %s of %s%s", l.label, bytesText(l.done), bytesText(l.total), left)
}

// bytesText writes a length as people read it.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n < 10_000_000_000:
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// leftText says how long something still takes, no more exactly than it is known.
func leftText(d time.Duration) string { return "about " + short(d) + " left" }

func short(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "a second"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()+0.5))
	}
	return fmt.Sprintf("%d hours", int(d.Hours()+0.5))
}
