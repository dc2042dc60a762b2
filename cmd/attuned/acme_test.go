//go:build acme

package main

import (
	"crypto/tls"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Both ways to prove a name. Of the two ports that the authority asks only one
// answers, so that nothing else can have proved it.
func TestACME(t *testing.T) {
	for _, name := range []string{"TLS-ALPN-01", "HTTP-01"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, plain, nowhere := freeAddr(t), freeAddr(t), freeAddr(t)
			httpAddr, asksHTTP, asksTLS := "none", nowhere, addr
			if name == "HTTP-01" {
				httpAddr, asksHTTP, asksTLS = plain, plain, nowhere
			}
			p := startPebble(t, portOf(t, asksHTTP), portOf(t, asksTLS), 90*24*time.Hour)
			data := demoFolder(t)
			flags := []string{"--data", data, "--addr", addr, "--domain", domain, "--http-addr", httpAddr,
				"--acme-directory", p.directory, "--acme-ca", p.ca, "--acme-email", "it@example.org"}
			said, stop := serves(t, flags...)
			said.waits(t, "msg=certificate ") // without a visitor

			c := p.browser(addr)
			reply := ask(t, c, http.MethodGet, "https://"+domain+"/healthz")
			if reply.ProtoMajor != 2 || reply.StatusCode != http.StatusOK || reply.Header.Get("Strict-Transport-Security") == "" {
				t.Errorf("%s %d, HSTS %q", reply.Proto, reply.StatusCode, reply.Header.Get("Strict-Transport-Security"))
			}
			if conn, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "other.test", InsecureSkipVerify: true}); err == nil {
				conn.Close()
				t.Error("another name got a certificate")
			}
			if strings.Contains(p.output(), "other.test") {
				t.Error("the authority was asked for another name")
			}
			if name == "HTTP-01" {
				challengeSaysNothing(t, plain)
			}
			private(t, filepath.Join(data, "acme"))

			root := filepath.Join(t.TempDir(), "root.pem")
			writeTest(t, root, p.root())
			if status, said := health2(t, "--addr", "https://"+addr, "--name", domain, "--ca", root); status != 0 {
				t.Errorf("health = %d: %s", status, said)
			}
			found := checkCertificates(folder(data), "", time.Now())
			if len(found) != 1 || !found[0].OK || found[0].Note != "" || !strings.Contains(found[0].What, domain) {
				t.Errorf("check = %+v", found)
			}
			if found, err := foreignKeys(folder(data)); err != nil || strings.Contains(strings.Join(found, " "), "/acme/") {
				t.Errorf("keys of somebody else: %v, %v", found, err)
			}

			if status := stop(); status != 0 {
				t.Errorf("serve = %d: %s", status, said)
			}
			p.stop()
			again, _ := serves(t, flags...)
			again.waits(t, "msg=certificate ") // the authority is gone, the folder has it
			if reply := ask(t, c, http.MethodGet, "https://"+domain+"/healthz"); reply.StatusCode != http.StatusOK {
				t.Errorf("after a restart: %d", reply.StatusCode)
			}
		})
	}
}

// challengeSaysNothing: what the port for proofs answers to others.
func challengeSaysNothing(t *testing.T, plain string) {
	t.Helper()
	c := dialling(t, plain, nil)
	if reply := ask(t, c, http.MethodGet, "http://"+domain+"/"); reply.Header.Get("Location") != "https://"+domain+"/" {
		t.Errorf("GET / leads to %q", reply.Header.Get("Location"))
	}
	for host, status := range map[string]int{domain: http.StatusNotFound, "evil.example": http.StatusMovedPermanently} {
		reply := ask(t, c, http.MethodGet, "http://"+host+"/.well-known/acme-challenge/SECRET")
		body, err := io.ReadAll(reply.Body)
		if err != nil || reply.StatusCode != status || strings.Contains(string(body)+reply.Header.Get("Location"), "evil") || strings.Contains(string(body), "SECRET") {
			t.Errorf("a challenge nobody made: %d %s, %v", reply.StatusCode, body, err)
		}
	}
}

// private checks that nobody else on the machine reads the account or the key.
func private(t *testing.T, dir string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		seen++
		return err
	})
	if err != nil || seen < 3 {
		t.Errorf("%d files in %s, %v; want the folder, an account and a certificate", seen, dir, err)
	}
}

// A certificate that lasts half a minute is renewed in the running server.
func TestACMERenews(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	p := startPebble(t, portOf(t, freeAddr(t)), portOf(t, addr), 24*time.Second)
	serves(t, "--data", demoFolder(t), "--addr", addr, "--domain", domain, "--http-addr", "none", "--acme-directory", p.directory, "--acme-ca", p.ca)
	c := p.browser(addr)
	serial := func() string {
		reply, err := c.Get("https://" + domain + "/healthz")
		if err != nil {
			return "" // not there yet, or being changed
		}
		defer reply.Body.Close()
		return reply.TLS.PeerCertificates[0].SerialNumber.String()
	}
	var first string
	waitFor(t, "a certificate", func() bool { first = serial(); return first != "" })
	waitFor(t, "another", func() bool { now := serial(); return now != "" && now != first })
}

// A name that cannot be proved: the service says why, goes on, and does not ask the
// authority again for every stranger who connects.
func TestACMERefused(t *testing.T) {
	t.Parallel()
	addr, plain := freeAddr(t), freeAddr(t)
	p := startPebble(t, portOf(t, freeAddr(t)), portOf(t, freeAddr(t)), time.Hour)
	data := demoFolder(t)
	said, stop := serves(t, "--data", data, "--addr", addr, "--domain", domain, "--http-addr", plain, "--acme-directory", p.directory, "--acme-ca", p.ca)
	said.waits(t, "no certificate yet")
	orders := func() int { return strings.Count(p.output(), "POST /order-plz") }
	before := orders()
	for range 10 {
		if conn, err := tls.Dial("tcp", addr, &tls.Config{ServerName: domain, InsecureSkipVerify: true}); err == nil {
			conn.Close()
			t.Fatal("a certificate came from nowhere")
		}
	}
	if after := orders(); before == 0 || after != before {
		t.Errorf("%d orders before, %d after ten strangers", before, after)
	}
	if found := checkCertificates(folder(data), "", time.Now()); len(found) != 1 || found[0].OK {
		t.Errorf("check = %+v", found)
	}
	if status := stop(); status != 0 {
		t.Errorf("serve = %d: %s", status, said)
	}
}

// An authority that is not the one named must not be believed.
func TestACMEOfAStranger(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	p := startPebble(t, portOf(t, freeAddr(t)), portOf(t, addr), time.Hour)
	other := filepath.Join(t.TempDir(), "other.pem")
	selfSigned(t, "other", time.Now().Add(time.Hour), "localhost", "127.0.0.1").write(t, other, other+".key")
	said, _ := serves(t, "--data", demoFolder(t), "--addr", addr, "--domain", domain, "--http-addr", "none", "--acme-directory", p.directory, "--acme-ca", other)
	said.waits(t, "no certificate yet")
	if !strings.Contains(said.String(), "x509: ") || strings.Contains(p.output(), "/sign-me-up") {
		t.Errorf("said: %s", said)
	}
}
