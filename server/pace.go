package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// paceBytes in each Config.BodyTime is the slowest that a body may travel, either
// way: 64 KiB a minute, 9 kbit/s. The worst mobile connection that a film was ever
// sent over is ten times faster; whoever is slower holds a connection for nothing.
// There is no limit to how long a body takes that keeps this pace.
const paceBytes = 64 << 10

// paced gives the request's connection its BodyTime, and again after each
// paceBytes of its body or of the answer's.
func (s *Server) paced(c echo.Context) {
	conn := http.NewResponseController(c.Response().Writer)
	in, out := &pace{conn: conn, every: s.cfg.BodyTime}, &pace{conn: conn, every: s.cfg.BodyTime}
	if err := in.renew(); err != nil {
		s.log.Warn("deadline", "request_id", requestID(c), "error", err)
	}
	c.Request().Body = &body{c.Request().Body, in}
	c.Response().Writer = &outgoing{c.Response().Writer, out}
}

// pace renews the connection's deadlines as one direction moves.
type pace struct {
	conn  *http.ResponseController
	every time.Duration
	moved int
}

// renew moves both deadlines: while a film comes in, the time to answer must not
// run out, and the other way round net/http takes a read deadline that passes for
// a caller who went away. A recorder in a test has no connection; nothing is lost
// there.
func (p *pace) renew() error {
	until := time.Now().Add(p.every)
	for _, err := range []error{p.conn.SetReadDeadline(until), p.conn.SetWriteDeadline(until)} {
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	return nil
}

// add counts n bytes. The deadline of a connection that has ended cannot be set,
// which the next read or write says better.
func (p *pace) add(n int) {
	if p.moved += n; p.moved >= paceBytes {
		p.moved = 0
		_ = p.renew()
	}
}

// errIncoming is a body that its sender did not finish or frame as HTTP prescribes.
var errIncoming = errors.New("request body")

// body names what goes wrong while a request is read as the sender's: a stranger
// who sends half a chunk must not stand in our log as a fault of ours.
type body struct {
	io.ReadCloser
	pace *pace
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.pace.add(n)
	if err != nil && err != io.EOF { //nolint:errorlint // readers compare it exactly
		err = fmt.Errorf("%w: %w", errIncoming, err)
	}
	return n, err
}

// outgoing writes in steps of paceBytes, because one long write has one deadline.
type outgoing struct {
	http.ResponseWriter
	pace *pace
}

// WriteHeader gives the answer its time: the work before it may have taken longer.
func (a *outgoing) WriteHeader(status int) {
	_ = a.pace.renew()
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [io.Writer].
func (a *outgoing) Write(p []byte) (n int, err error) {
	for more := true; more; more = len(p) > 0 {
		step := p[:min(len(p), paceBytes)]
		m, err := a.ResponseWriter.Write(step)
		n += m
		if err != nil {
			return n, err
		}
		a.pace.add(m)
		p = p[m:]
	}
	return n, nil
}

// Unwrap lets [http.ResponseController] find the connection.
func (a *outgoing) Unwrap() http.ResponseWriter { return a.ResponseWriter }
