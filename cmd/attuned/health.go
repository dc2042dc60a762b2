package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type healthCmd struct {
	Addr string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where the server listens."`
}

// Help is what --help shows below the flags.
func (healthCmd) Help() string {
	return `Example: attuned health --addr http://127.0.0.1:8080

Asks the running server whether it can take a write now. Exit status 1 when it cannot, also for want
of room on its disk, or does not answer within five seconds. It is for a container's health check: the image has no shell and no curl.`
}

// healthPatience is longer than a commit on a busy disk, and shorter than the
// pause between two health checks.
const healthPatience = 5 * time.Second

// Run asks /readyz, and not /healthz: a process that answers but cannot write
// must not be called healthy.
func (c *healthCmd) Run(ctx context.Context, p *printer) error {
	u, err := url.Parse(strings.TrimRight(c.Addr, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return problem("usage", "Give it as http://127.0.0.1:8080.", "%q is not the address of a server.", c.Addr).status(exitUsage)
	}
	err = askReady(ctx, u.JoinPath("readyz").String())
	if errors.Is(err, errFull) {
		return problem("storage_full", "Make room: withdrawals are still taken, and nothing else is, until there is some.", "%s has no room on its disk.", u)
	}
	if err != nil {
		return problem("not_ready", "See what the server printed.", "%s is not ready: %v.", u, err)
	}
	return p.print(map[string]bool{"ready": true}, "ready")
}

var errFull = errors.New("no room on the disk")

// askReady never goes through a proxy of the environment or after a redirect:
// either could answer for a server that is down.
func askReady(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64)) // "ready\n" is all there is
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusInsufficientStorage {
		return errFull
	}
	if resp.StatusCode != http.StatusOK || string(body) != "ready\n" {
		return errors.New("it answers " + resp.Status)
	}
	return nil
}
