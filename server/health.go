package server

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// healthy handles GET /healthz: the process answers.
func (s *Server) healthy(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}

// ready handles GET /readyz: the store can take a write now.
func (s *Server) ready(c echo.Context) error {
	if err := s.store.Ready(c.Request().Context()); err != nil {
		return wire.NewError(wire.CodeBusy, fmt.Errorf("store: %w", err))
	}
	return c.String(http.StatusOK, "ready\n")
}
