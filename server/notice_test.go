package server_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
)

// pulled follows somebody's feed to its end and returns the cursor.
func (w *world) pulled(name string) (cursor string) {
	w.Helper()
	for {
		got := w.call(name, http.MethodGet, "/v1/sync/pull?cursor="+cursor, nil)
		if got.status == http.StatusNoContent {
			return cursor
		}
		var page wire.PullReply
		got.want(w, http.StatusOK, "")
		got.decode(w, &page)
		cursor = page.Cursor
	}
}

// listen opens a stream of notices; its lines come as they are said, and the channel is
// closed when the server ends it.
func (w *world) listen(name, cursor string) <-chan string {
	w.Helper()
	ctx, stop := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.web.URL+"/v1/sync/notice?cursor="+cursor, nil)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.token(name))
	req.Header.Set("Accept", "text/event-stream")
	reply, err := w.web.Client().Do(req)
	w.must(err)
	if got := reply.Header.Get("Content-Type"); reply.StatusCode != http.StatusOK || got != "text/event-stream" {
		w.Errorf("notice: %d, %q", reply.StatusCode, got)
	}
	said, done := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(done)
		defer close(said)
		defer reply.Body.Close()
		for lines := bufio.NewScanner(reply.Body); lines.Scan(); {
			if lines.Text() != "" {
				said <- lines.Text()
			}
		}
	}()
	w.Cleanup(func() { stop(); <-done })
	if got := <-said; got != ": here" {
		w.Errorf("the stream begins with %q", got)
	}
	return said
}

// Asking in vain costs a phone as little as HTTP allows.
func TestUnchangedPoll(t *testing.T) {
	f := newFilmed(newWorld(t))
	cursor := f.pulled("ana")
	before := f.events()
	got := f.call("ana", http.MethodGet, "/v1/sync/pull?cursor="+cursor, nil)
	got.want(f.world, http.StatusNoContent, "")
	if after := f.events(); after != before {
		t.Errorf("asking in vain wrote %d events", after-before)
	}
	var page wire.PullReply
	got = f.call("ana", http.MethodGet, "/v1/sync/pull?proof=1&cursor="+cursor, nil)
	got.want(f.world, http.StatusOK, "")
	if got.decode(f.world, &page); len(page.Items) > 0 || page.Cursor == "" || page.Proven.Checkpoint == "" {
		t.Errorf("asked for a proof: %+v", page)
	}
	f.call("ana", http.MethodGet, "/v1/sync/pull?proof=2", nil).want(f.world, http.StatusBadRequest, wire.CodeBadRequest)

	conn, err := net.Dial("tcp", f.web.Listener.Addr().String())
	f.must(err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /v1/sync/pull?cursor="+cursor+" HTTP/1.1\r\nHost: attune\r\nConnection: close\r\nAuthorization: Bearer "+f.token("ana")+"\r\n\r\n")
	f.must(err)
	raw, err := io.ReadAll(conn)
	f.must(err)
	if size := len(raw) - len("Connection: close\r\n"); size > 150 || !strings.HasPrefix(string(raw), "HTTP/1.1 204 ") {
		t.Errorf("%d bytes, want 150 at most:\n%s", size, raw)
	}
}

func TestNotice(t *testing.T) {
	f := newFilmed(newWorld(t))
	news := func() {
		f.svc.Sam.Does(f.family.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2, StillHappy: true})
	}
	t.Run("OnceAtOnceWhenSomethingIsThere", func(t *testing.T) {
		w := f.in(t)
		cursor := w.pulled("ana")
		w.call("ana", http.MethodGet, "/v1/sync/notice?wait=0&cursor="+cursor, nil).want(w, http.StatusNoContent, "")
		news()
		before := w.events()
		var n wire.Notice
		got := w.call("ana", http.MethodGet, "/v1/sync/notice?cursor="+cursor, nil)
		got.want(w, http.StatusOK, "")
		if got.decode(w, &n); n.Head != before-1 {
			t.Errorf("head = %d, want that of the session, %d", n.Head, before-1)
		}
		if w.events() != before {
			t.Error("a notice is an event")
		}
	})
	t.Run("OnceWhenItComes", func(t *testing.T) {
		w := f.in(t)
		cursor, got := w.pulled("ana"), make(chan answer, 1)
		go func() { got <- w.call("ana", http.MethodGet, "/v1/sync/notice?cursor="+cursor, nil) }()
		for f.svc.Records.Listeners() == 0 {
			time.Sleep(time.Millisecond)
		}
		news()
		(<-got).want(w, http.StatusOK, "")
	})
	t.Run("StreamThatIsBehind", func(t *testing.T) {
		if got := <-f.in(t).listen("ana", ""); !strings.HasPrefix(got, `data: {"head":`) {
			t.Errorf("a stream says %q", got)
		}
	})
	t.Run("StreamOfWhatConcernsTheListener", func(t *testing.T) {
		w := f.in(t)
		ana, olu := w.listen("ana", w.pulled("ana")), w.listen("outsider", w.pulled("outsider"))
		news()
		if got := <-ana; !strings.HasPrefix(got, `data: {"head":`) {
			t.Errorf("a stream says %q", got)
		}
		if len(olu) > 0 {
			t.Errorf("who has nothing to do with the family hears %q", <-olu)
		}
	})
	for name, end := range map[string]func(w *world, who string){
		"Device": func(w *world, who string) { w.revoke(who) },
		"Person": func(w *world, who string) {
			w.svc.Head.Does(policies.RecordID(w.svc.Org), "staff.revoke", &policies.StaffRevoke{Staff: w.staff[who].Staff})
		},
	} {
		t.Run("EndsWithThe"+name, func(t *testing.T) {
			w := f.in(t)
			who := "joiner " + name
			w.staff[who] = w.svc.Join(who, policies.Practitioner)
			cursor := w.pulled(who)
			said := w.listen(who, cursor)
			end(w, who)
			if got := <-said; !strings.HasPrefix(got, `data: {"head":`) {
				t.Errorf("told %q of its own end", got)
			}
			if got, open := <-said; open {
				t.Errorf("goes on with %q", got)
			}
			before := w.events()
			w.call(who, http.MethodGet, "/v1/sync/notice?cursor="+cursor, nil).want(w, http.StatusForbidden, wire.CodeDenied)
			if !w.logged(before, policies.ActPull, "denied", who) {
				t.Error("the refusal is no event")
			}
			w.call(who, http.MethodGet, "/v1/sync/pull?cursor="+cursor, nil).want(w, http.StatusOK, "")
		})
	}
	t.Run("TooManyOfOnePerson", func(t *testing.T) {
		w := f.in(t)
		cursor := w.pulled("vera")
		for range 16 {
			w.listen("vera", cursor)
		}
		got := w.call("vera", http.MethodGet, "/v1/sync/notice?cursor="+cursor, nil)
		got.want(w, http.StatusServiceUnavailable, wire.CodeBusy)
		if got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		w.listen("sam", w.pulled("sam"))
	})
	t.Run("BadQueries", func(t *testing.T) {
		w := f.in(t)
		for _, q := range []string{"wait=26", "wait=-1", "cursor=made%20up", "cursor=" + w.pulled("ana"), "head=1", "cursor=" + strings.Repeat("A", 8000)} {
			w.call("sam", http.MethodGet, "/v1/sync/notice?"+q, nil).want(w, http.StatusBadRequest, wire.CodeBadRequest)
		}
	})
	for end := time.Now().Add(10 * time.Second); f.svc.Records.Listeners() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d listen after everybody has gone", f.svc.Records.Listeners())
		}
	}
}

