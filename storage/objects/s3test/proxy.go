package s3test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/attune-vf/attune/storage/objects"
)

// Fault is what happens to one request on its way.
type Fault int

// Faults.
const (
	Pass Fault = iota
	Lose       // the server does it, and its answer is lost
	Flip       // one bit of the body changes
)

// Proxy stands between a store and its server, and lets things go wrong.
type Proxy struct {
	// Config reaches the server through the proxy.
	Config objects.S3Config

	mu sync.Mutex
	// mu guards the fields below.
	fate func(*http.Request) Fault
}

var errLose = errors.New("the answer is lost")

// NewProxy starts a proxy in front of the server at cfg. Everything passes until
// [Proxy.Set].
func NewProxy(t testing.TB, cfg objects.S3Config) *Proxy {
	t.Helper()
	p := &Proxy{Config: cfg}
	target := &url.URL{Scheme: "http", Host: cfg.Host}
	transport := &http.Transport{DisableCompression: true}
	type lose struct{}
	forward := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // which is signed
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Context().Value(lose{}) != nil {
				_, err := io.Copy(io.Discard, r.Body) // a long answer has been made as well
				return errors.Join(errLose, err)
			}
			return nil
		},
		// The client sees a connection that ends, as when a cable is pulled.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p.decide(r) {
		case Lose:
			r = r.WithContext(context.WithValue(r.Context(), lose{}, true))
		case Flip:
			r.Body = io.NopCloser(&flipper{r: r.Body})
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.Close(); transport.CloseIdleConnections() })
	p.Config.Host = s.Listener.Addr().String()
	return p
}

// Set decides the fate of every request from now on; nil lets all pass.
func (p *Proxy) Set(fate func(*http.Request) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fate = fate
}

func (p *Proxy) decide(r *http.Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fate == nil {
		return Pass
	}
	return p.fate(r)
}

// flipper changes the lowest bit of the first byte.
type flipper struct {
	r    io.Reader
	done bool
}

func (f *flipper) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if n > 0 && !f.done {
		p[0] ^= 1
		f.done = true
	}
	return n, err
}
