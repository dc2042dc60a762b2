package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailFlags say by which server e-mail goes, and to whom. A password never stands on the
// command line, which every user of the machine can read.
type mailFlags struct {
	MailHost         string   `placeholder:"HOST" help:"Send e-mail by this SMTP server."`
	MailPort         int      `placeholder:"PORT" help:"Its port. Default: 587, with --mail-tls implicit 465."`
	MailTLS          string   `name:"mail-tls" enum:"starttls,implicit,none" default:"starttls" help:"starttls: nothing is sent to a server that does not offer it; implicit; none: only to a server on this machine."`
	MailCA           string   `name:"mail-ca" type:"existingfile" placeholder:"FILE" help:"Certificate authority of the SMTP server, as PEM. Default: those of this machine."`
	MailFrom         string   `placeholder:"ADDRESS" help:"The sender."`
	MailTo           []string `placeholder:"ADDRESS" help:"Who gets it: the IG officer's mailbox, at best of another organisation as well."`
	MailUser         string   `placeholder:"NAME" help:"User name at the SMTP server, if it wants one."`
	MailPasswordFile string   `type:"existingfile" placeholder:"FILE" help:"File with the password, which nobody else may read."`
}

// mailTime bounds one e-mail, so that a server that never answers holds up no anchor.
const mailTime = 30 * time.Second

// letter is an e-mail: plain text that names nobody. It travels and lies in the clear.
type letter struct{ subject, text string }

// postman sends letters.
type postman struct {
	host    string
	from    string
	to      []string
	options []mail.Option
}

func wrongMail(next, message string, args ...any) error {
	return problem("usage", next, message, args...).status(exitUsage)
}

// postman is nil where no e-mail is asked for.
func (m mailFlags) postman() (*postman, error) {
	if m.MailHost == "" {
		if m.MailFrom != "" || len(m.MailTo) > 0 || m.MailUser != "" {
			return nil, wrongMail("Name the SMTP server with --mail-host.", "There is no server to send e-mail by.")
		}
		return nil, nil
	}
	if len(m.MailTo) == 0 {
		return nil, wrongMail("Name an address with --mail-to.", "The e-mail would go to nobody.")
	}
	for _, a := range append([]string{m.MailFrom}, m.MailTo...) {
		if got, err := netmail.ParseAddress(a); err != nil || got.Address != a {
			return nil, wrongMail("Give it as ig@example.org.", "%q is not an e-mail address.", a)
		}
	}
	p := &postman{host: m.MailHost, from: m.MailFrom, to: m.MailTo}
	return p, m.connect(p)
}

// connect says how the server is spoken to.
func (m mailFlags) connect(p *postman) error {
	port := m.MailPort
	secure := &tls.Config{ServerName: m.MailHost, MinVersion: tls.VersionTLS12}
	if m.MailCA != "" {
		pem, err := os.ReadFile(m.MailCA)
		if err != nil {
			return fmt.Errorf("read certificate authority: %w", err)
		}
		if secure.RootCAs = x509.NewCertPool(); !secure.RootCAs.AppendCertsFromPEM(pem) {
			return wrongMail("Give it as PEM.", "%s holds no certificate.", m.MailCA)
		}
	}
	p.options = []mail.Option{mail.WithTimeout(mailTime), mail.WithTLSConfig(secure)}
	switch m.MailTLS {
	case "implicit":
		p.options = append(p.options, mail.WithSSL())
		if port == 0 {
			port = mail.DefaultPortSSL
		}
	case "none":
		if ip := net.ParseIP(m.MailHost); m.MailHost != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return wrongMail("Leave --mail-tls out.", "E-mail without TLS is for a server on this machine only.")
		}
		p.options = append(p.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		p.options = append(p.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if port == 0 {
		port = mail.DefaultPortTLS
	}
	p.options = append(p.options, mail.WithPort(port))
	return m.login(p)
}

func (m mailFlags) login(p *postman) error {
	if m.MailUser == "" {
		return nil
	}
	if m.MailPasswordFile == "" || m.MailTLS == "none" {
		return wrongMail("Name a file with --mail-password-file, and leave --mail-tls none out.", "A user name needs a password, and a password TLS.")
	}
	info, err := os.Stat(m.MailPasswordFile)
	if err != nil {
		return fmt.Errorf("read password: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return problem("key_readable", "Change it, if others could have read it; then: chmod 400 "+m.MailPasswordFile, "%s can be read by others.", m.MailPasswordFile)
	}
	b, err := os.ReadFile(m.MailPasswordFile)
	if err != nil {
		return fmt.Errorf("read password: %w", err)
	}
	p.options = append(p.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.MailUser), mail.WithPassword(strings.TrimRight(string(b), "\r\n")))
	return nil
}

// send gives one letter to the SMTP server, for one address: one that is refused must not
// keep it from the others. Accepted by the server is not delivered; a daily letter that
// does not come is itself a sign.
func (p *postman) send(ctx context.Context, to string, l letter) error {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent()) // which version runs here is nobody's business
	if err := m.From(p.from); err != nil {
		return fmt.Errorf("e-mail: %w", err)
	}
	if err := m.To(to); err != nil {
		return fmt.Errorf("e-mail: %w", err)
	}
	m.Subject(l.subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that no absence notice comes back
	m.SetBodyString(mail.TypeTextPlain, l.text)
	c, err := mail.NewClient(p.host, p.options...)
	if err != nil {
		return fmt.Errorf("e-mail by %s: %w", p.host, err)
	}
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("e-mail to %s by %s: %w", to, p.host, err)
	}
	return nil
}
