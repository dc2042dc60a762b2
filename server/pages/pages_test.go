package pages

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/attune-vf/attune/policies"
)

// built is what `make pages` leaves, in little, so that these tests run in a
// fresh clone.
func built() fstest.MapFS {
	return fstest.MapFS{
		"build/.gitkeep": {},
		"build/app.js":   {Data: []byte("console.log('page');")},
		"build/sw.js":    {Data: []byte("console.log('worker');")},
		"build/app.css":  {Data: []byte("body{margin:0}")},
	}
}

func newPages(t *testing.T, build fstest.MapFS) *Pages {
	t.Helper()
	p, err := load(sources, build)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func carer(t *testing.T, p *Pages, d CarerData) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	if err := p.Carer(w, httptest.NewRequest("GET", "/s/x", nil), d); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEmbedded(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("build/app.js"); p.Built() != (err == nil) {
		t.Errorf("Built() = %v, want %v", p.Built(), err == nil)
	}
}

func TestCarer(t *testing.T) {
	p := newPages(t, built())
	w := carer(t, p, testData())
	body := w.Body.String()
	for _, want := range []string{
		`<html lang="en">`, "<title>Private page</title>", "Riverside Family Service", `href="tel:01134960000"`,
		`href="mailto:complaints@riverside.example"`, `href="` + DefaultExit + `"`, `id="demo"`, "<noscript>",
		`autocomplete="one-time-code"`, `inputmode="numeric"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if head, _, _ := strings.Cut(body, "</head>"); strings.Contains(head, "Riverside") || strings.Contains(head, "og:") {
		t.Error("a message preview would name the service")
	}
	if strings.Contains(body, "{service}") {
		t.Error("a place in the words was not filled")
	}
	if again := carer(t, p, testData()).Body.String(); again != body {
		t.Error("the page differs between two requests")
	}
}

// TestCarerLoadsOnlyItself: everything that the browser fetches by itself is
// ours; other origins are only ever somewhere to go.
func TestCarerLoadsOnlyItself(t *testing.T) {
	body := carer(t, newPages(t, built()), testData()).Body.String()
	for _, tag := range regexp.MustCompile(`<(?:link|script|img|iframe|video|source)\b[^>]*>`).FindAllString(body, -1) {
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(tag, -1) {
			if !strings.HasPrefix(m[1], "/s/") {
				t.Errorf("page loads %s", tag)
			}
		}
	}
	if regexp.MustCompile(`\son\w+=|style=|javascript:`).MatchString(body) {
		t.Error("page has inline script or style, which its own policy forbids")
	}
}

func TestCarerData(t *testing.T) {
	p := newPages(t, built())
	for name, tt := range map[string]struct {
		data   CarerData
		want   string
		absent string
	}{
		"ComplaintsSentence":  {CarerData{Complaints: "ask any of us"}, "Tell us: ask any of us.", "mailto:"},
		"ComplaintsNone":      {CarerData{Service: "S"}, "Tell us. We write back", "Tell us:"},
		"ComplaintsPage":      {CarerData{Complaints: "https://a.example/c"}, `href="https://a.example/c"`, "mailto:"},
		"ComplaintsScript":    {CarerData{Complaints: "javascript:alert(1)"}, "Tell us: javascript:alert(1).", `href="javascript`},
		"NoPhone":             {CarerData{Service: "S"}, "<footer>", "tel:"},
		"NotDemo":             {CarerData{Service: "S"}, "<footer>", `id="demo"`},
		"ExitWithoutTLS":      {CarerData{Exit: "http://a.example"}, DefaultExit, "http://a.example"},
		"UnknownLanguage":     {CarerData{Lang: "xx"}, `<html lang="en">`, "xx"},
		"MarkupInServiceName": {CarerData{Service: "</script><b>S"}, "&lt;/script&gt;", "</script><b>"},
	} {
		t.Run(name, func(t *testing.T) {
			body := regexp.MustCompile(`</?span[^>]*>`).ReplaceAllString(carer(t, p, tt.data).Body.String(), "")
			if !strings.Contains(body, tt.want) {
				t.Errorf("page lacks %q", tt.want)
			}
			if strings.Contains(body, tt.absent) {
				t.Errorf("page has %q", tt.absent)
			}
		})
	}
}

// TestWordsAreReadByTheScript: the data block must be JSON whatever the
// service is called.
func TestWordsAreReadByTheScript(t *testing.T) {
	d := testData()
	d.Service = `Rivers & "Sons" </script>`
	body := carer(t, newPages(t, built()), d).Body.String()
	_, rest, _ := strings.Cut(body, `<script type="application/json" id="words">`)
	block, _, _ := strings.Cut(rest, "</script>")
	var live struct {
		Messages map[string]struct{ Heading, Text, Next, Code string }
	}
	if err := json.Unmarshal([]byte(block), &live); err != nil {
		t.Fatalf("words: %v", err)
	}
	for name, m := range live.Messages {
		if m.Heading == "" || m.Text == "" || m.Next == "" || m.Code == "" {
			t.Errorf("message %s is incomplete: %+v", name, m)
		}
	}
	if len(live.Messages) == 0 {
		t.Error("no messages")
	}
}

// TestCatalogues: each language says everything that English says.
func TestCatalogues(t *testing.T) {
	p := newPages(t, built())
	for lang, c := range p.words {
		if missing := lacks(p.words[DefaultLang].Fixed, c.Fixed) + lacks(p.words[DefaultLang].Live, c.Live); missing != "" {
			t.Errorf("words/%s.json lacks %s", lang, missing)
		}
	}
}

// TestEveryPurposeHasWords: a family reads who can watch, never a code.
func TestEveryPurposeHasWords(t *testing.T) {
	roles := newPages(t, built()).words[DefaultLang].Live["roles"].(map[string]any)
	for _, purpose := range policies.Purposes() {
		if roles[string(purpose)] == nil {
			t.Errorf("words lack the purpose %s", purpose)
		}
	}
	for _, role := range []string{"carer", "team"} {
		if roles[role] == nil {
			t.Errorf("words lack the role %s", role)
		}
	}
	if len(roles) != len(policies.Purposes())+2 {
		t.Errorf("%d roles, want one for each purpose, the carer and the team", len(roles))
	}
}

func lacks(want, got map[string]any) string {
	var missing string
	for k, v := range want {
		if tree, ok := v.(map[string]any); ok {
			sub, _ := got[k].(map[string]any)
			missing += lacks(tree, sub)
		} else if s, _ := got[k].(string); s == "" {
			missing += k + " "
		}
	}
	return missing
}

func TestHeaders(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  Kind
		cache string
		csp   []string
	}{
		"Page":   {Page, "no-store", []string{"default-src 'none'", "trusted-types attune-worker", "form-action 'none'", "frame-ancestors 'none'"}},
		"Static": {Static, "no-cache", []string{"default-src 'none'", "connect-src 'self'", "trusted-types 'none'"}},
		"Data":   {Data, "no-store", []string{"default-src 'none'"}},
		"Film":   {Film, "no-store", []string{"default-src 'none'"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			Headers(h, tt.kind)
			if got := h.Get("Cache-Control"); got != tt.cache {
				t.Errorf("Cache-Control = %q, want %q", got, tt.cache)
			}
			for _, want := range tt.csp {
				if !strings.Contains(h.Get("Content-Security-Policy"), want) {
					t.Errorf("policy lacks %s: %s", want, h.Get("Content-Security-Policy"))
				}
			}
			if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
				t.Error("policy is unsafe")
			}
			for k, want := range map[string]string{
				"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := h.Get(k); got != want {
					t.Errorf("%s = %q, want %q", k, got, want)
				}
			}
		})
	}
}