// A stream says now and then that it is still there, and the time that a connection may
// stand still does not end it.
func TestNoticeBeats(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.NoticeBeat, c.BodyTime = 20*time.Millisecond, 50*time.Millisecond })
	said := w.listen("sam", w.pulled("sam"))
	for range 10 {
		if got, open := <-said; got != ":" {
			t.Fatalf("said %q, open %v", got, open)
		}
	}
}

// Whoever listens does not hold up the end of the service.
func TestNoticeEndsWithTheService(t *testing.T) {
	w := newWorld(t)
	p, err := pages.New()
	w.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	s := server.New(server.Config{Store: w.svc.Store, Pages: p, Org: w.svc.Org, Origin: w.origin(), Now: w.svc.Clock.Now,
		Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, s, l) }()
	var all []*http.Response
	for _, accept := range []string{"text/event-stream", "application/json"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/v1/sync/notice?cursor="+w.pulled("sam"), nil)
		w.must(err)
		req.Header.Set("Authorization", "Bearer "+w.token("sam"))
		req.Header.Set("Accept", accept)
		if accept != "application/json" {
			reply, err := http.DefaultClient.Do(req)
			w.must(err)
			all = append(all, reply)
			continue
		}
		once := make(chan int, 1)
		go func() {
			reply, err := http.DefaultClient.Do(req)
			if err == nil {
				reply.Body.Close()
				once <- reply.StatusCode
			}
			close(once)
		}()
		for w.svc.Records.Listeners() < 2 {
			time.Sleep(time.Millisecond)
		}
		stop()
		if err := <-served; err != nil { // such as that the listeners had to be cut off
			t.Errorf("Serve = %v", err)
		}
		if got := <-once; got != http.StatusNoContent {
			t.Errorf("who waited got %d", got)
		}
	}
	for _, reply := range all {
		_, err := io.ReadAll(reply.Body)
		w.must(err)
		w.must(reply.Body.Close())
	}
	http.DefaultClient.CloseIdleConnections()
}
