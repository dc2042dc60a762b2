//go:build acme

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// domain is the name that pebble is asked for. Its DNS says that every name is
// this machine.
const domain = "attune.test"

// pebble is a certificate authority that runs until its test ends: Let's Encrypt's
// own server for tests, with a name server beside it. `make stores` builds both.
// It looks at what it is to certify over real connections.
type pebble struct {
	*testing.T
	directory string // address of the ACME directory
	ca        string // file with the certificate that its own HTTPS is known by
	manage    string
	said      string // file with what it printed
	cmds      []*exec.Cmd
	client    *http.Client
}

// startPebble starts an authority that asks httpPort and tlsPort for proofs, and
// gives certificates that last for life.
func startPebble(t *testing.T, httpPort, tlsPort int, life time.Duration) *pebble {
	t.Helper()
	dir := t.TempDir()
	listen, manage, dns := freeAddr(t), freeAddr(t), freeAddr(t)
	cert := selfSigned(t, "pebble", time.Now().Add(time.Hour), "localhost", "127.0.0.1")
	cert.write(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage,
		"certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": httpPort, "tlsPort": tlsPort, "retryAfter": map[string]int{"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
		"profiles": map[string]any{"default": map[string]any{"description": "for a test", "validityPeriod": int(life.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(dir, "config.json"), config)
	p := &pebble{T: t, directory: "https://" + listen + "/dir", ca: filepath.Join(dir, "cert.pem"), manage: "https://" + manage, said: filepath.Join(dir, "said")}
	p.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: cert.pool()}}}
	t.Cleanup(p.stop)
	p.start(dir, "pebble-challtestsrv", "-dnsserver", dns, "-defaultIPv6", "", "-management", freeAddr(t), "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	p.start(dir, "pebble", "-config", filepath.Join(dir, "config.json"), "-dnsserver", dns, "-strict")
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		reply, err := p.client.Get(p.directory)
		if err == nil {
			reply.Body.Close()
			return p
		}
		if time.Now().After(end) {
			t.Fatalf("pebble does not answer: %v\n%s", err, p.output())
		}
	}
}

func (p *pebble) start(dir, name string, args ...string) {
	p.Helper()
	root := moduleRoot(p.T)
	program := filepath.Join(root, ".cache", "bin", name)
	if _, err := os.Stat(program); err != nil {
		p.Fatalf("%s is not built; run: make stores", program)
	}
	out, err := os.OpenFile(p.said, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.Fatal(err)
	}
	defer out.Close() // the child has its own
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	// Nonces are refused now and then, as the protocol allows.
	cmd.Env = []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=15", "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	p.cmds = append(p.cmds, cmd)
}

// stop ends the authority when nobody asks it anything more. autocert gives back
// what an order left over after the order, and asks again for minutes when nobody
// answers.
func (p *pebble) stop() {
	for end := time.Now().Add(30 * time.Second); givesBack(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.Error("autocert is still giving back what an order left over")
			break
		}
	}
	for _, cmd := range p.cmds {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			p.Errorf("stop: %v", err)
		}
		_ = cmd.Wait() // says "killed"
	}
	p.cmds = nil
}

// givesBack says whether autocert is giving something back, to this pebble or to
// that of a test beside it.
func givesBack() bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("deactivatePendingAuthz"))
}

func (p *pebble) output() string {
	b, _ := os.ReadFile(p.said) // for a message only
	return string(b)
}

// root is the certificate at the top of what this pebble signs; it draws a new one
// at each start.
func (p *pebble) root() []byte {
	p.Helper()
	reply, err := p.client.Get(p.manage + "/roots/0")
	if err != nil {
		p.Fatal(err)
	}
	defer reply.Body.Close()
	pem, err := io.ReadAll(reply.Body)
	if err != nil {
		p.Fatal(err)
	}
	return pem
}

// browser asks the server at addr by its public name, and trusts this pebble alone.
func (p *pebble) browser(addr string) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.root())
	return dialling(p.T, addr, pool)
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
