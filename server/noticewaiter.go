package server

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/storage"
)

// waiter is the connection of one device that listens, taken over from net/http: it
// keeps 10 KiB of buffers, the request and two goroutines for each connection until its
// handler returns, and here nothing is said for hours. What stays is one goroutine with a
// small stack, which waits in a read that fails when the other side goes, and times out
// when there is something to say: every beat, and whenever it is woken.
type waiter struct {
	s     *Server
	l     *storage.Listener
	conn  net.Conn
	woken atomic.Bool
	said  time.Time // when the last line went
}

// waiters are those that are open, so that the end of the service reaches them.
type waiters struct {
	// mu guards the fields below.
	mu   sync.Mutex
	open map[*waiter]struct{}
}

// takeOver answers and goes on beside the request, and reports whether it could: what came
// by HTTP/2 shares its connection, HTTP/1.0 has no chunks, and a recorder has nothing to
// take. Then l is the caller's still.
func (s *Server) takeOver(c echo.Context, l *storage.Listener) bool {
	if r := c.Request(); r.ProtoMajor != 1 || r.ProtoMinor != 1 {
		return false
	}
	s.behind.Add(1) // before net/http forgets the connection: from then on nobody else waits for it
	conn, read, err := http.NewResponseController(c.Response().Writer).Hijack()
	if err != nil {
		s.behind.Done()
		return false
	}
	w := &waiter{s: s, l: l, conn: conn}
	head := streamHead(c.Response().Header())
	c.Response().Status, c.Response().Committed = http.StatusOK, true
	spoke := read.Reader.Buffered() > 0 // a device that listens has nothing to say
	go func() {
		defer s.behind.Done()
		defer w.close()
		if !spoke {
			w.run(head)
		}
	}()
	return true
}

// streamHead is the head of an answer whose body has no end yet.
func streamHead(h http.Header) []byte {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Transfer-Encoding", "chunked")
	h.Set("Connection", "close") // after the last chunk nothing reads here
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	return b.Bytes()
}

// run says what there is to say until the device ends, its side goes, or the service stops.
func (w *waiter) run(head []byte) {
	w.s.waiters.enter(w)
	w.l.OnMove(w.wake)
	line := ": here\n\n"
	for {
		news, in, err := w.look()
		if err != nil {
			return // the store is closing; the device comes back
		}
		if line += news; line != "" {
			if !w.say(head, line) {
				return
			}
			head = nil
		}
		if !in || w.stopping() {
			_, _ = w.conn.Write([]byte("0\r\n\r\n")) // the end of the body: nothing was cut off
			return
		}
		if line = ""; !w.wait() {
			return
		}
		if time.Since(w.said) >= w.s.cfg.NoticeBeat {
			line = ":\n\n"
		}
	}
}

// look asks whether there is news, and whether the device is in force. A query needs four
// times the stack that waiting does; it runs on one that is given back.
func (w *waiter) look() (line string, in bool, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx := context.Background()
		if in, err = w.l.InForce(ctx); err != nil {
			return
		}
		head, ok, nextErr := w.l.Next(ctx)
		if err = nextErr; ok {
			line = headLine(head)
		}
	}()
	<-done
	return line, in, err
}

// say writes a line as a chunk, after the head of the answer if that is still to go.
func (w *waiter) say(head []byte, line string) bool {
	w.said = time.Now()
	if w.conn.SetWriteDeadline(w.said.Add(w.s.cfg.BodyTime)) != nil {
		return false
	}
	_, err := w.conn.Write(fmt.Appendf(head, "%x\r\n%s\r\n", len(line), line))
	return err == nil
}

// wait returns true when it was woken or the next line is due, and false when the other
// side went. A deadline that wake set may be overwritten here; woken was set before it.
func (w *waiter) wait() bool {
	if w.conn.SetReadDeadline(w.said.Add(w.s.cfg.NoticeBeat)) != nil {
		return false
	}
	if w.woken.Swap(false) {
		return true
	}
	var b [1]byte
	_, err := w.conn.Read(b[:])
	w.woken.Store(false)
	late, ok := err.(net.Error) //nolint:errorlint // net and crypto/tls return it as it is
	return ok && late.Timeout()
}

// wake has run look again. It does not wait, and is safe to call at any time.
func (w *waiter) wake() {
	w.woken.Store(true)
	_ = w.conn.SetReadDeadline(time.Unix(1, 0)) // a connection that has ended needs no waking
}

func (w *waiter) stopping() bool {
	select {
	case <-w.s.stopping:
		return true
	default:
		return false
	}
}

func (w *waiter) close() {
	w.s.waiters.leave(w)
	w.l.Close()
	_ = w.conn.Close() // nothing is left to lose
}

func (a *waiters) enter(w *waiter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[*waiter]struct{}{}
	}
	a.open[w] = struct{}{}
}

func (a *waiters) leave(w *waiter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, w)
}

// wake has all of them look whether the service stops.
func (a *waiters) wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for w := range a.open {
		w.wake()
	}
}
