package server

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// asked is the version that a request names, and whether this server answers it.
type asked struct {
	version int
	served  bool
}

// speak reads the version of a request, and marks the reply with the one that it is
// written in: of a request outside the range, that of the core, which everybody reads.
func (s *Server) speak(c echo.Context) error {
	h := c.Response().Header()
	h.Set(wire.ProtocolHeader, strconv.Itoa(s.cfg.Protocol.Max))
	a := asked{version: s.cfg.Protocol.Max, served: true}
	if named := c.Request().Header.Values(wire.ProtocolHeader); len(named) > 0 {
		v, ok := wire.ParseVersion(named[0])
		if !ok || len(named) > 1 {
			return wire.NewError(wire.CodeBadRequest, fmt.Errorf("%s %q", wire.ProtocolHeader, named))
		}
		a = asked{version: v, served: s.cfg.Protocol.Holds(v)}
	}
	c.Set(keyVersion, a)
	h.Set(wire.ProtocolHeader, strconv.Itoa(spoken(c)))
	return nil
}

// spoken is the version that a reply is written in.
func spoken(c echo.Context) int {
	a, ok := c.Get(keyVersion).(asked)
	switch {
	case !ok:
		return wire.Protocol
	case !a.served:
		return wire.Core
	}
	return a.version
}

// versions refuses what is outside the range, before anything of it is read.
func (s *Server) versions(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if a, _ := c.Get(keyVersion).(asked); !a.served {
			code := wire.CodeTooNew
			if a.version < s.cfg.Protocol.Min {
				code = wire.CodeTooOld
			}
			return wire.NewError(code, fmt.Errorf("version %d asked for, %d to %d answered", a.version, s.cfg.Protocol.Min, s.cfg.Protocol.Max))
		}
		return next(c)
	}
}

// protocol handles GET /v1/protocol.
func (s *Server) protocol(c echo.Context) error { return reply(c, http.StatusOK, s.cfg.Protocol) }

// endings handles GET /v1/sync/endings?cursor=: what a device must forget, for one that
// can take nothing else from here any more.
func (s *Server) endings(c echo.Context) error {
	q, err := query(c, "cursor")
	if err != nil {
		return err
	}
	items, err := s.store.Records.Endings(c.Request().Context(), caller(c), q.Get("cursor"))
	if err != nil {
		return err
	}
	out := wire.EndingsReply{Items: make([]wire.Item, len(items)), Time: policies.At(s.cfg.Now())}
	for i, item := range items {
		out.Items[i] = itemToWire(item)
	}
	return reply(c, http.StatusOK, out)
}
