package attune

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

const (
	// longestQuiet is how long a device that hears nothing stays away: a server, or a
	// proxy before it, that swallows its notices costs no more than this; and the days on
	// which it may film count from a contact.
	longestQuiet = 15 * time.Minute
	// pollEvery is how often a server that gives no notice is asked.
	pollEvery = time.Minute
	// longestSilence is how long a round may go without one answer of the server: a piece
	// of film at 10 KB/s. What hangs longer than that never ends by itself.
	longestSilence = 15 * time.Minute
)

// Follow says how a device keeps in step with its service.
type Follow struct {
	Told    func(Round)     // after each round, by the goroutine that called; nil for none
	Changed <-chan struct{} // this machine came into another network; nil when nobody says
}

// Round is one sync of a device that follows.
type Round struct {
	Report Report
	Err    error         // nil: done in full
	Again  time.Duration // until the next attempt, after a failure; at once for 0
	Failed int           // in a row, with this one
}

// Follow syncs, waits until there is something to do, and syncs again, until ctx ends,
// which is no error. What there can be to do: the service has something new, something
// was queued here, the network changed, or the last round failed and its pause is over.
// Whatever ends a round, an error, a panic, an answer that never comes, the next is set
// before anything else is done.
//
// It returns early only when this device or its person was stopped and nothing that the
// service could still take is here, with the error that says so.
func (c *Client) Follow(ctx context.Context, how Follow) error {
	l := &listener{remote: c.desk.remote, after: c.desk.cfg.After, cursor: func() (string, error) { return setting(c.desk.store.db, settingCursor) }}
	f := follower{
		Follow: how, round: c.round, listen: l.wait, after: c.desk.cfg.After, woken: c.desk.woken,
		heard: func() int64 { return c.desk.remote.heard.Load() },
		over: func(r Report) error {
			if r.Waiting > 0 {
				return nil // a device that was stopped may still hand over what it holds
			}
			return c.desk.over()
		},
	}
	return f.run(ctx)
}

// round is a sync; what must leave a device that was out of contact for too long leaves it
// also while it runs.
func (c *Client) round(ctx context.Context) (Report, error) {
	r, err := c.Sync(ctx)
	if err != nil {
		err = errors.Join(err, c.desk.lease.expire())
	}
	return r, err
}

// follower is Follow without the device: rounds, and what comes between them.
type follower struct {
	Follow
	round  func(context.Context) (Report, error)
	listen func(context.Context) error // returns when there may be something new
	over   func(Report) error          // the end of it, nil while there is none
	after  func(time.Duration) <-chan time.Time
	woken  chan struct{} // something was queued here
	heard  func() int64  // answers of the server since the start

	back  Backoff // of rounds that failed
	empty Backoff // of notices that brought nothing
}

func (f *follower) run(ctx context.Context) error {
	news := false
	for ctx.Err() == nil {
		report, err := f.once(ctx)
		if ctx.Err() != nil {
			break // it was told to end; what was on its way goes on from there another time
		}
		told := Round{Report: report, Err: err}
		pause := time.Duration(0)
		switch {
		case err != nil:
			pause = f.back.Next(retryAfter(err))
			told.Again, told.Failed = pause, f.back.Failed()
		case !report.empty():
			f.empty.Reset()
		case news:
			pause = f.empty.Next(0) // it is believed less soon the next time
		}
		if err == nil {
			f.back.Reset()
		}
		if f.Told != nil {
			f.Told(told)
		}
		if end := f.over(report); end != nil {
			return end
		}
		if news = false; pause > 0 {
			f.pause(ctx, pause)
		} else if err == nil {
			news = f.quiet(ctx)
		}
	}
	return nil
}

// once is one round that comes to an end.
func (f *follower) once(ctx context.Context) (report Report, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, hung := make(chan struct{}), false
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil { // a fault of this program ends a round and not the courier
				err = problem(wire.CodeInternal, "Nothing is lost; tell your administrator.", "This program failed.").
					because(fmt.Errorf("%v\n%s", p, debug.Stack()))
			}
		}()
		report, err = f.round(ctx)
	}()
	for answers := f.heard(); ; {
		select {
		case <-done:
			if err != nil && hung {
				err = problem(CodeOffline, "It is tried again; nothing is lost.", "The server stopped answering.").because(err)
			}
			return report, err
		case <-f.after(longestSilence):
			if now := f.heard(); now > answers {
				answers = now
			} else {
				hung = true
				cancel()
			}
		}
	}
}

// pause waits after a failure. Another network ends it, and all pauses before it are
// forgotten; so does something new that was queued here, which may be a "stop".
func (f *follower) pause(ctx context.Context, d time.Duration) {
	select {
	case <-f.after(d):
	case <-f.Changed:
		f.back.Reset()
	case <-f.woken:
	case <-ctx.Done():
	}
}

// quiet waits while all is done, and reports whether the service said that there is
// something new.
func (f *follower) quiet(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	heard, news := make(chan struct{}), false // news may be read once heard is closed
	go func() {
		defer close(heard)
		news = f.listen(ctx) == nil
	}()
	select {
	case <-heard:
	case <-f.after(longestQuiet):
	case <-f.Changed:
	case <-f.woken:
	case <-ctx.Done():
	}
	cancel()
	<-heard
	return news
}

// retryAfter is what the server asked for, 0 for nothing.
func retryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// empty: the round found nothing to do.
func (r Report) empty() bool {
	return r.Pulled+r.Keys+r.Given+r.Relocked+len(r.Accepted)+len(r.Refused)+len(r.Uploaded)+len(r.Purged)+len(r.Dropped)+len(r.Turned) == 0
}

// nudge says that something was queued: a device that follows sends it.
func (d *desk) nudge() {
	select {
	case d.woken <- struct{}{}:
	default: // it has been said
	}
}
