package attune_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// linkLie is one lie told to a carer's page, and the words with which the page says that
// there is no film: those of client-sdk/web/test/browser/drive.mjs.
type linkLie struct {
	name, want string
	open       func(l *liar, answer map[string]any)
	film       func(l *liar, a *httptest.ResponseRecorder, body []byte)
}

func linkLies() []linkLie {
	const chunk = 64<<10 + 16
	return []linkLie{
		{name: "Honest", want: "plays"},
		{name: "RowOfAnotherLink", want: "badkey", open: func(l *liar, a map[string]any) { a["sealed"] = l.other["sealed"] }},
		{name: "AnotherLinkAltogether", want: "badkey", open: func(l *liar, a map[string]any) {
			for _, name := range []string{"link", "clip", "sealed", "bytes", "nonce"} {
				a[name] = l.other[name]
			}
		}},
		{name: "AnotherClip", want: "badkey", open: func(l *liar, a map[string]any) { a["clip"] = l.other["clip"] }},
		{name: "AnotherLinksName", want: "badkey", open: func(l *liar, a map[string]any) { a["link"] = l.other["link"] }},
		{name: "AnotherTitle", want: "badkey", open: func(_ *liar, a map[string]any) {
			sealed, _ := b64(a["sealed"].(string))
			sealed[len(sealed)-20] ^= 1
			a["sealed"] = toB64(sealed)
		}},
		{name: "FilmOfAnotherClip", want: "badkey", film: func(l *liar, a *httptest.ResponseRecorder, _ []byte) {
			from, to := l.asked(a)
			becomes(a, a.Code, append([]byte{}, l.film[from:to]...))
		}},
		{name: "FilmChanged", want: "damaged", film: func(l *liar, a *httptest.ResponseRecorder, body []byte) {
			if from, to := l.asked(a); from <= 20+chunk && to > 20+chunk {
				body[20+chunk-from] ^= 1
			}
			becomes(a, a.Code, body)
		}},
		{name: "LastChunkCut", want: "truncated", open: func(_ *liar, a map[string]any) {
			a["bytes"] = float64(16 + chunk) // the first chunk, and no more
		}, film: func(_ *liar, a *httptest.ResponseRecorder, body []byte) {
			span, _, _ := strings.Cut(a.Header().Get("Content-Range"), "/")
			a.Header().Set("Content-Range", span+"/"+strconv.Itoa(16+chunk))
		}},
		{name: "Longer", want: "truncated", open: func(_ *liar, a map[string]any) { a["bytes"] = a["bytes"].(float64) + 1 }},
		{name: "AnotherPart", want: "truncated", film: func(_ *liar, a *httptest.ResponseRecorder, body []byte) {
			a.Header().Set("Content-Range", "bytes 1-"+strconv.Itoa(len(body))+"/"+strconv.Itoa(len(body)+9))
		}},
	}
}

// liar is what the operator has at hand.
type liar struct {
	film []byte // another clip's, sealed
	mu   sync.Mutex
	// mu guards other: what it answers about another link.
	other map[string]any
}

// asked is the part of the payload that a reply holds, from its Content-Range.
func (*liar) asked(a *httptest.ResponseRecorder) (from, to int) {
	var total int
	_, _ = fmt.Sscanf(a.Header().Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &total)
	return from, to + 1
}

