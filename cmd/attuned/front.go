package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/attune-vf/attune/server"
)

// frontFlags say how people reach the server: by itself with HTTPS, or behind a
// proxy that adds it.
type frontFlags struct {
	Addr   string `placeholder:"ADDR" help:"Address to listen on; port 0 chooses a free one. Without HTTPS 127.0.0.1:8080, with it :443."`
	Origin string `placeholder:"URL" help:"Address that people use, when it is not the one listened on. Invitations and links carry it."`

	Domain        string `placeholder:"NAME" help:"Serve HTTPS under this name, with a certificate from Let's Encrypt (ACME)."`
	ACMEEmail     string `name:"acme-email" placeholder:"ADDRESS" help:"With --domain: where the certificate authority writes to."`
	ACMEDirectory string `name:"acme-directory" placeholder:"URL" help:"With --domain: another certificate authority than Let's Encrypt."`
	ACMECA        string `name:"acme-ca" type:"existingfile" placeholder:"FILE" help:"With --acme-directory: trust this certificate (PEM) of its server."`
	HTTPAddr      string `name:"http-addr" placeholder:"ADDR" help:"With HTTPS: answer plain HTTP here, only to prove the name and to send people to HTTPS. With --domain :80; \"none\" for not at all."`

	TLSCert string `name:"tls-cert" type:"existingfile" placeholder:"FILE" help:"Serve HTTPS with this certificate and its chain (PEM). Read again when it changes."`
	TLSKey  string `name:"tls-key" type:"existingfile" placeholder:"FILE" help:"The key of --tls-cert (PEM)."`

	BehindProxy []string `sep:"," placeholder:"ADDR,…" help:"Addresses or networks of the proxy that adds HTTPS. Only what it writes last in X-Forwarded-For is believed."`
}

// front is what the flags come to.
type front struct {
	addr     string
	origin   string // "" until the port is known
	proxies  []netip.Prefix
	httpAddr string // "" for none
	https    bool
}

// front refuses what would let people send PINs and links in clear, or print them.
func (c *frontFlags) front() (f front, err error) {
	f.https = c.Domain != "" || c.TLSCert != "" || c.TLSKey != ""
	f.addr, f.httpAddr = cmp.Or(c.Addr, "127.0.0.1:8080"), c.HTTPAddr
	if f.https {
		f.addr = cmp.Or(c.Addr, ":443")
	}
	if _, _, err := net.SplitHostPort(f.addr); err != nil {
		return f, problem("usage", "Give it as 127.0.0.1:8080.", "The address %s has no port, or is not one.", f.addr).status(exitUsage)
	}
	if c.Origin != "" {
		if f.origin, err = checkOrigin(c.Origin); err != nil {
			return f, err
		}
	}
	if f.proxies, err = server.ParseProxies(c.BehindProxy); err != nil {
		return f, problem("usage", "Give it as --behind-proxy 127.0.0.1 or 172.18.0.0/16.", "%s.", sentence(err.Error())).status(exitUsage)
	}
	if err := c.together(); err != nil {
		return f, err
	}
	switch {
	case c.Domain != "":
		return c.byDomain(f)
	case c.TLSCert != "":
		return c.byFiles(f)
	}
	return c.plain(f)
}

// together refuses flags that mean nothing beside, or without, one another: a
// forgotten --domain must not come out as a service in clear.
func (c *frontFlags) together() error {
	usage := func(next, what string) error { return problem("usage", next, "%s", what).status(exitUsage) }
	switch {
	case c.Domain != "" && (c.TLSCert != "" || c.TLSKey != ""):
		return usage("Choose one.", "--domain fetches a certificate, --tls-cert brings one.")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return usage("Give both.", "--tls-cert and --tls-key belong together.")
	case c.Domain == "" && (c.ACMEEmail != "" || c.ACMEDirectory != "" || c.ACMECA != ""):
		return usage("Add --domain NAME.", "--acme-… says how to get a certificate for --domain, which is missing.")
	case c.Domain == "" && c.TLSCert == "" && c.HTTPAddr != "":
		return usage("Add --domain, or --tls-cert and --tls-key.", "--http-addr sends people on to HTTPS, which is not served.")
	case c.ACMEDirectory != "" && !strings.HasPrefix(c.ACMEDirectory, "https://"):
		return usage("Give it as https://…/directory.", "A certificate authority is asked by HTTPS.")
	}
	return nil
}

