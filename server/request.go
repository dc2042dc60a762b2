package server

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Keys of what a request carries with it.
const (
	keyRequest = "request_id"
	keyCaller  = "caller"
	keyAddress = "address"
	keyLeak    = "leak" // what a request line held that belongs behind a #
	keyVersion = "version"
	keyCarer   = "carer" // a reply under /s/, which must not differ by request
)

// demoHeader marks every reply of a service that was set up by --demo.
const demoHeader = "Attune-Demo"

// observe gives each request its identifier and writes the access line. It sees
// the route's template, never the path: a path holds link tokens, and a key when
// somebody's app wrote # as %23.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := time.Now()
		c.Set(keyRequest, rand.Text())
		if s.cfg.Demo {
			c.Response().Header().Set(demoHeader, "1")
		}
		if s.secure(c.Request()) {
			c.Response().Header().Set("Strict-Transport-Security", strictTransport)
		}
		c.Set(keyAddress, s.client(c.Request()))
		s.paced(c)
		if err := s.survive(c, next); err != nil {
			s.fail(c, err)
		}
		s.leaked(c)
		s.log.Info("request", "request_id", requestID(c), "method", method(c), "route", route(c),
			"status", c.Response().Status, "bytes", c.Response().Size, "elapsed", time.Since(started))
		return nil
	}
}

// strictTransport is a year, without other names of the domain: those belong to
// somebody else in the council.
const strictTransport = "max-age=31536000"

// survive turns a panic of one request into its error.
func (s *Server) survive(c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // the exact value is net/http's signal
			panic(p)
		}
		s.log.Error("panic", "request_id", requestID(c), "route", route(c), "stack", string(debug.Stack()))
		err = fmt.Errorf("panic: %v", p)
	}()
	return next(c)
}

// api sets what every reply of /v1 carries.
func (s *Server) api(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.speak(c); err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		return next(c)
	}
}

func requestID(c echo.Context) string {
	id, _ := c.Get(keyRequest).(string)
	return id
}

// route is the template of the matched route.
func route(c echo.Context) string {
	if p := c.Path(); p != "" {
		return p
	}
	return "unmatched"
}

// method is the request's method when it is one that exists: the line must not
// carry whatever a stranger writes.
func method(c echo.Context) string {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodOptions, http.MethodPut, http.MethodDelete}
	if m := c.Request().Method; slices.Contains(known, m) {
		return m
	}
	return "other"
}

// address is where the request came from, as [Server.client] read it.
func address(c echo.Context) string {
	from, _ := c.Get(keyAddress).(string)
	return from
}

// caller is who asks: the device of the bearer token, or nobody yet.
func caller(c echo.Context) policies.Caller {
	who, _ := c.Get(keyCaller).(policies.Caller)
	who.Request, who.Address = requestID(c), address(c)
	return who
}

// query reads the query string, in which only the named members may stand, each
// once: a misspelt filter that is ignored shows more than was asked for.
func query(c echo.Context, names ...string) (url.Values, error) {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, wire.NewError(wire.CodeBadRequest, fmt.Errorf("query: %w", err))
	}
	for name, v := range values {
		if !slices.Contains(names, name) || len(v) != 1 {
			return nil, wire.NewError(wire.CodeBadRequest, fmt.Errorf("query member %q, given %d times", name, len(v)))
		}
	}
	return values, nil
}

// number reads a count or an index, least to most; absent is the default.
func number(values url.Values, name string, absent, least, most int64) (int64, error) {
	s := values.Get(name)
	if s == "" {
		return absent, nil
	}
	n, ok := decimal(s)
	if !ok || n < least || n > most {
		return 0, wire.NewError(wire.CodeBadRequest, fmt.Errorf("%s is %q, %d to %d expected", name, s, least, most))
	}
	return n, nil
}

// decimal reads a number in its one spelling: digits, no sign, no leading zero.
func decimal(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}

// id reads an identifier from the path. A malformed one names nothing.
func id[Noun any](c echo.Context, name string) (policies.ID[Noun], error) {
	v, err := policies.ParseID[Noun](c.Param(name))
	if err != nil || v.IsZero() {
		return policies.ID[Noun]{}, wire.NewError(wire.CodeNotFound, fmt.Errorf("%s in the path is not an identifier", name))
	}
	return v, nil
}

// digest reads a random name, of an upload or a viewing, from the path.
func digest(c echo.Context, name string) (d policies.Digest, err error) {
	if err := d.UnmarshalText([]byte(c.Param(name))); err != nil || d.IsZero() {
		return d, wire.NewError(wire.CodeNotFound, fmt.Errorf("%s in the path is not a name", name))
	}
	return d, nil
}

// decode reads the body into v, strictly.
func decode(c echo.Context, limit int64, v any) error {
	return wire.Decode(c.Request().Body, limit, v)
}

// decodePacked is decode of a body that may be compressed.
func decodePacked(c echo.Context, limit int64, v any) error {
	named := c.Request().Header.Values("Content-Encoding")
	e, err := wire.ParseEncoding(strings.Join(named, ","))
	if err != nil {
		return &protocolError{status: http.StatusUnsupportedMediaType, code: wire.CodeBadRequest, cause: err}
	}
	return wire.DecodePacked(e, c.Request().Body, limit, v)
}

// replyPacked is reply, compressed for whoever takes that: for what can be long.
func (s *Server) replyPacked(c echo.Context, status int, v any) error {
	buffer := s.bodies.Get().(*[]byte)
	defer s.bodies.Put(buffer) // what was written, net/http has copied or sent
	body, err := encoded((*buffer)[:0], older(spoken(c), v))
	if err != nil {
		return err
	}
	if cap(body) <= maxPageBuffer {
		*buffer = body
	}
	h := c.Response().Header()
	h.Set("Vary", "Accept-Encoding")
	if e := wire.ParseAccepted(strings.Join(c.Request().Header.Values("Accept-Encoding"), ",")); e != wire.Plain && len(body) >= wire.PackFrom {
		if body, err = s.packer.Pack(e, body); err != nil {
			return err
		}
		h.Set("Content-Encoding", string(e))
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(status, "application/json", body)
}

// maxPageBuffer is the largest buffer that is kept for the next page: 4 MiB of statements
// and attachments in base64, and what stands around them.
const maxPageBuffer = 8 << 20

// encoded is the message v; a page of the feed is written by a faster hand, into b.
func encoded(b []byte, v any) ([]byte, error) {
	if p, ok := v.(feedPage); ok {
		return p.append(b)
	}
	return wire.Encode(v)
}

// reply writes v as JSON, in the version of the request.
func reply(c echo.Context, status int, v any) error {
	body, err := wire.Encode(older(spoken(c), v))
	if err != nil {
		return err
	}
	return c.Blob(status, "application/json", body)
}
