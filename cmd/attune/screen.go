package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
)

// screen serves one open clip to this machine's player.
//
// Any program of this user could ask the loopback address; the path is 128
// random bits that only the player is told. A web page in a browser cannot learn
// it, and one that points a name of its own at 127.0.0.1 is refused by its Host.
// Another program of the same user that reads the player's arguments can watch
// along: it could read the screen as well.
type screen struct {
	URL    string
	server *http.Server
	ended  chan error
}

func openScreen(film *attune.Playing) (*screen, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open an address for the player: %w", err)
	}
	var token [16]byte
	rand.Read(token[:])
	path := "/" + base64.RawURLEncoding.EncodeToString(token[:]) + "/film"
	s := &screen{URL: "http://" + l.Addr().String() + path, ended: make(chan error, 1)}
	s.server = &http.Server{
		Handler:           showing(film, l.Addr().String(), path),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// showing answers GET and HEAD of one path, in ranges; each range is opened and
// authenticated before it is sent.
func showing(film *attune.Playing, host, path string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		right := subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(path)) == 1
		if r.Host != host || !right || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", film.MediaType)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		http.ServeContent(w, r, "", time.Time{}, film.Reader())
	})
}

// Wait returns when ctx is done, which is how it ends, or with why serving failed.
func (s *screen) Wait(ctx context.Context) error {
	select {
	case err := <-s.ended:
		s.ended <- err
		return err
	case <-ctx.Done():
		return nil
	}
}

// Close stops serving at once: a player that is gone needs no more bytes.
func (s *screen) Close() error {
	err := s.server.Close()
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
