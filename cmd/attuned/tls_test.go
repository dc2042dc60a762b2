package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// signed is a certificate that vouches for itself.
type signed struct {
	leaf *x509.Certificate
	key  *ecdsa.PrivateKey
}

func selfSigned(t *testing.T, serial string, until time.Time, names ...string) signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(serial)), Subject: pkix.Name{CommonName: serial},
		NotBefore: until.AddDate(0, 0, -90), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return signed{c, key}
}

func (s signed) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.leaf)
	return p
}

func (s signed) write(t *testing.T, cert, key string) {
	t.Helper()
	writeTest(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.leaf.Raw}))
	s.writeKey(t, key)
}

func (s signed) writeKey(t *testing.T, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	writeTest(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func writeTest(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// spoken is what a running command prints.
type spoken struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// waits until it says something.
func (s *spoken) waits(t *testing.T, for_ string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(s.String(), for_); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never says %q:\n%s", for_, s)
		}
	}
}

// demoFolder is a service that was set up in one step.
func demoFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	var said spoken
	if status := run(context.Background(), []string{"init", "--demo", "--data", dir}, &said, &said); status != 0 {
		t.Fatalf("init = %d: %s", status, &said)
	}
	return dir
}

// serves runs attuned serve until stop, which returns its status.
func serves(t *testing.T, args ...string) (said *spoken, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	said, ended := &spoken{}, make(chan int, 1)
	go func() { ended <- run(ctx, append([]string{"serve"}, args...), said, said) }()
	stop = sync.OnceValue(func() int { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	said.waits(t, "serving ")
	return said, stop
}

// A certificate in files is served with HTTP/2 and HSTS, and exchanged in the
// running server.
func TestServeCertificateFiles(t *testing.T) {
	dir, addr, plain := t.TempDir(), freeAddr(t), freeAddr(t)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := selfSigned(t, "first", time.Now().AddDate(0, 0, 60), "attune.example.org")
	first.write(t, cert, key)
	said, stop := serves(t, "--data", demoFolder(t), "--addr", addr, "--origin", "https://attune.example.org",
		"--tls-cert", cert, "--tls-key", key, "--http-addr", plain)

	reply := ask(t, dialling(t, addr, first.pool()), http.MethodGet, "https://attune.example.org/healthz")
	if reply.ProtoMajor != 2 || reply.StatusCode != http.StatusOK || reply.Header.Get("Strict-Transport-Security") == "" || reply.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s %d, HSTS %q", reply.Proto, reply.StatusCode, reply.Header.Get("Strict-Transport-Security"))
	}
	redirects(t, plain)
	if old, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: first.pool(), ServerName: "attune.example.org", MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		old.Close()
		t.Error("TLS 1.1 was accepted")
	}
	ca := filepath.Join(dir, "ca.pem")
	first.write(t, ca, filepath.Join(dir, "unused.pem"))
	if status, said := health2(t, "--addr", "https://"+addr, "--name", "attune.example.org", "--ca", ca, "--json"); status != 0 || !strings.Contains(said, "certificate_until") {
		t.Errorf("health = %d: %s", status, said)
	}
	if status, _ := health2(t, "--addr", "https://"+addr, "--ca", ca); status == 0 {
		t.Error("a certificate for another name counts as healthy")
	}

	second := selfSigned(t, "second", time.Now().AddDate(0, 0, 80), "attune.example.org")
	second.write(t, cert, key)
	waitFor(t, "the second certificate", func() bool {
		c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: second.pool(), ServerName: "attune.example.org"})
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	said.waits(t, "certificate read again")
	if status := stop(); status != 0 {
		t.Errorf("serve = %d: %s", status, said)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s never comes", what)
		}
	}
}

// redirects checks that plain HTTP says nothing but where HTTPS is.
func redirects(t *testing.T, addr string) {
	t.Helper()
	for _, tt := range []struct {
		method, path string
		status       int
		location     string
	}{
		{http.MethodGet, "/", http.StatusMovedPermanently, "https://attune.example.org/"},
		{http.MethodHead, "/anything?token=SECRET", http.StatusMovedPermanently, "https://attune.example.org/"},
		{http.MethodGet, "/s/TOKEN", http.StatusNotFound, ""},
		{http.MethodGet, "/s/TOKEN%231SECRET", http.StatusNotFound, ""},
		{http.MethodPost, "/s/TOKEN/open", http.StatusForbidden, ""},
		{http.MethodPost, "/v1/sync/push", http.StatusForbidden, ""},
	} {
		reply := ask(t, dialling(t, addr, nil), tt.method, "http://evil.example"+tt.path)
		var all bytes.Buffer
		reply.Header.Write(&all)
		all.ReadFrom(reply.Body)
		if reply.StatusCode != tt.status || reply.Header.Get("Location") != tt.location {
			t.Errorf("%s %s = %d to %q, want %d to %q", tt.method, tt.path, reply.StatusCode, reply.Header.Get("Location"), tt.status, tt.location)
		}
		if text := all.String(); strings.Contains(text, "SECRET") || strings.Contains(text, "TOKEN") || strings.Contains(text, "evil") || strings.Contains(text, "Strict-Transport") {
			t.Errorf("%s %s answers with what was asked:\n%s", tt.method, tt.path, text)
		}
	}
}

