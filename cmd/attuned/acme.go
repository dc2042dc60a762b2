package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Pauses after a certificate could not be had. Authorities count failures for a
// name by the hour and then refuse it altogether, and every stranger who connects
// would cause another.
const (
	firstPause = time.Minute
	longPause  = time.Hour
)

// acmeCerts fetches a certificate for one name and renews it a month before it
// ends. It proves the name by TLS-ALPN-01 on the HTTPS port, or by HTTP-01.
//
// Account and certificate lie in the folder's acme/, which only the server reads:
// whoever has them can be this server for as long as the certificate lasts.
type acmeCerts struct {
	name    string
	manager *autocert.Manager

	// mu guards the fields below.
	mu    sync.Mutex
	pause time.Duration
	until time.Time // nothing is asked of the authority before
}

func openACME(f folder, c *frontFlags) (*acmeCerts, error) {
	if err := os.MkdirAll(f.acme(), 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", f.acme(), err)
	}
	if err := os.Chmod(f.acme(), 0o700); err != nil {
		return nil, err
	}
	client := &acme.Client{DirectoryURL: c.ACMEDirectory, UserAgent: "attuned", HTTPClient: &http.Client{Timeout: time.Minute}}
	if c.ACMECA != "" {
		pool, err := readPool(c.ACMECA)
		if err != nil {
			return nil, err
		}
		client.HTTPClient.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, Proxy: http.ProxyFromEnvironment}
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(f.acme()), HostPolicy: autocert.HostWhitelist(c.Domain),
		Client: client, Email: c.ACMEEmail,
	}
	if c.HTTPAddr != "none" {
		m.HTTPHandler(nil) // from here on it may choose HTTP-01
	}
	return &acmeCerts{name: c.Domain, manager: m}, nil
}

// readPool reads the certificates that a server is to be known by.
func readPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, problem("certificate", "Give a file in PEM.", "%s holds no certificate.", path)
	}
	return pool, nil
}

func (a *acmeCerts) config() *tls.Config {
	return &tls.Config{NextProtos: []string{"h2", "http/1.1", acme.ALPNProto}, GetCertificate: a.certificate}
}

// prove answers the authority's question on the plain port, and hands everything
// else on. Behind a router that maps port 80 the question comes with another port.
func (a *acmeCerts) prove(next http.Handler) http.Handler {
	proof := a.manager.HTTPHandler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host != a.name {
			next.ServeHTTP(w, r) // the manager would say whom it was asked for
			return
		}
		r.Host = host
		proof.ServeHTTP(w, r)
	})
}

var (
	errResting   = errors.New("no certificate could be had, and the authority is not asked again yet")
	errOtherName = errors.New("no certificate for that name")
)

// certificate answers a handshake. One name in any case is ours, and another is
// refused before the manager sees it: it would read "ATTUNE.example.org", or the same
// in wide letters, as our name, and fetch a certificate past the pause.
func (a *acmeCerts) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto {
		return a.manager.GetCertificate(hello) // a proof that the manager has, or nothing
	}
	if !strings.EqualFold(hello.ServerName, a.name) {
		return nil, errOtherName
	}
	if a.resting(time.Now()) {
		return nil, errResting
	}
	cert, err := a.manager.GetCertificate(a.asked())
	a.had(err, time.Now())
	return cert, err
}

// asked is what a browser asks for. Whoever speaks RSA alone, as scanners do, gets
// this one too, and goes away: the manager would fetch them a second certificate, and
// a failure of that would have everybody else wait for a good one.
func (a *acmeCerts) asked() *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: a.name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

func (a *acmeCerts) resting(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Before(a.until)
}

// had lengthens the pause after each failure, and forgets it after a success.
func (a *acmeCerts) had(err error, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil:
		a.pause, a.until = 0, time.Time{}
	case !now.Before(a.until): // one failure, however many waited for it
		a.pause = min(max(2*a.pause, firstPause), longPause)
		a.until = now.Add(a.pause)
	}
}

// leaf asks as a browser would: the first time this fetches the certificate, so
// that no carer has to wait for it, and after a restart it is in the folder.
func (a *acmeCerts) leaf(ctx context.Context) (*x509.Certificate, error) {
	cert, err := a.certificate(a.asked())
	if err != nil {
		return nil, err
	}
	return cert.Leaf, nil
}
