package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

type healthCmd struct {
	Swept  string        `placeholder:"DIR" help:"Ask instead when a sweep of this folder last came to its end."`
	Within time.Duration `default:"3h" help:"With --swept: how long ago at most."`
	Addr   string        `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where the server listens."`
	Name   string        `placeholder:"NAME" help:"With https: the name that its certificate is for, when it is not that of --addr."`
	CA     string        `name:"ca" type:"existingfile" placeholder:"FILE" help:"With https: trust this certificate (PEM)."`
}

// Help is what --help shows below the flags.
func (healthCmd) Help() string {
	return `Example: attuned health --addr https://127.0.0.1 --name attune.example.org

         attuned health --swept /srv/attune --within 3h

Asks the running server whether it can take a write now. Exit status 1 when it cannot, also for want
of room on its disk, or does not answer within five seconds; a certificate that is not valid counts as no answer. It is for a container's health check: the image has no shell and no curl.

A sweep that refused did not come to its end: with --swept that shows as well, and what it waits for stands in its log.`
}

// healthPatience is longer than a commit on a busy disk, and shorter than the
// pause between two health checks.
const healthPatience = 5 * time.Second

// Run asks /readyz, and not /healthz: a process that answers but cannot write
// must not be called healthy.
func (c *healthCmd) Run(ctx context.Context, p *printer) error {
	if c.Swept != "" {
		return c.swept(ctx, p)
	}
	u, err := url.Parse(strings.TrimRight(c.Addr, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return problem("usage", "Give it as http://127.0.0.1:8080.", "%q is not the address of a server.", c.Addr).status(exitUsage)
	}
	transport, err := c.transport()
	if err != nil {
		return err
	}
	leaf, err := askReady(ctx, u.JoinPath("readyz").String(), transport)
	if errors.Is(err, errFull) {
		return problem("storage_full", "Make room: withdrawals are still taken, and nothing else is, until there is some.", "%s has no room on its disk.", u)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return problem("not_ready", "Start it with attuned serve; if it was started, see what it printed, and whether --addr is its address.", "Nothing listens at %s.", u)
	}
	if err != nil {
		return problem("not_ready", "See what the server printed.", "%s is not ready: %v.", u, err)
	}
	said := map[string]any{"ready": true}
	if leaf != nil {
		said["certificate_until"] = leaf.NotAfter.UTC().Format(time.RFC3339)
		if soon(leaf, time.Now()) {
			p.note("The certificate %s.", endsIn(time.Until(leaf.NotAfter)))
		}
	}
	return p.print(said, "ready")
}

// swept is of a process that listens nowhere: what it has done is what it can show.
func (c *healthCmd) swept(ctx context.Context, p *printer) (err error) {
	f := folder(c.Swept)
	if err := f.founded(); err != nil {
		return err
	}
	store, err := openBeside(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	at, err := store.LastSweep(ctx)
	if err != nil {
		return err
	}
	now, err := f.now()
	if err != nil {
		return err
	}
	const look = "See what attuned sweep printed: whether it runs, and whether it waits for somebody."
	switch ago := now.Sub(at); {
	case at.IsZero():
		return problem("not_swept", look, "No sweep of %s has come to its end yet.", f)
	case ago > c.Within:
		return problem("not_swept", look, "The last sweep of %s came to its end %s ago.", f, ago.Round(time.Minute))
	}
	return p.print(map[string]any{"swept": at.UTC().Format(time.RFC3339)}, "swept at %s", at.Local().Format("2006-01-02 15:04"))
}

// transport keeps no connection: the health check is over with one answer.
func (c *healthCmd) transport() (*http.Transport, error) {
	t := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{ServerName: c.Name}}
	if c.CA == "" {
		return t, nil
	}
	pool, err := readPool(c.CA)
	t.TLSClientConfig.RootCAs = pool
	return t, err
}

var errFull = errors.New("no room on the disk")

// askReady returns the certificate, nil without HTTPS. It never goes through a proxy of the environment or after a redirect:
// either could answer for a server that is down.
func askReady(ctx context.Context, address string, transport *http.Transport) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64)) // "ready\n" is all there is
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusInsufficientStorage {
		return nil, errFull
	}
	if resp.StatusCode != http.StatusOK || string(body) != "ready\n" {
		return nil, errors.New("it answers " + resp.Status)
	}
	if resp.TLS == nil {
		return nil, nil
	}
	return resp.TLS.PeerCertificates[0], nil
}
