package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
)

// bearer turns the device's token into the caller. It is identity only: whether
// the device or its person has been revoked is read by storage at each request.
//
// Source: DESIGN.md §11.
func (s *Server) bearer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		raw, ok := strings.CutPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
		if !ok || len(c.Request().Header.Values(echo.HeaderAuthorization)) != 1 {
			return fmt.Errorf("%w: no bearer token", statement.ErrToken)
		}
		who, err := s.identify(c.Request().Context(), raw)
		if err != nil {
			return err
		}
		c.Set(keyCaller, who)
		return next(c)
	}
}

// identify verifies a token, or recognises it.
func (s *Server) identify(ctx context.Context, raw string) (policies.Caller, error) {
	now := s.cfg.Now()
	if who, ok := s.tokens.known(raw, now); ok {
		return who, nil
	}
	org, err := s.store.Records.Org(ctx)
	if err != nil {
		return policies.Caller{}, fmt.Errorf("read organisation: %w", err)
	}
	keys := func(d policies.DeviceID) (policies.PublicKey, bool) {
		device, ok := org.Devices[d]
		if !ok {
			return policies.PublicKey{}, false
		}
		return device.Key, true
	}
	t, err := statement.VerifyToken(raw, keys, s.cfg.Org, s.cfg.Origin, now)
	if err != nil {
		return policies.Caller{}, err
	}
	who := policies.Caller{Staff: org.Devices[t.Device].Staff, Device: t.Device}
	return who, s.tokens.remember(raw, t, who, now)
}
