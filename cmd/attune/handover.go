package main

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	attune "github.com/attune-vf/attune/client-sdk"
)

// reopenEvery is how soon a home is tried again that a program has which did not ask for
// it, or that ends at this moment.
const reopenEvery = 100 * time.Millisecond

// borrowFor is how long a home is tried for that nobody holds on to: a program that was
// ended lets go of it within a moment.
const borrowFor = 10 * time.Second

// handOver is an attune sync --watch that stepped aside for another command. Who has the
// home has a connection to it, which ends with that program however it ends: then comes
// the next in the line, and after the last the watch itself.
//
// A lock that is asked for meanwhile is remembered: it is done as soon as that command has
// ended, before the home is anybody else's.
type handOver struct {
	orders <-chan asking
	status func(asJSON bool) answer             // as it was at that moment
	hidden func(asJSON bool) answer             // once a lock was asked for
	reopen func() error                         // with [attune.CodeInUse] while somebody has the home
	said   func(err error, again time.Duration) // of what keeps it shut, and with nil once it is open after all
	line   []asking                             // the first has the home
	locks  bool                                 // a lock was asked for
}

// run lends the home until nobody wants it, and opens it again, which it tries until it
// can be: a full disk has room again some day, and the watch goes on. Only when the device
// is not there any more it ends. It ends with ctx too, and then leaves the home to whoever
// has it.
func (h *handOver) run(ctx context.Context, first asking) error {
	h.line = []asking{first}
	var pause attune.Backoff
	for ctx.Err() == nil {
		if len(h.line) > 0 {
			h.lend(ctx, h.line[0])
			h.line = h.line[1:]
			continue
		}
		err := h.reopen()
		code, wait := attune.CodeOf(err), reopenEvery
		if err == nil && pause.Failed() > 0 {
			h.said(nil, 0)
		}
		if err == nil || code == attune.CodeHome {
			return err
		}
		if code != attune.CodeInUse {
			wait = pause.Next(0)
			h.said(err, wait)
		}
		for again := time.After(wait); again != nil && len(h.line) == 0; {
			select {
			case o := <-h.orders:
				h.answer(o)
			case <-again:
				again = nil
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// lend tells one that the home is theirs, and waits until they are gone.
func (h *handOver) lend(ctx context.Context, to asking) {
	select {
	case <-to.gone: // tired of waiting
		return
	default:
		to.reply <- answer{}
	}
	for {
		select {
		case <-to.gone:
			return
		case o := <-h.orders:
			h.answer(o)
		case <-ctx.Done():
			return
		}
	}
}

// answer is what is told meanwhile, from what is remembered.
func (h *handOver) answer(o asking) {
	switch o.Do {
	case "home":
		if h.locks {
			o.reply <- answer{Locked: true}
			return
		}
		h.line = append(h.line, o)
	case "status":
		o.reply <- h.status(o.JSON)
	case "lock":
		h.lockLater()
		o.reply <- answer{Later: true}
	case "unlock":
		clear(o.Passphrase)
		if h.locks {
			o.reply <- answer{Locked: true, Error: problem("home_in_use", "Wait until that has ended, then do this again.", "Another command is at work on this device, which is locked after it.")}
			return
		}
		o.reply <- answer{}
	default:
		o.reply <- answer{Locked: h.locks}
	}
}

// lockLater sends away who waits: the device is locked before it would be their turn.
func (h *handOver) lockLater() {
	if h.locks {
		return
	}
	h.locks, h.status = true, h.hidden
	for _, next := range h.line[min(1, len(h.line)):] { // the first has it
		next.reply <- answer{Locked: true}
	}
	h.line = h.line[:min(1, len(h.line))]
}

// lend closes what is open, in turn.
func (all seats) lend() error {
	for _, s := range all {
		again, err := s.open.Lend()
		if err != nil {
			return err
		}
		s.open, s.again = nil, again
	}
	return nil
}

// reopen opens what was lent.
func (all seats) reopen() error {
	for _, s := range all {
		if s.again == nil {
			continue
		}
		c, err := s.again()
		if err != nil {
			return err
		}
		s.open, s.again = c, nil
	}
	return nil
}

// serveHome keeps somebody in the line, and then the home theirs, until they are gone.
func serveHome(ctx context.Context, conn net.Conn, in order, orders chan<- asking) {
	_ = conn.SetDeadline(time.Time{}) // the line may be long
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn) // they say nothing more; it ends with them
	}()
	defer func() {
		conn.Close()
		<-gone
	}()
	reply := make(chan answer, 1)
	select {
	case orders <- asking{in, reply, gone}:
	case <-gone:
		return
	case <-ctx.Done():
		return
	}
	select {
	case a := <-reply:
		if json.MarshalWrite(conn, a) != nil || a.Locked || a.Error != nil {
			return
		}
	case <-gone:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

// borrowed opens a home, and where an attune sync --watch has it, asks for it first.
func (g *global) borrowed(dir string, open func() (*attune.Client, error)) (*attune.Client, error) {
	c, err := open()
	for until := time.Now().Add(borrowFor); attune.CodeOf(err) == attune.CodeInUse && !g.follows && time.Now().Before(until); c, err = open() {
		a, asked := g.ask(dir)
		switch {
		case g.isStopped():
			return nil, err
		case asked == errNobody: //nolint:errorlint // as ask returns it
			if len(g.lender) == 0 {
				return nil, err // another program, which lends nothing
			}
			time.Sleep(reopenEvery)
		case asked != nil: // the watch ends, or opens the home again
			time.Sleep(reopenEvery)
		case a.Locked || a.Error != nil:
			return nil, err
		default:
			until = time.Now().Add(borrowFor)
		}
	}
	return c, err
}

// ask waits for the home in the line of who has it, and keeps the connection by which it
// is this program's.
func (g *global) ask(dir string) (a answer, err error) {
	conn, err := net.DialTimeout("unix", filepath.Join(dir, controlFile), time.Second)
	if err != nil {
		return a, errNobody
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-g.stopped:
			conn.Close()
		case <-done:
		}
	}()
	err = json.MarshalWrite(conn, order{Do: "home"})
	if err == nil {
		err = json.UnmarshalDecode(jsontext.NewDecoder(io.LimitReader(conn, maxOrder)), &a)
	}
	if err != nil || a.Locked || a.Error != nil {
		conn.Close()
		return a, err
	}
	g.lender = append(g.lender, conn)
	return a, nil
}

func (g *global) isStopped() bool {
	select {
	case <-g.stopped:
		return true
	default:
		return false
	}
}
