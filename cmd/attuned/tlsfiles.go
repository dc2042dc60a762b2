package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files of a certificate are looked at. Certificates
// change every few weeks, and a look costs two stats.
const lookEvery = 10 * time.Second

// certFiles is a certificate in files, as certbot or a person puts them there. A
// changed pair is taken without a restart. A pair that cannot be served (half
// written, key and certificate that do not match, another name) leaves the one
// before in use, and the log says so once.
type certFiles struct {
	cert, key, host string
	log             *slog.Logger

	// mu guards the fields below.
	mu      sync.Mutex
	looked  time.Time
	seen    string // state of the files when they were last read
	refused string // state of the files that could not be served
	now     *tls.Certificate
}

// openCertFiles reads the pair, which must be for host.
func openCertFiles(cert, key, host string, log *slog.Logger) (*certFiles, error) {
	c := &certFiles{cert: cert, key: key, host: host, log: log}
	if err := c.read(c.state()); err != nil {
		return nil, problem("certificate", "Give a PEM certificate with its chain, and its key, for that name.", "%s", sentence(err.Error())+".")
	}
	return c, nil
}

func (c *certFiles) config() *tls.Config {
	return &tls.Config{
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(time.Now()), nil },
	}
}

// current is the newest pair that can be served.
func (c *certFiles) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < lookEvery && !now.Before(c.looked) {
		return c.now
	}
	c.looked = now
	state := c.state()
	if state == c.seen {
		return c.now
	}
	if err := c.read(state); err != nil {
		// Two files are written one after the other: only what stays wrong is told.
		if c.refused == state {
			c.seen = state
			c.log.Warn("the new certificate cannot be served; the one before stays in use", "error", err, "until", c.now.Leaf.NotAfter)
		}
		c.refused = state
		return c.now
	}
	c.log.Info("certificate read again", "until", c.now.Leaf.NotAfter)
	return c.now
}

// state tells versions of the files apart. A file that is missing is a state too.
func (c *certFiles) state() (s string) {
	for _, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			s += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), info.Mode(), " ")
		}
	}
	return s
}

func (c *certFiles) read(state string) error {
	info, err := os.Stat(c.key)
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("%s can be read by everybody on this machine; if nobody did, chmod 640", c.key)
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.cert, err)
	}
	if err := pair.Leaf.VerifyHostname(c.host); err != nil {
		return fmt.Errorf("%s: %w", c.cert, err)
	}
	c.now, c.seen, c.refused = &pair, state, ""
	return nil
}

// leaf is for the watch over its end.
func (c *certFiles) leaf(context.Context) (*x509.Certificate, error) {
	return c.current(time.Now()).Leaf, nil
}
