package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/server/pages"
)

// bare is a server without a store, for what never reaches one.
func bare(t *testing.T) (*Server, *bytes.Buffer) {
	t.Helper()
	p, err := pages.New()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	return New(Config{Pages: p, Demo: true, Log: slog.New(slog.NewTextHandler(&log, nil))}), &log
}

func TestServeLetsRequestsFinish(t *testing.T) {
	s, _ := bare(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	s.echo.GET("/slow", func(c echo.Context) error {
		close(entered)
		<-leave
		return c.String(http.StatusOK, "done")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served, answered := make(chan error, 1), make(chan string, 1)
	go func() { served <- Serve(ctx, s, l) }()
	go func() { answered <- get(t, "http://"+l.Addr().String()+"/slow") }()
	<-entered
	stop()
	waitClosed(t, l.Addr().String())
	close(leave)
	if got := <-answered; got != "done" {
		t.Errorf("request in flight got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func get(t *testing.T, url string) string {
	reply, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}

// waitClosed returns once nothing new is taken.
func waitClosed(t *testing.T, addr string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
	}
	t.Fatal("the listener stays open")
}

func TestServeReportsALostListener(t *testing.T) {
	s, _ := bare(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := Serve(t.Context(), s, l); err == nil {
		t.Error("Serve on a closed listener returned nil")
	}
}

// A panic is one request's misfortune, and its text stays here.
func TestPanic(t *testing.T) {
	s, log := bare(t)
	s.echo.GET("/fall", func(echo.Context) error { panic("secret detail") })
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/fall", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"code":"internal"`) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("reply = %d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "stack=") {
		t.Error("no stack in the log")
	}
}

// An access line must not hold what a path or a header holds: link tokens, and
// the secret when an app wrote # as %23.
func TestLogHoldsNoPath(t *testing.T) {
	s, log := bare(t)
	for _, path := range []string{"/s/dG9rZW5zZWNyZXQtLS0tLQ%231SECRETKEY", "/s/SECRETKEY", "/SECRETKEY?a=SECRETKEY", "/v1/SECRETKEY", "/s/a/SECRETKEY"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer SECRETKEY")
		s.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("SECRETKEY", "/healthz", nil))
	if strings.Contains(log.String(), "SECRETKEY") || strings.Contains(log.String(), "dG9rZW5") {
		t.Errorf("the log holds a path:\n%s", log)
	}
	if got := strings.Count(log.String(), "held more than a link's address"); got != 1 {
		t.Errorf("%d odd links were reported, want 1", got)
	}
	if got := strings.Count(log.String(), "msg=request"); got != 6 {
		t.Errorf("%d access lines, want 6", got)
	}
}

func TestDemoIsMarked(t *testing.T) {
	s, _ := bare(t)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusOK || w.Header().Get("Attune-Demo") != "1" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

var errBody = errors.New("connection lost")

// A body that ends early must not look like a whole answer.
func TestStreamThatBreaks(t *testing.T) {
	s, _ := bare(t)
	s.echo.GET("/film", func(c echo.Context) error {
		return s.stream(c, io.MultiReader(strings.NewReader("abc"), failing{}), byteRange{whole: true}, 0, 10, 10)
	})
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	reply, err := web.Client().Get(web.URL + "/film")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if body, err := io.ReadAll(reply.Body); err == nil {
		t.Errorf("read %q without an error", body)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBody }
