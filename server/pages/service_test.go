package pages

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// testService speaks the wire of DESIGN §10 for the browser tests, and watches
// what the page does: it refuses what a service must refuse, and writes down
// each request that a page must never make.
type testService struct {
	pages *Pages
	links map[string]*testLink // by token
	down  atomic.Bool          // film cannot be reached

	// mu guards the fields below.
	mu       sync.Mutex
	tries    map[string]int
	sessions map[string]*testLink
	ended    map[string]bool // by token
	served   map[string]int  // payload bytes by link name
	opened   map[string]int  // openings counted by link name
	asked    map[string]int  // POSTs to open by link name, counted or not
	wrongs   []string
}

func newService(p *Pages, links ...*testLink) *testService {
	s := &testService{pages: p, links: map[string]*testLink{}, tries: map[string]int{},
		sessions: map[string]*testLink{}, ended: map[string]bool{}, served: map[string]int{},
		opened: map[string]int{}, asked: map[string]int{}}
	for _, l := range links {
		s.links[l.token] = l
	}
	return s
}

// Handler routes as the server does, and adds /test/ for the driver.
func (s *testService) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /s/{token}", func(w http.ResponseWriter, r *http.Request) {
		if !s.pages.ServeAsset(w, r, r.PathValue("token")) {
			check(s.pages.Carer(w, r, testData()))
		}
	})
	mux.HandleFunc("POST /s/{token}/open", s.open)
	mux.HandleFunc("GET /s/{token}/payload", s.payload)
	mux.HandleFunc("POST /s/{token}/stop", s.stop)
	mux.HandleFunc("POST /test/end/{name}", s.end)
	mux.HandleFunc("POST /test/down", func(http.ResponseWriter, *http.Request) { s.down.Store(true) })
	mux.HandleFunc("POST /test/up", func(http.ResponseWriter, *http.Request) { s.down.Store(false) })
	mux.HandleFunc("GET /test/report", s.report)
	return s.watch(mux)
}

func testData() CarerData {
	return CarerData{Service: "Riverside Family Service", Phone: "0113 496 0000", Email: "family@riverside.example",
		Complaints: "complaints@riverside.example", Demo: true}
}

// watch notes requests that carry a secret, a referrer or a cookie.
func (s *testService) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := must(io.ReadAll(io.LimitReader(r.Body, 1<<20)))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		all := r.RequestURI + fmt.Sprint(r.Header) + string(body)
		for _, l := range s.links {
			// With %23 for #, the secret is in the address before any page runs.
			if strings.Contains(all, b64.EncodeToString(l.secret)) && !strings.Contains(r.RequestURI, "%23") {
				s.wrong("secret of %s in %s %s", l.name, r.Method, r.URL.Path)
			}
		}
		// The browser's own check for a new worker names the worker's script.
		if ref := r.Header.Get("Referer"); ref != "" && !strings.HasSuffix(ref, "/s/sw.js") {
			s.wrong("referrer %q on %s", ref, r.URL.Path)
		}
		if r.Header.Get("Cookie") != "" {
			s.wrong("cookie on %s", r.URL.Path)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *testService) wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrongs = append(s.wrongs, fmt.Sprintf(format, args...))
}

func (s *testService) open(w http.ResponseWriter, r *http.Request) {
	l := s.links[r.PathValue("token")]
	var in struct{ Auth, Pin string }
	if r.Header.Get("Attune-Page") != "1" || json.NewDecoder(r.Body).Decode(&in) != nil {
		s.wrong("open without header or body")
	}
	auth, _ := b64.DecodeString(in.Auth)
	pin, _ := b64.DecodeString(in.Pin)
	s.mu.Lock()
	defer s.mu.Unlock()
	if l != nil {
		s.asked[l.name]++
	}
	before := r.Header.Get("Attune-Session")
	reload := l != nil && s.sessions[before] == l
	switch {
	case l != nil && l.name == "busy" && s.asked[l.name] == 1:
		refuse(w, http.StatusServiceUnavailable, map[string]any{"code": "busy"})
	case l == nil || s.ended[l.token] || !hmac.Equal(auth, l.auth):
		refuse(w, http.StatusNotFound, map[string]any{"code": "link_ended"})
	case s.tries[l.token] >= 10:
		refuse(w, http.StatusLocked, map[string]any{"code": "pin_locked"})
	case s.tries[l.token] == 5 && l.name == "paused":
		refuse(w, http.StatusTooManyRequests, map[string]any{"code": "pin_paused", "retry_after": 900})
	case !hmac.Equal(pin, l.verifier):
		s.tries[l.token]++
		refuse(w, http.StatusForbidden, map[string]any{"code": "pin_wrong", "left": 5 - s.tries[l.token]%5})
	case !reload && l.opens > 0 && s.opened[l.name] >= l.opens:
		refuse(w, http.StatusNotFound, map[string]any{"code": "link_ended"})
	default:
		session := before
		if !reload {
			session = b64.EncodeToString(random(32))
			s.opened[l.name]++
		}
		s.sessions[session] = l
		Headers(w.Header(), Data)
		w.Header().Set("Content-Type", "application/json")
		check(json.NewEncoder(w).Encode(l.opened(session)))
	}
}

func refuse(w http.ResponseWriter, status int, body map[string]any) {
	Headers(w.Header(), Data)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	check(json.NewEncoder(w).Encode(body))
}

