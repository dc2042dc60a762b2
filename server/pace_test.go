package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/server/pages"
)

// pacing is a server that cuts off what moves less than 64 KiB in a third of a
// second, and two routes for bodies: both report how they ended.
type pacing struct {
	addr         string
	sent, taken  chan error
	secured      *x509.CertPool
	payloadBytes int
}

const beat = 300 * time.Millisecond

func newPacing(t *testing.T, secured bool, change ...func(*Config)) *pacing {
	t.Helper()
	p, err := pages.New()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Pages: p, BodyTime: beat, Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&cfg)
	}
	s := New(cfg)
	w := &pacing{sent: make(chan error, 100), taken: make(chan error, 100), payloadBytes: 64 << 20}
	s.echo.GET("/film", func(c echo.Context) error {
		err := s.stream(c, zeros{}, byteRange{whole: true}, 0, int64(w.payloadBytes), int64(w.payloadBytes))
		w.sent <- err
		return err
	})
	s.echo.POST("/film", func(c echo.Context) error {
		_, err := io.Copy(io.Discard, c.Request().Body)
		w.taken <- err
		if err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	if secured {
		var c *tls.Config
		c, w.secured = certified(t)
		go func() { ended <- ServeTLS(ctx, s, l, c) }()
	} else {
		go func() { ended <- Serve(ctx, s, l) }()
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return w
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// certified is a certificate for 127.0.0.1 that speaks both versions of HTTP.
func certified(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func (p *pacing) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ends waits for the end of something that a slow client must not hold for ever.
func ends(t *testing.T, what string, c <-chan error) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("%s is held for ever", what)
		return nil
	}
}

// hangsUp waits until the other side closes.
func hangsUp(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection is held for ever")
	}
}

// A header that comes letter by letter, and a handshake that never does.
func TestSlowHeader(t *testing.T) {
	for name, secured := range map[string]bool{"Plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newPacing(t, secured).dial(t)
			stop := make(chan struct{})
			var typing sync.WaitGroup
			typing.Go(func() {
				for _, letter := range []byte("GET /healthz HTTP/1.1\r\nHost: attune\r\nX: " + strings.Repeat("x", 1000)) {
					if _, err := c.Write([]byte{letter}); err != nil {
						return
					}
					select {
					case <-stop:
						return
					case <-time.After(100 * time.Millisecond):
					}
				}
			})
			hangsUp(t, c)
			close(stop)
			typing.Wait()
		})
	}
}

// A body that trickles is given up; one that is slow and keeps the pace is not,
// however long it takes.
func TestSlowBody(t *testing.T) {
	send := func(t *testing.T, step, steps int) error {
		w := newPacing(t, false)
		c := w.dial(t)
		fmt.Fprintf(c, "POST /film HTTP/1.1\r\nHost: attune\r\nContent-Length: %d\r\n\r\n", step*steps)
		for range steps {
			if _, err := c.Write(make([]byte, step)); err != nil {
				break // the server gave up
			}
			time.Sleep(beat / 10)
		}
		return ends(t, "the upload", w.taken)
	}
	t.Run("Trickle", func(t *testing.T) {
		t.Parallel()
		if err := send(t, 100, 10_000); !errors.Is(err, errIncoming) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a trickle ends with %v", err)
		}
	})
	t.Run("Steady", func(t *testing.T) {
		t.Parallel()
		if err := send(t, paceBytes, 40); err != nil { // four times BodyTime
			t.Errorf("a film that moves: %v", err)
		}
	})
}