func TestNotBuilt(t *testing.T) {
	p := newPages(t, fstest.MapFS{"build/.gitkeep": {}})
	w := carer(t, p, testData())
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make pages") {
		t.Errorf("page = %d %q, want 503 and the command", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	if !p.ServeAsset(w, httptest.NewRequest("GET", "/s/app.js", nil), "app.js") || w.Code != http.StatusServiceUnavailable {
		t.Errorf("asset = %d, want 503", w.Code)
	}
	if _, _, ok := p.Asset("app.js"); ok || p.Built() {
		t.Error("an unbuilt binary has an asset")
	}
}

func TestServeAsset(t *testing.T) {
	p := newPages(t, built())
	serve := func(name, method string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/s/"+name, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		if !p.ServeAsset(w, r, name) {
			t.Fatalf("%s is no asset", name)
		}
		return w
	}
	plain := serve("sw.js", "GET")
	want, contentType, _ := p.Asset("sw.js")
	if plain.Body.String() != string(want) || plain.Header().Get("Content-Type") != contentType {
		t.Errorf("plain = %q as %s", plain.Body, plain.Header().Get("Content-Type"))
	}
	zipped := serve("sw.js", "GET", "Accept-Encoding", "br, gzip;q=0.8")
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(r); string(got) != string(want) {
		t.Errorf("unzipped = %q", got)
	}
	if refused := serve("sw.js", "GET", "Accept-Encoding", "gzip;q=0"); refused.Header().Get("Content-Encoding") != "" {
		t.Error("compressed for a browser that refuses it")
	}
	if w := serve("sw.js", "GET", "If-None-Match", plain.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("same bytes again = %d", w.Code)
	}
	if w := serve("sw.js", "HEAD"); w.Body.Len() > 0 || w.Header().Get("Content-Length") == "" {
		t.Error("HEAD has a body or no length")
	}
	for _, name := range []string{"", ".gitkeep", "../carer.html", "app.js.map"} {
		if p.ServeAsset(httptest.NewRecorder(), httptest.NewRequest("GET", "/s/x", nil), name) {
			t.Errorf("%q was served", name)
		}
	}
}
