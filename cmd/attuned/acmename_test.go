package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// authority is a certificate authority that gives nothing and counts how often somebody
// began to ask.
func authority(t *testing.T) (ca *httptest.Server, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	ca = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(ca.Close)
	return ca, asked
}

func acmeOf(t *testing.T, ca *httptest.Server, f folder) *acmeCerts {
	t.Helper()
	trust := filepath.Join(t.TempDir(), "ca.pem")
	writeTest(t, trust, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}))
	a, err := openACME(f, &frontFlags{Domain: "attune.example.org", ACMEDirectory: ca.URL, ACMECA: trust, HTTPAddr: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The authority counts failures by name, and refuses it altogether after a few: no
// spelling of it gets round the pause.
func TestCertificatePauseHoldsForEverySpelling(t *testing.T) {
	ca, asked := authority(t)
	a := acmeOf(t, ca, folder(t.TempDir()))
	hello := a.asked()
	if _, err := a.certificate(hello); err == nil || asked.Load() == 0 {
		t.Fatalf("the first: %v, asked %d times", err, asked.Load())
	}
	before := asked.Load()
	for _, name := range []string{"ATTUNE.example.org", "\uff41ttune.example.org", "attune.example.org.", "attune\u3002example.org", "other.example.org", ""} {
		hello.ServerName = name
		if _, err := a.certificate(hello); !errors.Is(err, errResting) && !errors.Is(err, errOtherName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if n := asked.Load() - before; n != 0 {
		t.Errorf("the authority was asked %d times in the pause", n)
	}
}

// A scanner that speaks RSA alone comes while the authority is away. Browsers go on
// getting the certificate that is there.
func TestCertificateOutlivesAScanner(t *testing.T) {
	ca, asked := authority(t)
	f := folder(t.TempDir())
	a := acmeOf(t, ca, f)
	have := selfSigned(t, "there", time.Now().AddDate(0, 0, 60), a.name)
	der, err := x509.MarshalECPrivateKey(have.key)
	if err != nil {
		t.Fatal(err)
	}
	var stored bytes.Buffer
	for _, b := range []*pem.Block{{Type: "EC PRIVATE KEY", Bytes: der}, {Type: "CERTIFICATE", Bytes: have.leaf.Raw}} {
		if err := pem.Encode(&stored, b); err != nil {
			t.Fatal(err)
		}
	}
	writeTest(t, filepath.Join(f.acme(), a.name), stored.Bytes())
	rsa := &tls.ClientHelloInfo{
		ServerName: a.name, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		SignatureSchemes: []tls.SignatureScheme{tls.PSSWithSHA256},
	}
	for _, hello := range []*tls.ClientHelloInfo{rsa, a.asked()} {
		if _, err := a.certificate(hello); err != nil {
			t.Errorf("%v: %v", hello.CipherSuites, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the authority was asked %d times", n)
	}
}
