package server

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// linksPath is where carers' pages are. What stands behind it in a request line
// can be a key, when somebody's program wrote # as %23.
const linksPath = "/s/"

// elsewhere takes the place of what a line under /s/ should not have held. No link
// has this token, so the answer is the one that an unknown link gets.
const elsewhere = "x"

// scrub takes out of the request whatever is no token, asset or known act before
// anything else sees it: no handler, log or error can then repeat it. It looks at
// the shape only. A link that leaked is remembered for [Server.leaked].
//
// Source: DESIGN §10, "%23 in a request line means the key leaked".
func scrub(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		line, ok := strings.CutPrefix(r.URL.Path, linksPath)
		if !ok || plainLink(line) && r.URL.RawQuery == "" {
			return next(c)
		}
		found, leaked := storage.FindLeak(line + "?" + r.URL.RawQuery)
		if leaked {
			c.Set(keyLeak, found)
		} else if !plainLink(line) {
			c.Set(keyLeak, storage.Leak{})
		}
		if !plainLink(line) {
			r.URL.Path = linksPath + elsewhere + strings.Repeat("/"+elsewhere, min(1, strings.Count(line, "/")))
		}
		r.URL.RawPath, r.URL.RawQuery = "", "" // nothing under /s/ reads a query
		r.RequestURI = r.URL.Path
		return next(c)
	}
}

// plainLink reports whether a line has the shape of a token or an asset, and at
// most one act behind it. A secret cannot have it: it is longer.
func plainLink(line string) bool {
	name, act, _ := strings.Cut(line, "/")
	return len(name) <= maxName && len(act) <= maxName && isPlain(name) && isPlain(act)
}

const maxName = 32 // bytes; a token has 22, an act 7

func isPlain(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

// leaked ends a link whose secret stood in the request line. It does so beside the
// answer, so that neither its bytes nor its time tell whether there is such a link.
// What is no link's secret is counted and not logged: a stranger could write as
// much of it as they like.
func (s *Server) leaked(c echo.Context) {
	found, ok := c.Get(keyLeak).(storage.Leak)
	if !ok {
		return
	}
	if found == (storage.Leak{}) || s.leaks.take(network(address(c)), s.cfg.Now()) > 0 {
		s.junk.add(s.log)
		return
	}
	who := caller(c)
	s.behind.Go(func() { s.endLeaked(who, found) })
}

func (s *Server) endLeaked(who policies.Caller, found storage.Leak) {
	ended, err := s.store.Links.EndLeaked(context.Background(), who, found)
	switch {
	case err != nil:
		s.log.Error("the secret part of a link arrived in a request line, and the link could not be revoked", "request_id", who.Request, "error", err)
	case ended:
		s.log.Warn("the secret part of a link arrived in a request line; the link is revoked", "request_id", who.Request)
	default:
		s.junk.add(s.log)
	}
}

// junk counts lines that held something, but no link's secret.
type junk struct{ n atomic.Int64 }

// add logs the count when it has doubled: 40 lines in a million million requests.
func (j *junk) add(log *slog.Logger) {
	if n := j.n.Add(1); n&(n-1) == 0 {
		log.Info("requests under /s/ that held more than a link's address", "count", n)
	}
}

// scrubber hands on to the log what net/http and echo write by themselves, without
// anything that could be an address under /s/. Neither writes request lines today;
// this does not rest on it.
type scrubber struct{ log *slog.Logger }

var linkInText = regexp.MustCompile(`(/|%2[fF])s(/|%2[fF])\S*`)

// Write implements [io.Writer], one message at a time.
func (s scrubber) Write(p []byte) (int, error) {
	s.log.Warn(linkInText.ReplaceAllString(strings.TrimSpace(string(p)), "/s/…"))
	return len(p), nil
}
