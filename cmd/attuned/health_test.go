package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A health check must fail for every answer but one: a proxy's page or a redirect
// must not pass for a server that can write.
func TestHealth(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"Ready":      func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("ready\n")) },
		"Busy":       func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"Full":       func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInsufficientStorage) },
		"OtherPage":  func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<h1>Welcome</h1>")) },
		"Redirected": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/healthz", http.StatusFound) },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			asked := ""
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Method + " " + r.URL.Path
				answer(w, r)
			}))
			defer s.Close()
			status, said := health(t, s.URL)
			want := exitFailed
			if name == "Ready" {
				want = 0
			}
			if full := strings.Contains(said, "no room on its disk"); full != (name == "Full") {
				t.Errorf("health says %s", said)
			}
			if status != want || asked != "GET /readyz" {
				t.Errorf("health = %d after %s, want %d after GET /readyz: %s", status, asked, want, said)
			}
		})
	}
}

func TestHealthOfNothing(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	if status, said := health(t, s.URL); status != exitFailed || !strings.Contains(said, "Nothing listens at "+s.URL+". Start it") || strings.Contains(said, "dial tcp") {
		t.Errorf("health of a closed port = %d: %s", status, said)
	}
	for _, address := range []string{"127.0.0.1:8080", "http://127.0.0.1:8080/s/token", "ftp://127.0.0.1"} {
		if status, said := health(t, address); status != exitUsage {
			t.Errorf("health of %s = %d: %s", address, status, said)
		}
	}
}

func health(t *testing.T, address string) (int, string) {
	t.Helper()
	var said bytes.Buffer
	status := run(context.Background(), []string{"health", "--addr", address}, &said, &said)
	return status, said.String()
}
