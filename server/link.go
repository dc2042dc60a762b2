package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
)

// carer marks a reply under /s/: it has the page's headers, and it is the same
// for an unknown, an expired and a revoked link.
func carer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(keyCarer, true)
		pages.Headers(c.Response().Header(), pages.Data)
		return next(c)
	}
}

// pressed refuses an opening that no person asked for on our own page: a link
// preview, a prefetch, another site. It answers like a link that has ended, and
// nothing is counted or looked up.
func pressed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if why := notPressed(c.Request()); why != "" {
			return fmt.Errorf("%w: %s", storage.ErrLinkEnded, why)
		}
		return next(c)
	}
}

func notPressed(r *http.Request) string {
	h := r.Header
	purpose := strings.ToLower(h.Get("Sec-Purpose") + " " + h.Get("Purpose") + " " + h.Get("X-Moz"))
	site, origin := h.Get("Sec-Fetch-Site"), h.Get("Origin")
	switch {
	case h.Get(wire.PageHeader) != "1":
		return "not sent by the page"
	case strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "prerender"):
		return "a prefetch"
	case site != "" && site != "same-origin":
		return "sent from another site"
	case origin != "" && !ownOrigin(origin, r.Host):
		return "sent from another origin"
	}
	return ""
}

// ownOrigin compares with the host that the browser itself asked, because a
// proxy may have taken the TLS away and an address has several names.
func ownOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == host
}

// linkPage handles GET /s/{token}: the page and its assets. It looks nothing up
// and counts nothing, so a preview learns and spends nothing.
func (s *Server) linkPage(c echo.Context) error {
	if s.cfg.Pages.ServeAsset(c.Response(), c.Request(), c.Param("token")) {
		return nil
	}
	return s.cfg.Pages.Carer(c.Response(), c.Request(), s.cfg.Contact)
}

// linkPageSlash handles GET /s/{token}/, as some programs write addresses. A browser
// takes the fragment along.
func (s *Server) linkPageSlash(c echo.Context) error {
	pages.Headers(c.Response().Header(), pages.Data)
	return c.Redirect(http.StatusFound, linksPath+c.Param("token"))
}

// openLink handles POST /s/{token}/open: auth and PIN against what the link
// holds. A page that was reloaded sends the session that it still has. Every ended
// link answers alike.
func (s *Server) openLink(c echo.Context) error {
	var in wire.OpenLink
	if err := decode(c, wire.MaxRequestBytes, &in); err != nil {
		return err
	}
	token, err := linkToken(c)
	if err != nil {
		return err
	}
	page, _ := linkSession(c) // none, or not one of ours: then it is an opening like any other
	o, err := s.store.Links.Open(c.Request().Context(), caller(c), token, in.Auth, in.PIN, page)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, s.openedToWire(o))
}

// readLink handles GET /s/{token}/payload with the session of an opened link:
// one range with a beginning, or the whole. The page never asks for the last
// bytes without knowing where they are.
func (s *Server) readLink(c echo.Context) error {
	token, err := linkToken(c)
	if err != nil {
		return err
	}
	session, err := linkSession(c)
	if err != nil {
		return err
	}
	r, malformed := parseRange(c.Request().Header.Values("Range"))
	if malformed != nil || r.first < 0 {
		r = byteRange{first: -1} // outside every film: storage says so, once it knows that the link still holds
	} else if r.length < 0 {
		r.length = maxSize // storage cuts at the end
	}
	body, size, err := s.store.Links.Read(c.Request().Context(), caller(c), token, session, r.first, r.length)
	if err != nil {
		if errors.Is(err, storage.ErrRange) {
			beyond(c, size)
		}
		return err
	}
	offset, length, err := r.within(size)
	if err != nil {
		return errors.Join(err, body.Close())
	}
	pages.Headers(c.Response().Header(), pages.Film)
	return errors.Join(s.stream(c, body, r, offset, length, size), body.Close())
}

// stopLink handles POST /s/{token}/stop with the session of an opened link: the
// carer asks us to stop. It takes no body. What no page of ours sent, or without a
// session of this link, answers like a link that has ended.
func (s *Server) stopLink(c echo.Context) error {
	token, err := linkToken(c)
	if err != nil {
		return err
	}
	session, err := linkSession(c)
	if err != nil {
		return err
	}
	if err := s.store.Links.Stop(c.Request().Context(), caller(c), token, session); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// showLink handles GET /v1/links/{link}: how a link stands, for the family's team.
func (s *Server) showLink(c echo.Context) error {
	link, err := id[policies.Link](c, "link")
	if err != nil {
		return err
	}
	st, err := s.store.Links.Status(c.Request().Context(), caller(c), link)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, wire.LinkStatus(st))
}

// linkSession is the session of an opened page.
func linkSession(c echo.Context) (policies.Digest, error) {
	var session policies.Digest
	if err := session.UnmarshalText([]byte(c.Request().Header.Get(wire.SessionHeader))); err != nil || session.IsZero() {
		return policies.Digest{}, fmt.Errorf("%w: no session", storage.ErrLinkEnded)
	}
	return session, nil
}

// linkToken is the public part of a link. A malformed one is an unknown link.
func linkToken(c echo.Context) (policies.Bytes16, error) {
	var t policies.Bytes16
	if err := t.UnmarshalText([]byte(c.Param("token"))); err != nil {
		return t, fmt.Errorf("%w: token is malformed", storage.ErrLinkEnded)
	}
	return t, nil
}

func (s *Server) openedToWire(o storage.Opened) wire.OpenedLink {
	out := wire.OpenedLink{
		Session: o.Session, Link: o.Link.ID, Clip: o.Clip.ID,
		Sealed: base64.RawURLEncoding.EncodeToString(o.Sealed),
		Bytes:  o.Clip.Payload.Bytes, Nonce: o.Clip.Payload.Nonce,
		Media: o.Clip.Media.Type, Codec: o.Clip.Media.Codec,
		Duration: float64(o.Clip.Media.DurationMS) / 1000,
		Until:    o.Link.Expires.Time(),
		Viewers:  make([]wire.LinkViewer, len(o.Viewers)),
		Demo:     s.cfg.Demo,
	}
	for i, v := range o.Viewers {
		out.Viewers[i] = wire.LinkViewer{Role: v.Role}
		if v.Until != 0 {
			out.Viewers[i].Until = v.Until.Time().Format(time.RFC3339)
		}
	}
	return out
}