// TestHostileLinks: what the operator answers to a carer's page. Each lie is told to the
// page's own steps, in Go; and when ATTUNE_HOSTILE_LINKS is set, to the page itself: then
// the links are printed as a line of JSON, and served until standard input ends, for
// client-sdk/web/test/browser/hostile.mjs.
func TestHostileLinks(t *testing.T) {
	t.Parallel()
	w := newStage(t)
	recording := os.Getenv("ATTUNE_HOSTILE_LINKS")
	if recording == "" {
		recording = film(t, "visit.mp4")
	}
	one, two := w.add(t, recording, "Building a tower").Clip, w.add(t, recording, "Another film").Clip
	w.sync(w.sam)
	l := &liar{}
	var err error
	l.film, err = os.ReadFile(w.sam.Home() + "/clips/" + two.String() + ".payload")
	must(t, err)
	share := func(clip policies.ClipID) attune.Shared {
		s, err := w.sam.Links.Create(clip, w.mum, attune.LinkTerms{})
		must(t, err)
		return s
	}
	spare := share(two)
	shared, lies := map[string]attune.Shared{}, map[string]linkLie{}
	for _, c := range linkLies() {
		s := share(one)
		shared[c.name], lies[token(t, s)] = s, c
	}
	w.sync(w.sam)
	l.other = opened(t, w, spare)
	w.replies("/s/", func(r *http.Request, a *httptest.ResponseRecorder) {
		parts := strings.Split(r.URL.Path, "/")
		c := lies[parts[2]]
		w.pass(10 * time.Second) // ten openings a minute are one address's
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case a.Code/100 != 2 || len(parts) < 4:
		case parts[3] == "open" && c.open != nil:
			var answer map[string]any
			must(t, json.Unmarshal(a.Body.Bytes(), &answer))
			c.open(l, answer)
			body, err := json.Marshal(answer)
			must(t, err)
			becomes(a, a.Code, body)
		case parts[3] == "payload" && c.film != nil:
			c.film(l, a, append([]byte{}, a.Body.Bytes()...))
		}
		a.Header().Set("Content-Length", strconv.Itoa(a.Body.Len()))
	})
	if os.Getenv("ATTUNE_HOSTILE_LINKS") != "" {
		out := map[string]any{}
		for name, s := range shared {
			out[name] = map[string]string{"url": s.URL, "pin": s.PIN, "want": lies[token(t, s)].want}
		}
		must(t, json.NewEncoder(os.Stderr).Encode(out))
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	for _, c := range linkLies() {
		t.Run(c.name, func(t *testing.T) {
			err := visit(t, w, shared[c.name])
			if (c.want == "plays") != (err == nil) {
				t.Errorf("the page's steps came to %v, want %s", err, c.want)
			}
		})
	}
}

// token is the part of a link's address that the server sees.
func token(t *testing.T, s attune.Shared) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	must(t, err)
	return strings.TrimPrefix(u.Path, "/s/")
}

// opened is the server's answer to the opening of a link.
func opened(t *testing.T, w *stage, s attune.Shared) (answer map[string]any) {
	t.Helper()
	u, err := url.Parse(s.URL)
	must(t, err)
	secret, err := seal.ParseFragment(u.Fragment)
	must(t, err)
	auth, pin := secret.Auth(), secret.PIN(s.PIN)
	body, err := json.Marshal(map[string]string{"auth": toB64(auth[:]), "pin": toB64(pin[:])})
	must(t, err)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.url+u.Path+"/open", bytes.NewReader(body))
	must(t, err)
	req.Header.Set("Attune-Page", "1")
	req.Header.Set("Content-Type", "application/json")
	reply, err := w.config().HTTP.Do(req)
	must(t, err)
	defer reply.Body.Close()
	must(t, json.NewDecoder(reply.Body).Decode(&answer))
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("open: %d %v", reply.StatusCode, answer)
	}
	return answer
}

// visit does what the page does, with the same bytes: open, unseal for this link and this
// clip, and read the film to its end.
func visit(t *testing.T, w *stage, s attune.Shared) error {
	t.Helper()
	a := opened(t, w, s)
	u, err := url.Parse(s.URL)
	must(t, err)
	secret, err := seal.ParseFragment(u.Fragment)
	must(t, err)
	var ad []byte
	for _, name := range []string{"link", "clip"} {
		id, err := b64(a[name].(string))
		must(t, err)
		ad = append(ad, id...)
	}
	sealed, err := b64(a["sealed"].(string))
	must(t, err)
	plain, err := secret.Unwrap(sealed, ad)
	if err != nil {
		return err
	}
	var content wire.LinkContent
	must(t, wire.Decode(bytes.NewReader(plain), 1<<20, &content))
	size := int64(a["bytes"].(float64))
	film, plainBytes, err := seal.OpenPayloadKey(content.Key, sessionFilm{w, u.Path, a["session"].(string), size}, size)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.NewSectionReader(film, 0, plainBytes))
	return err
}

// sessionFilm reads the payload of an opened link by exact ranges.
type sessionFilm struct {
	w       *stage
	path    string
	session string
	size    int64
}

// ReadAt implements io.ReaderAt.
func (f sessionFilm) ReadAt(b []byte, off int64) (int, error) {
	to := min(off+int64(len(b)), f.size) - 1
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, f.w.url+f.path+"/payload", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Attune-Session", f.session)
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, to))
	reply, err := f.w.config().HTTP.Do(req)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	if want := fmt.Sprintf("bytes %d-%d/%d", off, to, f.size); reply.Header.Get("Content-Range") != want {
		return 0, errors.New("another part")
	}
	n, err := io.ReadFull(reply.Body, b[:to-off+1])
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}