var oneRange = regexp.MustCompile(`^bytes=(\d+)-(\d+)$`)

// payload answers exact ranges only: the page must never ask for more.
func (s *testService) payload(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	l := s.sessions[r.Header.Get("Attune-Session")]
	gone := l == nil || l.token != r.PathValue("token") || s.ended[l.token]
	s.mu.Unlock()
	if gone {
		refuse(w, http.StatusNotFound, map[string]any{"code": "link_ended"})
		return
	}
	if s.down.Load() {
		refuse(w, http.StatusServiceUnavailable, map[string]any{"code": "busy"})
		return
	}
	m := oneRange.FindStringSubmatch(r.Header.Get("Range"))
	if m == nil {
		s.wrong("range %q", r.Header.Get("Range"))
		refuse(w, http.StatusBadRequest, map[string]any{"code": "range_required"})
		return
	}
	a, b := must(strconv.Atoi(m[1])), must(strconv.Atoi(m[2]))
	if b-a >= 8*(1<<16+16) {
		s.wrong("range of %d bytes", b-a+1)
	}
	if a >= len(l.payload) || b < a {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(l.payload)))
		refuse(w, http.StatusRequestedRangeNotSatisfiable, map[string]any{"code": "range"})
		return
	}
	b = min(b, len(l.payload)-1)
	Headers(w.Header(), Film)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a, b, max(l.bytes, len(l.payload))))
	if l.name != "lying" {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a, b, len(l.payload)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(b-a+1))
	w.WriteHeader(http.StatusPartialContent)
	n, _ := w.Write(l.payload[a : b+1])
	s.mu.Lock()
	s.served[l.name] += n
	s.mu.Unlock()
}

// stop ends the link of an opened page; of one that was forgotten it says so.
func (s *testService) stop(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.sessions[r.Header.Get("Attune-Session")]
	if body := must(io.ReadAll(r.Body)); r.Header.Get("Attune-Page") != "1" || l == nil || len(body) > 0 {
		s.wrongs = append(s.wrongs, "stop without header or session, or with a body")
	}
	if l == nil || l.token != r.PathValue("token") || l.name == "forgotten" {
		refuse(w, http.StatusNotFound, map[string]any{"code": "link_ended"})
		return
	}
	s.ended[l.token] = true
	Headers(w.Header(), Data)
	w.WriteHeader(http.StatusNoContent)
}

// end revokes a link by its name.
func (s *testService) end(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		if l.name == r.PathValue("name") {
			s.ended[l.token] = true
		}
	}
}

func (s *testService) report(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	check(json.NewEncoder(w).Encode(map[string]any{"served": s.served, "opened": s.opened, "asked": s.asked, "wrong": append([]string{}, s.wrongs...)}))
}

// serveService runs the service over one link per situation, prints where they
// are as one line of JSON, and stops when standard input closes.
func serveService(addr, filmFile string) error {
	p, err := New()
	if err != nil {
		return err
	}
	film, err := os.ReadFile(filmFile)
	if err != nil {
		return err
	}
	links := situations(film)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	origin := "http://" + listener.Addr().String()
	out := map[string]any{"origin": origin}
	for _, l := range links {
		out[l.name] = map[string]any{"url": origin + l.path(), "pin": l.pin, "bytes": l.bytes}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	srv := &http.Server{Handler: newService(p, links...).Handler()}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Shutdown(context.Background())
	}()
	if err := srv.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// situations makes a link for each thing that can be true of a film.
func situations(film []byte) []*testLink {
	const chunk = 1<<16 + 16
	seal := func(name string, harm func(*testLink)) *testLink {
		l := newLink(name, film, 60)
		harm(l)
		return l
	}
	return []*testLink{
		seal("plays", func(*testLink) {}),
		seal("again", func(*testLink) {}),
		seal("ending", func(*testLink) {}),
		seal("stopping", func(*testLink) {}),
		seal("stopping-short", func(*testLink) {}),
		seal("stopping-late", func(*testLink) {}),
		seal("forgotten", func(*testLink) {}),
		seal("reload", func(l *testLink) { l.opens = 1 }),
		seal("scanned", func(l *testLink) { l.opens = 1 }),
		seal("leaving", func(*testLink) {}),
		seal("easy", func(*testLink) {}),
		seal("busy", func(*testLink) {}),
		seal("unreached", func(*testLink) {}),
		seal("large", func(l *testLink) { l.bytes = 300 << 20 }),
		seal("locked", func(l *testLink) {}),
		seal("paused", func(l *testLink) {}),
		seal("tampered-middle", func(l *testLink) { l.payload[len(l.payload)/2] ^= 1 }),
		seal("tampered-first", func(l *testLink) { l.payload[100] ^= 1 }),
		seal("tampered-last", func(l *testLink) { l.payload[len(l.payload)-1] ^= 1 }),
		seal("short-by-one", func(l *testLink) { l.payload = l.payload[:len(l.payload)-1] }),
		seal("short-by-chunks", func(l *testLink) { l.payload = l.payload[:16+40*chunk] }),
		seal("lying", func(l *testLink) { l.payload = l.payload[:16+40*chunk]; l.bytes = len(l.payload) }),
		seal("wrong-key", func(l *testLink) { l.wrap(random(32)) }),
		seal("wrong-clip", func(l *testLink) { l.clip = random(32) }),
		seal("no-codec", func(l *testLink) { l.media, l.codec = "video/mp4", "hvc9.9" }),
	}
}
