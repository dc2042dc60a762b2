package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// Behind scrub nobody sees anything under /s/ but the shape of a token or an asset
// and one act.
func TestScrub(t *testing.T) {
	for _, tt := range []struct{ target, want string }{
		{"/s/AQAAAAAAAAAAAAAAAAAAAA", "/s/AQAAAAAAAAAAAAAAAAAAAA"},
		{"/s/AQAAAAAAAAAAAAAAAAAAAA/open", "/s/AQAAAAAAAAAAAAAAAAAAAA/open"},
		{"/s/carer.css?v=3", "/s/carer.css"},
		{"/s/AQAAAAAAAAAAAAAAAAAAAA?fbclid=x", "/s/AQAAAAAAAAAAAAAAAAAAAA"},
		{"/s/AQAAAAAAAAAAAAAAAAAAAA%231SECRET", "/s/x"},
		{"/s/AQAAAAAAAAAAAAAAAAAAAA%2f1SECRET", "/s/AQAAAAAAAAAAAAAAAAAAAA/1SECRET"}, // too short for a secret
		{"/s/AQAAAAAAAAAAAAAAAAAAAA/1SECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET", "/s/x/x"},
		{"/s/AQAAAAAAAAAAAAAAAAAAAA/a/b/c", "/s/x/x"},
		{"/s/AQAAAAAAAAAAAAAAAAAAAA%231SECRET/open", "/s/x/x"},
		{"/v1/log/events?from=3", "/v1/log/events"},
	} {
		r := httptest.NewRequest(http.MethodGet, tt.target, nil)
		seen := scrubbed(t, r)
		if seen.URL.Path != tt.want || strings.HasPrefix(tt.target, "/s/") && (seen.URL.RawQuery != "" || strings.Contains(seen.RequestURI+seen.URL.String(), "SECRETS")) {
			t.Errorf("%s becomes %q, want %q", tt.target, seen.URL, tt.want)
		}
	}
}

func scrubbed(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	var seen *http.Request
	c := echo.New().NewContext(r, httptest.NewRecorder())
	if err := scrub(func(c echo.Context) error { seen = c.Request(); return nil })(c); err != nil {
		t.Fatal(err)
	}
	return seen
}

// Whatever a line holds, nothing as long as a secret gets past.
func FuzzScrub(f *testing.F) {
	for _, path := range []string{"/s/x", "/s/AQAAAAAAAAAAAAAAAAAAAA#1" + strings.Repeat("A", 47), "/s//////", "/s/..", "/s", "/s/\xff"} {
		f.Add(path, "a=b")
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		seen := scrubbed(t, r)
		if strings.HasPrefix(path, "/s/") && (seen.URL.RawQuery != "" || len(seen.URL.Path) > len("/s/")+2*maxName+1 || strings.ContainsAny(seen.URL.Path, "#?% ")) {
			t.Errorf("%q?%q is seen as %q", path, query, seen.URL)
		}
	})
}

// What net/http and echo log by themselves goes the same way.
func TestScrubber(t *testing.T) {
	s, log := bare(t)
	for _, text := range []string{
		"http: proxy error for /s/TOKEN%231SECRET: cut", "GET \"https://attune.example.org/s/TOKEN#1SECRET\"\n", "%2Fs%2FTOKEN%231SECRET",
	} {
		if _, err := s.http(nil).ErrorLog.Writer().Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		s.echo.Logger.Error(text)
	}
	if strings.Contains(log.String(), "SECRET") || strings.Contains(log.String(), "TOKEN") {
		t.Errorf("the log holds a link:\n%s", log)
	}
	if n := strings.Count(log.String(), "/s/…"); n != 6 {
		t.Errorf("%d lines of 6 arrived:\n%s", n, log)
	}
}
