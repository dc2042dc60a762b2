package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// lossy stands between devices and server: it hands on each request, and can cut
// the connection when the server has acted and before its answer is through.
type lossy struct {
	to     string // the server's address
	client *http.Transport
	server *http.Server

	mu sync.Mutex
	// mu guards the fields below.
	cut    func(r *http.Request, status int) bool
	strip  bool // answer as to a device that the server does not know
	losses int
}

// throughLossy has devices reach the service only so.
func throughLossy(t *testing.T) (*lossy, func(*service)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &lossy{client: &http.Transport{DisableCompression: true}, cut: func(*http.Request, int) bool { return false }}
	p.server = &http.Server{Handler: p}
	ended := make(chan error, 1)
	go func() { ended <- p.server.Serve(l) }()
	t.Cleanup(func() {
		p.server.Close()
		<-ended
		p.client.CloseIdleConnections()
	})
	return p, func(s *service) { p.to, s.url = s.addr, "http://"+l.Addr().String() }
}

// ServeHTTP implements [http.Handler].
func (p *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	cut, strip := p.cut, p.strip
	p.mu.Unlock()
	if strip && r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	out := r.Clone(r.Context())
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", p.to
	reply, err := p.client.RoundTrip(out)
	if err != nil {
		hangUp(w)
		return
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body) // the server is done
	if err != nil {
		hangUp(w)
		return
	}
	p.mu.Lock()
	lost := cut(r, reply.StatusCode)
	if lost {
		p.losses++
	}
	p.mu.Unlock()
	if lost {
		hangUp(w)
		return
	}
	for k, v := range reply.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(reply.StatusCode)
	_, _ = io.Copy(w, bytes.NewReader(body)) // a device that has gone hears nothing
}

func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// loses cuts the answers that the choice names, from now on.
func (p *lossy) loses(cut func(r *http.Request, status int) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
}

// once cuts the first good answer to such a request.
func (p *lossy) once(method, path string) {
	done := false
	p.loses(func(r *http.Request, status int) bool {
		if done || r.Method != method || !strings.HasPrefix(r.URL.Path, path) || status/100 != 2 {
			return false
		}
		done = true
		return true
	})
}

func (p *lossy) unknown(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strip = yes
}

func (p *lossy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.losses
}

