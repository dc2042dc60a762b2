package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// lines is a log that several requests write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// leaky is a service whose log can be read.
func leaky(t *testing.T) (*filmed, *lines) {
	var log lines
	f := newFilmed(newWorld(t, func(c *server.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))
	f.store()
	return f, &log
}

// reasons are the events of leaks, once there are n of them or time is up.
func (f *filmed) reasons(n int) []storage.LogRow {
	f.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		found, _, err := f.svc.Log.Search(f.Context(), f.svc.Officer.Caller(), storage.LogQuery{Action: storage.LeakAction, Limit: 100})
		f.must(err)
		if len(found) >= n || time.Now().After(end) {
			return found
		}
	}
}

// A link whose # became %23 is revoked by the first request that shows it, whatever
// program made it; the answer is an unknown link's, and no log repeats the secret.
func TestLeakedLinkIsRevoked(t *testing.T) {
	f, log := leaky(t)
	for i, tt := range []struct{ name, method, between string }{
		{"Gateway", http.MethodGet, "%23"},
		{"Preview", http.MethodHead, "%23"},
		{"EscapedTwice", http.MethodGet, "%2523"},
		{"Query", http.MethodGet, "?"},
		{"QueryEscaped", http.MethodGet, "?u=%23"},
		{"Segment", http.MethodGet, "/"},
		{"Post", http.MethodPost, "%23"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := f.here(t)
			l := f.family.Share(f.clip, 5)
			_, nobodys := stranger(t)
			got := f.call("", tt.method, "/s/"+l.Token.String()+tt.between+l.Secret.Fragment(), nil)
			want := f.call("", tt.method, "/s/"+policies.Bytes16{1}.String()+tt.between+nobodys, nil)
			if anonymous(got) != anonymous(want) {
				t.Errorf("answer:\n%s\nof an unknown link:\n%s", anonymous(got), anonymous(want))
			}
			if found := f.reasons(i + 1); len(found) != i+1 {
				t.Fatalf("%d leaks in the log, want %d", len(found), i+1)
			}
			f.ends(l)
			for _, secret := range []string{l.Secret.Fragment(), l.Token.String()} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log holds %s:\n%s", secret, log)
				}
			}
		})
	}
	told := func() int { return strings.Count(log.String(), "the link is revoked") }
	for end := time.Now().Add(10 * time.Second); told() < 7 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	if told() != 7 {
		t.Errorf("%d revocations were told to the operator, want 7", told())
	}
}

// ends waits until a link no longer opens.
func (f *filmed) ends(l storagetest.Link) {
	f.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if f.open(l.Token.String(), l.Auth(), l.Keyed("wrong!")).status == http.StatusNotFound {
			return
		}
	}
	f.Errorf("link %s still opens", l.ID.Short())
}

// anonymous is an answer without the number of the request.
func anonymous(a answer) string {
	text := same(a)
	if i := strings.Index(text, `"request_id"`); i >= 0 {
		text = text[:i]
	}
	return text
}

// A stranger who knows a link's address cannot end it by inventing its secret, and
// cannot fill the log.
func TestInventedSecretsAreIgnored(t *testing.T) {
	f, log := leaky(t)
	l := f.family.Share(f.clip, 5)
	before := f.events()
	_, secret := stranger(t)
	for range 40 { // above the limit for one address, too
		f.call("", http.MethodGet, "/s/"+l.Token.String()+"%23"+secret, nil)
		f.call("", http.MethodGet, "/s/"+l.Token.String()+"%23"+strings.Repeat("x", 48), nil)
	}
	f.open(l.Token.String(), l.Auth(), l.Keyed(l.PIN)).want(f.world, http.StatusOK, "")
	if after := f.events(); after != before+1 {
		t.Errorf("%d events, want that of the opening", after-before)
	}
	if n := strings.Count(log.String(), "held more than a link's address"); n > 7 {
		t.Errorf("80 requests wrote %d lines beside their own, want at most 7", n)
	}
}

// stranger is a link that nobody made here.
func stranger(t *testing.T) (token, fragment string) {
	t.Helper()
	var l storagetest.Link
	l.Token, l.Secret = policies.Bytes16{1}, [32]byte{byte(len(t.Name())), 1}
	return l.Token.String(), l.Secret.Fragment()
}

// here is the same for a sub-test.
func (f *filmed) here(t *testing.T) *filmed {
	sub := *f
	sub.world = f.in(t)
	return &sub
}
