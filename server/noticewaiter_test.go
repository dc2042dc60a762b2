package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
)

// However a device's connection is made, its stream says the same, and whoever hangs up
// is noticed at once and not by the next line.
func TestNoticeOverEachConnection(t *testing.T) {
	f := newFilmed(newWorld(t))
	for name, version := range map[string]int{"Plain": 0, "TLS": 1, "HTTP2": 2} {
		t.Run(name, func(t *testing.T) {
			w := f.in(t)
			for _, beats := range []time.Duration{20 * time.Millisecond, time.Hour} {
				web := w.served(version, beats)
				ctx, hangUp := context.WithCancel(t.Context())
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, web.URL+"/v1/sync/notice?cursor="+w.pulled("ana"), nil)
				w.must(err)
				req.Header.Set("Authorization", "Bearer "+w.token("ana"))
				req.Header.Set("Accept", "text/event-stream")
				reply, err := web.Client().Do(req)
				w.must(err)
				if reply.StatusCode != http.StatusOK || reply.ProtoMajor != max(1, version) || reply.Header.Get("Cache-Control") != "no-store" {
					t.Fatalf("answered %s %s %v", reply.Proto, reply.Status, reply.Header)
				}
				lines := bufio.NewScanner(reply.Body)
				want := []string{": here", ":", ":"}
				if beats == time.Hour {
					want = want[:1]
				}
				for _, want := range want {
					if got := next(lines); got != want {
						t.Errorf("said %q, want %q", got, want)
					}
				}
				f.svc.Sam.Does(f.family.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 1, StillHappy: true})
				for got := ":"; got == ":"; {
					if got = next(lines); got != ":" && !strings.HasPrefix(got, `data: {"head":`) {
						t.Errorf("said %q of a change", got)
					}
				}
				hangUp()
				reply.Body.Close()
				for end := time.Now().Add(10 * time.Second); f.svc.Records.Listeners() > 0; time.Sleep(time.Millisecond) {
					if time.Now().After(end) {
						t.Fatal("who hung up still listens")
					}
				}
			}
		})
	}
}

// A device that sends something where it listens is not heard: its stream ends, and what
// it sent is no request.
func TestNoticeTakesNothingMore(t *testing.T) {
	f := newFilmed(newWorld(t))
	cursor := f.pulled("ana")
	ask := "GET /v1/sync/notice?cursor=" + cursor + " HTTP/1.1\r\nHost: attune\r\nAccept: text/event-stream\r\nAuthorization: Bearer " + f.token("ana") + "\r\n\r\n"
	for name, together := range map[string]bool{"WithTheRequest": true, "Later": false} {
		t.Run(name, func(t *testing.T) {
			w := f.in(t)
			conn, err := net.Dial("tcp", f.web.Listener.Addr().String())
			w.must(err)
			defer conn.Close()
			first, then := ask, "GET /healthz HTTP/1.1\r\nHost: attune\r\n\r\n"
			if together {
				first += then
			}
			_, err = io.WriteString(conn, first)
			w.must(err)
			if !together {
				buf := make([]byte, 4096)
				if n, err := conn.Read(buf); err != nil || !strings.Contains(string(buf[:n]), ": here") {
					t.Fatalf("%q, %v", buf[:n], err)
				}
				fmt.Fprint(conn, then)
			}
			w.must(conn.SetReadDeadline(time.Now().Add(10 * time.Second)))
			rest, err := io.ReadAll(conn)
			if late, ok := err.(net.Error); ok && late.Timeout() || strings.Contains(string(rest), "HTTP/1.1") {
				t.Errorf("goes on with %q, %v", rest, err)
			}
		})
	}
}

func next(lines *bufio.Scanner) string {
	for lines.Scan() {
		if lines.Text() != "" {
			return lines.Text()
		}
	}
	return fmt.Sprint("the end: ", lines.Err())
}

// served is this world over another kind of connection: 0 plain, 1 HTTP/1.1 in TLS, 2 HTTP/2.
func (w *world) served(version int, beats time.Duration) *httptest.Server {
	w.Helper()
	p, err := pages.New()
	w.must(err)
	web := httptest.NewUnstartedServer(server.New(server.Config{
		Store: w.svc.Store, Pages: p, Org: w.svc.Org, Origin: w.origin(), Now: w.svc.Clock.Now, NoticeBeat: beats,
		Log: slog.New(slog.DiscardHandler),
	}).Handler())
	w.Cleanup(web.Close)
	if version == 0 {
		web.Start()
		return web
	}
	web.EnableHTTP2 = version == 2
	web.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	web.StartTLS()
	return web
}