// hostName is a name that a certificate can be had for.
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)

func (c *frontFlags) byDomain(f front) (front, error) {
	if len(c.Domain) > 253 || !hostName.MatchString(c.Domain) {
		return f, problem("usage", "Give it as attune.example.org, in small letters.", "%q is not a name that a certificate can be had for.", c.Domain).status(exitUsage)
	}
	f.origin = cmp.Or(f.origin, "https://"+c.Domain)
	if u, err := url.Parse(f.origin); err != nil || u.Scheme != "https" || u.Hostname() != c.Domain {
		return f, problem("usage", "Leave --origin away, or give it as https://"+c.Domain+".",
			"The certificate will be for %s, and people are told %s.", c.Domain, f.origin).status(exitUsage)
	}
	switch f.httpAddr {
	case "":
		f.httpAddr = ":80"
	case "none":
		f.httpAddr = "" // the name is then proved on port 443 alone
	}
	return f, nil
}

func (c *frontFlags) byFiles(f front) (front, error) {
	if f.httpAddr == "none" {
		f.httpAddr = ""
	}
	if f.origin == "" && !loopback(f.addr) {
		return f, problem("usage", "Add --origin https://NAME.", "The name that people use is missing.").status(exitUsage)
	}
	if f.origin != "" && !strings.HasPrefix(f.origin, "https://") {
		return f, problem("usage", "Give --origin as https://….", "With --tls-cert the server speaks HTTPS, and people are told %s.", f.origin).status(exitUsage)
	}
	return f, nil
}

// plain is HTTP: on this machine, or for a proxy that was named.
func (c *frontFlags) plain(f front) (front, error) {
	if !loopback(f.addr) && len(f.proxies) == 0 {
		return f, problem("insecure_address", "Add --domain NAME for HTTPS; or, behind a proxy that adds it, --behind-proxy ADDR.",
			"On %s people would send links and PINs in clear.", f.addr).status(exitUsage)
	}
	if !loopback(f.addr) && f.origin == "" {
		return f, problem("usage", "Add --origin https://NAME.", "The name that people use is missing.").status(exitUsage)
	}
	return f, nil
}

// scheme is that of the port.
func (f front) scheme() string {
	if f.https {
		return "https://"
	}
	return "http://"
}

// loopback reports whether an address to listen on is this machine's alone.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && localHost(host)
}

func localHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// hostPort is a name or an address as it stands in an origin.
var hostPort = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`)

// checkOrigin reads the address that people use: scheme and host, nothing else,
// and HTTPS unless it is this machine. Invitations and links carry it; in clear,
// whoever is on the way could read them or change the page.
func checkOrigin(text string) (string, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || !hostPort.MatchString(u.Host) || u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		(u.Scheme != "https" && u.Scheme != "http") {
		return "", problem("usage", "Give it as https://attune.example.org.", "%q is not the address of a server.", text).status(exitUsage)
	}
	if u.Scheme == "http" && !localHost(u.Hostname()) {
		return "", problem("insecure_address", "Give it as https://"+u.Host+", and see \"attuned serve --help\" for how to serve HTTPS.",
			"%s has no HTTPS: invitations and links to it could be read on the way.", u).status(exitUsage)
	}
	return u.String(), nil
}

// certificates is where a server's certificate comes from.
type certificates interface {
	// config is for the port; each handshake gets the newest certificate there is.
	config() *tls.Config

	// leaf is that certificate now, fetched if need be.
	leaf(context.Context) (*x509.Certificate, error)
}

// certificates opens those that the flags name, for people who use origin; nil
// without HTTPS.
func (c *frontFlags) certificates(f folder, origin string, log *slog.Logger) (certificates, error) {
	switch {
	case c.Domain != "":
		return openACME(f, c)
	case c.TLSCert != "":
		u, err := url.Parse(origin)
		if err != nil {
			return nil, err
		}
		return openCertFiles(c.TLSCert, c.TLSKey, u.Hostname(), log)
	}
	return nil, nil
}
