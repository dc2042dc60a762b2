package server

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"
)

// Prove wraps a handler so that it also proves, over plain HTTP, that this server
// has its name (ACME's HTTP-01).
type Prove func(http.Handler) http.Handler

// ServeRedirect answers plain HTTP beside ServeTLS: it proves the name, where prove
// is not nil, and sends people to origin. Everything else is said by HTTPS only.
//
// It sends everybody to the same address and never repeats what was asked for: a
// path under /s/ names a link, and may hold its secret. What came in clear has been
// read on the way already; it must not also stand in an answer, a cache and the log
// of every proxy between.
func ServeRedirect(ctx context.Context, s *Server, l net.Listener, origin string, prove Prove) error {
	h := http.Handler(redirect(origin))
	if prove != nil {
		h = prove(h)
	}
	return s.serve(ctx, newBounded(l, s), h)
}

// onlyHTTPS is for a carer whose address lost its beginning. A redirect would take
// them to a page that knows nothing of their link.
const onlyHTTPS = "This page is only at an address that begins with https. Open your link again exactly as you got it, or ask the person who sent it.\n"

func redirect(origin string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// The body is of no interest, and must not hold the connection either.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(headerTime))
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Connection", "close") // nothing more is to be had here
		page := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case page && strings.HasPrefix(r.URL.Path, linksPath):
			w.WriteHeader(http.StatusNotFound)
		case page:
			h.Set("Location", origin+"/")
			w.WriteHeader(http.StatusMovedPermanently)
		default: // a client that sends work in clear must notice, and not follow on its own
			w.WriteHeader(http.StatusForbidden)
		}
		if r.Method != http.MethodHead {
			w.Write([]byte(onlyHTTPS)) // whoever hung up needs no sentence
		}
	}
}
