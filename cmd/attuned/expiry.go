package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxSoon is when people are told that a certificate ends, at the latest: half of
// the month in which it should have been renewed has passed, and two weeks are left
// to find out why.
const maxSoon = 14 * 24 * time.Hour

// soon reports whether a certificate should have been renewed by now. One that lasts
// a few days is renewed when a third of them is left.
func soon(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < min(maxSoon, leaf.NotAfter.Sub(leaf.NotBefore)/6)
}

// watch fetches the certificate and then looks at it each minute until ctx ends: a
// certificate that was replaced is noticed without a visitor, and its end is
// warned of once a day.
func watch(ctx context.Context, w certificates, log *slog.Logger) {
	var said string
	var warned time.Time
	for tick := time.NewTicker(time.Minute); ; {
		switch leaf, err := w.leaf(ctx); {
		case errors.Is(err, errResting):
		case err != nil:
			log.Warn("no certificate yet", "error", err)
		default:
			if until := leaf.NotAfter.UTC().Format(time.RFC3339); until != said {
				log.Info("certificate", "until", until)
				said = until
			}
			if soon(leaf, time.Now()) && time.Since(warned) > 24*time.Hour {
				warned = time.Now()
				log.Warn("the certificate "+endsIn(time.Until(leaf.NotAfter)), "until", said)
			}
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// endsIn says it in days.
func endsIn(left time.Duration) string {
	if left <= 0 {
		return "has ended; browsers refuse the service"
	}
	return fmt.Sprintf("ends in %d days, and should have been renewed by now", int(left.Hours()/24))
}

// checkCertificates looks at the certificate that ACME fetched, and at a file that
// was named. A server that never served HTTPS has none.
func checkCertificates(f folder, file string, now time.Time) []finding {
	var found []finding
	if file != "" {
		found = append(found, checkCertificate(file, now))
	}
	names, err := os.ReadDir(f.acme())
	if errors.Is(err, fs.ErrNotExist) {
		return found
	}
	if err != nil {
		return append(found, made("certificate by ACME", err))
	}
	fetched := false
	for _, n := range names {
		if strings.Contains(n.Name(), ".") && !strings.Contains(n.Name(), "+") { // account and proofs have a + in their name
			fetched = true
			found = append(found, checkCertificate(filepath.Join(f.acme(), n.Name()), now))
		}
	}
	if !fetched {
		found = append(found, finding{What: "certificate by ACME", Why: "none was had yet; the server's log says why"})
	}
	return found
}

func checkCertificate(path string, now time.Time) finding {
	leaf, err := firstCertificate(path)
	if err != nil {
		return made("certificate "+path, err)
	}
	x := finding{What: fmt.Sprintf("certificate for %s until %s", strings.Join(leaf.DNSNames, ", "), leaf.NotAfter.UTC().Format(time.DateOnly)), OK: true}
	switch left := leaf.NotAfter.Sub(now); {
	case left <= 0:
		x.OK, x.Why = false, "it "+endsIn(left)
	case soon(leaf, now):
		x.Note = "it " + endsIn(left)
	}
	return x
}

// firstCertificate is the server's own in a file with its chain, and maybe its key.
func firstCertificate(path string) (*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, fmt.Errorf("%s holds no certificate", path)
}
