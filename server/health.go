package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/storage"
)

// healthy handles GET /healthz: the process answers.
func (s *Server) healthy(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}

// ready handles GET /readyz: the store can take a write now.
func (s *Server) ready(c echo.Context) error {
	err := s.probe.ask(s.cfg.Now(), s.store.Ready)
	if errors.Is(err, storage.ErrFull) {
		return err // said as it is: an operator can make room
	}
	if err != nil {
		return wire.NewError(wire.CodeBusy, fmt.Errorf("store: %w", err))
	}
	return c.String(http.StatusOK, "ready\n")
}

// probeEvery is how long an answer stands: each costs a commit to disk, and
// anyone may ask.
const probeEvery = time.Second

// probe remembers the last answer.
type probe struct {
	// mu guards the fields below, and lets one caller at a time ask.
	mu    sync.Mutex
	asked time.Time
	last  error
}

// ask does not use the caller's context: a caller who hangs up must not make the
// next one hear that the store is down.
func (p *probe) ask(now time.Time, ready func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now.Sub(p.asked); p.asked.IsZero() || age < 0 || age >= probeEvery {
		p.asked, p.last = now, ready(context.Background())
	}
	return p.last
}