// TestAnswerLost loses the answer to each kind of request once, after the server has
// acted. The same command again brings it to its end, and no effect is there twice.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	p, through := throughLossy(t)
	s := newService(t, through)
	lost := 0
	again := func(method, path, who string, args ...string) []byte {
		t.Helper()
		p.once(method, path)
		r := s.try(who, args...)
		if lost++; p.count() != lost {
			t.Fatalf("no answer to %s %s was lost by attune %v", method, path, args)
		}
		if r.status == 0 && (method == "GET" || method == "HEAD") {
			return r.out // the HTTP client asked again by itself
		}
		if r.Code != "offline" {
			t.Errorf("attune %v: %d %s %s, want offline", args, r.status, r.Code, r.Message)
		}
		return s.do(who, args...)
	}

	invitation := member(t, s.do("helen", "invite", "--role", "practitioner", "--name", "Kim Lowe"), "invitation")
	again("POST", "/v1/sync/push", "helen", "sync")
	words := member(t, again("POST", "/v1/join", "kim", "join", invitation), "words")
	again("GET", "/v1/sync/pull", "helen", "sync")
	s.do("helen", "confirm", "Kim Lowe", "--words", words)
	s.do("helen", "sync")

	film := "../../client-sdk/film/testdata/visit.mp4"
	clip := member(t, s.do("sam", "clip", "add", "NF-1", absolute(t, film), "--kind", "film", "--chosen", "--keep-source"), "id")
	again("POST", "/v1/uploads", "sam", "sync")
	clip2 := member(t, s.do("sam", "clip", "add", "NF-1", absolute(t, film), "--kind", "film", "--chosen", "--keep-source"), "id")
	again("PATCH", "/v1/uploads", "sam", "sync") // its one piece is its last: the clip was stored
	clip3 := member(t, s.do("sam", "clip", "add", "NF-1", absolute(t, film), "--kind", "film", "--chosen", "--keep-source"), "id")
	again("HEAD", "/v1/uploads", "sam", "sync")

	link := s.do("sam", "link", "create", clip, "--carer", "Mum", "--opens", "2")
	again("POST", "/v1/sync/push", "sam", "sync")
	s.do("sam", "link", "revoke", member(t, link, "id"))
	again("POST", "/v1/sync/push", "sam", "sync")
	s.do("sam", "consent", "withdraw", "NF-1", "--person", "Mum", "--channel", "phone")
	p.unknown(true) // which is why it goes to /v1/restrictions
	p.once("POST", "/v1/restrictions")
	s.refused("offline", "sam", "sync")
	lost++
	if got := s.try("sam", "sync"); got.Code != "unauthorised" || member(t, got.out, "accepted.0.kind") != "consent.withdraw" {
		t.Errorf("the withdrawal again: %s %s", got.Code, got.out)
	}
	p.unknown(false)
	s.do("sam", "sync")
	if p.count() != lost {
		t.Errorf("%d answers were lost, want %d", p.count(), lost)
	}

	s.stop()
	s.attuned("log", "verify", "--data", s.path("server"))
	db := s.database()
	for kind, want := range map[string]int{
		"staff.invite": 5, "staff.certify": 5, "device.certify": 5, "staff.confirm": 5, // one of them by two
		"family.open": 1, "clip.add": 3, "clip.stored": 3,
		"clip.annotate": 3, "link.create": 1, "link.revoke": 1, "consent.withdraw": 1, "session.log": 1,
	} {
		made := db.count(`SELECT COUNT(*) FROM statements WHERE kind = $1`, kind)
		if logged := db.count(`SELECT COUNT(*) FROM events WHERE action = $1 AND outcome = 'done'`, kind); made != want || logged != want {
			t.Errorf("%d %s in %d events, want %d", made, kind, logged, want)
		}
	}
	for _, id := range []string{clip, clip2, clip3} {
		if n := db.count(`SELECT COUNT(*) FROM uploads WHERE clip = $1`, id); n != 1 {
			t.Errorf("%d uploads of clip %s, want 1", n, id)
		}
	}
	if n := db.count(`SELECT COUNT(*) FROM events WHERE outcome = 'refused'`); n != 0 {
		t.Errorf("%d refusals of what was asked for twice", n)
	}
}

// TestAnswersLostAtRandom loses a quarter of all answers, for days. Everybody gets
// through in the end, and all is there once.
func TestAnswersLostAtRandom(t *testing.T) {
	t.Parallel()
	p, through := throughLossy(t)
	k := &killing{service: newService(t, through), chance: dice(t), films: map[string]*filmed{}, told: map[string]bool{}}
	for n := range (rounds(20) + 3) / 4 {
		f := k.film(n)
		id := member(t, k.do("sam", "clip", "add", "NF-1", f.path, "--kind", "film", "--remove-source"), "id")
		k.films[id] = f
		k.do("sam", "session", "log", "NF-1", "--number", fmt.Sprint(100+n), "--still-happy", "--note", marked)
		k.notes++
		p.loses(func(*http.Request, int) bool { return k.chance.IntN(4) == 0 })
		for _, who := range []string{"sam", "alex"} {
			k.through(who)
		}
		p.loses(func(*http.Request, int) bool { return false })
	}
	t.Logf("%d answers lost", p.count())
	k.settle()
}

// through syncs until all has come through.
func (k *killing) through(who string) {
	k.t.Helper()
	for range 60 {
		r := k.try(who, "sync")
		k.heard(r)
		if r.status == 0 {
			return
		}
		if r.Code != "offline" {
			k.t.Fatalf("%s: sync: %s %s", who, r.Code, r.Message)
		}
	}
	k.t.Fatalf("%s: sixty syncs, and it is not through", who)
}