func ask(t *testing.T, c *http.Client, method, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reply.Body.Close() })
	return reply
}

func health2(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var said spoken
	status := run(context.Background(), append([]string{"health"}, args...), &said, &said)
	return status, said.String()
}

// A pair that cannot be served leaves the one before in use, and is told of once.
func TestCertificateFilesThatAreBroken(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	good := selfSigned(t, "good", time.Now().AddDate(0, 0, 60), "attune.example.org")
	other := selfSigned(t, "other", time.Now().AddDate(0, 0, 60), "attune.example.org")
	good.write(t, cert, key)
	var log spoken
	c, err := openCertFiles(cert, key, "attune.example.org", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	look := func() string {
		now = now.Add(lookEvery)
		return c.current(now).Leaf.Subject.CommonName
	}
	for i, breakIt := range []func(){
		func() { other.write(t, cert, filepath.Join(dir, "elsewhere.pem")) }, // the key has not been written yet
		func() { writeTest(t, cert, []byte("-----BEGIN CERTIFICATE-----\nMII")) },
		func() { os.Remove(cert) },
		func() { selfSigned(t, "wrong", time.Now().AddDate(0, 0, 60), "elsewhere.example").write(t, cert, key) },
		func() { other.write(t, cert, key); os.Chmod(key, 0o644) },
	} {
		breakIt()
		for range 4 {
			if got := look(); got != "good" {
				t.Fatalf("break %d: %s is served, want the one before", i, got)
			}
		}
		if got := strings.Count(log.String(), "stays in use"); got != i+1 {
			t.Errorf("break %d: told %d times, want %d:\n%s", i, got, i+1, &log)
		}
	}
	os.Chmod(key, 0o600)
	if got := look(); got != "other" {
		t.Errorf("after it was mended: %s", got)
	}
	// certbot writes one file after the other: nothing to be alarmed about.
	third := selfSigned(t, "third", time.Now().AddDate(0, 0, 60), "attune.example.org")
	before := log.String()
	third.write(t, cert, filepath.Join(dir, "elsewhere.pem"))
	look()
	third.writeKey(t, key)
	if got := look(); got != "third" || strings.Contains(log.String()[len(before):], "WARN") {
		t.Errorf("written in two steps: %s\n%s", got, log.String()[len(before):])
	}
}

func TestOpenCertificateFilesRefuses(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, "good", time.Now().AddDate(0, 0, 60), "attune.example.org").write(t, cert, key)
	if _, err := openCertFiles(cert, key, "elsewhere.example.org", slog.Default()); err == nil {
		t.Error("a certificate for another name was taken")
	}
	if _, err := openCertFiles(key, cert, "attune.example.org", slog.Default()); err == nil {
		t.Error("files the wrong way round were taken")
	}
	if err := os.Chmod(key, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := openCertFiles(cert, key, "attune.example.org", slog.Default()); err == nil {
		t.Error("a key that everybody can read was taken")
	}
}

// The end of a certificate is told before it is there.
func TestCheckCertificates(t *testing.T) {
	now := time.Now()
	f := folder(t.TempDir())
	if found := checkCertificates(f, "", now); len(found) != 0 {
		t.Errorf("a server that never served HTTPS: %+v", found)
	}
	if err := os.Mkdir(f.acme(), 0o700); err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(f.acme(), "acme_account+key"), []byte("key"))
	if found := checkCertificates(f, "", now); len(found) != 1 || found[0].OK {
		t.Errorf("none was had: %+v", found)
	}
	path := filepath.Join(f.acme(), "attune.example.org")
	for days, want := range map[int]finding{60: {OK: true}, 13: {OK: true, Note: "it ends in 13 days"}, 0: {Why: "has ended"}} {
		// autocert writes the key first.
		c := selfSigned(t, "x", now.AddDate(0, 0, days), "attune.example.org")
		c.writeKey(t, path)
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		writeTest(t, path, append(body, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.leaf.Raw})...))
		found := checkCertificates(f, path, now.Add(time.Minute))
		if len(found) != 2 {
			t.Fatalf("%d days: %+v", days, found)
		}
		for _, x := range found {
			if x.OK != want.OK || !strings.Contains(x.Why, want.Why) || (x.Note == "") != (want.Note == "") || !strings.Contains(x.What, "attune.example.org") {
				t.Errorf("%d days: %+v", days, x)
			}
		}
	}
}

// dialling is a client to whom every name is addr.
func dialling(t *testing.T, addr string, pool *x509.CertPool) *http.Client {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
