package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Timeouts of a connection. Bodies have no fixed limit: a film takes as long as
// it takes, as long as it moves (Config.BodyTime).
const (
	headerTime = 5 * time.Second  // a client that trickles its header holds a connection for nothing
	idleTime   = 60 * time.Second // between two requests
	drainTime  = 30 * time.Second // for requests in flight when the service stops
	maxHeader  = 16 << 10         // bytes; a token is 1 KiB, everything else is short
)

// Serve answers on listener until ctx ends, then lets requests in flight finish
// for up to 30 seconds. It returns nil after an orderly end, and closes listener
// in any case.
func Serve(ctx context.Context, s *Server, listener net.Listener) error {
	h := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	return drain(h, ended)
}

// drain stops taking connections, waits, and cuts off what has not finished.
func drain(h *http.Server, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := h.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests cut off: %w", err), h.Close())
	}
	if serveErr := <-ended; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}