// A player that never reads, on either version of HTTP, holds nothing; one that
// reads slowly gets everything.
func TestSlowReader(t *testing.T) {
	t.Run("Stalls", func(t *testing.T) {
		t.Parallel()
		w := newPacing(t, false)
		fmt.Fprint(w.dial(t), "GET /film HTTP/1.1\r\nHost: attune\r\n\r\n")
		if err := ends(t, "the film", w.sent); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a reader who stalls ends with %v", err)
		}
	})
	t.Run("StallsOnHTTP2", func(t *testing.T) {
		t.Parallel()
		w := newPacing(t, true)
		client, done := w.http2()
		defer done()
		reply, err := client.Get("https://" + w.addr + "/film")
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		if reply.ProtoMajor != 2 {
			t.Errorf("%s", reply.Proto)
		}
		if err := ends(t, "the film", w.sent); err == nil {
			t.Error("64 MiB were sent to a reader who stalls")
		}
	})
	t.Run("Steady", func(t *testing.T) {
		t.Parallel()
		w := newPacing(t, false)
		w.payloadBytes = 24 << 20 // more than both sides of loopback buffer
		c := w.dial(t)
		fmt.Fprint(c, "GET /film HTTP/1.1\r\nHost: attune\r\n\r\n")
		reply, err := http.ReadResponse(bufio.NewReaderSize(c, 1<<10), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for b := make([]byte, 1<<20); ; time.Sleep(beat / 6) {
			n, err := io.ReadFull(reply.Body, b)
			if got += n; err != nil {
				break
			}
		}
		if got != w.payloadBytes {
			t.Errorf("%d bytes of %d", got, w.payloadBytes)
		}
		if err := ends(t, "the film", w.sent); err != nil {
			t.Errorf("a reader who keeps the pace: %v", err)
		}
	})
}

func (p *pacing) http2() (*http.Client, func()) {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.secured}, ForceAttemptHTTP2: true}
	return &http.Client{Transport: t}, t.CloseIdleConnections
}

// A long answer in one piece is written in steps that each have their time.
func TestLongAnswer(t *testing.T) {
	var got bytes.Buffer
	a := outgoing{&recorder{w: &got}, &pace{conn: http.NewResponseController(&recorder{})}}
	want := bytes.Repeat([]byte("abc"), paceBytes)
	if n, err := a.Write(want); n != len(want) || err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("wrote %d of %d, %v", n, len(want), err)
	}
	if n, err := a.Write(nil); n != 0 || err != nil {
		t.Errorf("an empty write = %d, %v", n, err)
	}
}

// recorder takes at most paceBytes at once.
type recorder struct{ w io.Writer }

func (r *recorder) Header() http.Header { return http.Header{} }
func (r *recorder) WriteHeader(int)     {}
func (r *recorder) Write(p []byte) (int, error) {
	if len(p) > paceBytes {
		return 0, io.ErrShortWrite
	}
	return r.w.Write(p)
}

// Connections above the bound are closed at once, those of one address before
// those of others; a closed one makes room.
func TestConnections(t *testing.T) {
	w := newPacing(t, false, func(c *Config) { c.Connections = 3 })
	ask := func(c net.Conn) bool {
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: attune\r\n\r\n")
		reply, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && reply.StatusCode == http.StatusOK
	}
	first := w.dial(t)
	for _, c := range []net.Conn{first, w.dial(t), w.dial(t)} {
		if !ask(c) {
			t.Fatal("a connection within the bound is refused")
		}
	}
	hangsUp(t, w.dial(t))
	first.Close()
	for end := time.Now().Add(10 * time.Second); !ask(w.dial(t)); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a closed connection makes no room")
		}
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b := newBounded(nil, New(Config{Connections: 12, ConnectionsPerAddress: 2, Proxies: proxies, Log: slog.New(slog.NewTextHandler(&log, nil))}))
	from := func(addr string) bool {
		_, ok := b.enter(net.TCPAddrFromAddrPort(addrPort(t, addr)))
		return ok
	}
	for _, tt := range []struct {
		addr string
		want bool
	}{
		{"192.0.2.1:1", true}, {"192.0.2.1:2", true}, {"192.0.2.1:3", false}, {"192.0.2.2:1", true},
		{"[2001:db8::1]:1", true}, {"[2001:db8::2]:1", true}, {"[2001:db8::3]:1", false}, // one household
		{"127.0.0.1:1", true}, {"127.0.0.1:2", true}, {"127.0.0.1:3", true}, // behind it may be everybody
		{"10.0.0.1:1", true}, {"10.0.0.1:2", true}, {"10.0.0.1:3", true}, {"10.0.0.1:4", true}, // a proxy that was named
		{"192.0.2.3:1", false}, // twelve are open
	} {
		if got := from(tt.addr); got != tt.want {
			t.Errorf("%s = %v, want %v", tt.addr, got, tt.want)
		}
	}
	b.leave(network("192.0.2.1"))
	if !from("192.0.2.1:4") || b.open != 12 {
		t.Errorf("no room after leaving; %d open", b.open)
	}
	if n := strings.Count(log.String(), "turned away"); n != 1 {
		t.Errorf("%d lines for three who were turned away, want 1 in this minute", n)
	}
}
