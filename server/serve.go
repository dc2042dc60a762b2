package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"
)

// Timeouts of a connection. Bodies have no fixed limit: a film takes as long as
// it takes, as long as it moves (Config.BodyTime).
const (
	headerTime = 5 * time.Second  // a client that trickles its header, or its TLS handshake, holds a connection for nothing
	idleTime   = 60 * time.Second // between two requests
	drainTime  = 30 * time.Second // for requests in flight when the service stops
	maxHeader  = 16 << 10         // bytes; a token is 1 KiB, everything else is short
	maxStreams = 32               // requests at once on one HTTP/2 connection; a browser's player uses 6
)

// Serve answers on listener until ctx ends, then lets requests in flight finish
// for up to 30 seconds. It returns nil after an orderly end, and closes listener
// in any case.
func Serve(ctx context.Context, s *Server, listener net.Listener) error {
	return s.serve(ctx, newBounded(listener, s), s.Handler())
}

// ServeTLS is Serve behind TLS, with HTTP/2 for whoever speaks it. A connection
// that never shakes hands counts among those that are open.
func ServeTLS(ctx context.Context, s *Server, listener net.Listener, c *tls.Config) error {
	return s.serve(ctx, tls.NewListener(newBounded(listener, s), c), s.Handler())
}

func (s *Server) serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	defer s.behind.Wait()
	h := s.http(handler)
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	select {
	case err := <-ended:
		s.stop()
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.stop()
	return drain(h, ended)
}

func (s *Server) http(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			SendPingTimeout:      idleTime, // finds phones that went out of reach
			WriteByteTimeout:     s.cfg.BodyTime,
		},
		ErrorLog: log.New(scrubber{s.log}, "", 0),
	}
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
