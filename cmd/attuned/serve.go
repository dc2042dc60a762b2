package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"

	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
)

type serveCmd struct {
	Data         string `required:"" placeholder:"DIR" help:"The server's folder."`
	Addr         string `default:"127.0.0.1:8080" help:"Address to listen on; port 0 chooses a free one."`
	Origin       string `placeholder:"URL" help:"Address that people use, when it is not http://ADDR. Invitations carry it."`
	ContactPhone string `placeholder:"NUMBER" help:"Telephone number on the carer's page."`
	ContactEmail string `placeholder:"ADDRESS" help:"E-mail address on the carer's page."`
	Complaints   string `placeholder:"TEXT" help:"How to complain, on the carer's page: an address or a sentence."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (serveCmd) Help() string {
	return `Example: attuned serve --data /srv/attune --origin https://attune.example.org --contact-phone "0113 496 0000"

With payloads on an S3 server, whose buckets "attuned objects setup" made (the folder then remembers the address):

  attuned serve --data /srv/attune --objects s3://s3.example.org --objects-key-file /etc/attune/s3.key

Prints "serving URL" once it answers. Ends on SIGTERM or Ctrl-C, when the requests in hand are answered.`
}

// Run opens the port before the folder: a second server on the same folder then
// fails on the port, which it can explain, and not on the database's lock.
func (c *serveCmd) Run(ctx context.Context, p *printer) error {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	if err := refuseForeign(f); err != nil {
		return err
	}
	l, err := listen(c.Addr)
	if err != nil {
		return err
	}
	origin, err := c.origin(l.Addr().String())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	store, err := openStore(ctx, f, c.objectsFlags)
	if err != nil {
		l.Close() // nothing was taken yet
		return err
	}
	defer store.Close()
	if err := c.objectsFlags.remember(f); err != nil {
		l.Close()
		return err
	}
	s, err := c.server(f, store, origin, p)
	if err != nil {
		l.Close()
		return err
	}
	if err := p.print(map[string]string{"serving": origin}, "serving %s", origin); err != nil {
		return err
	}
	return server.Serve(ctx, s, l) // closes l
}

func (c *serveCmd) server(f folder, store *opened, origin string, p *printer) (*server.Server, error) {
	carer, err := pages.New()
	if err != nil {
		return nil, err
	}
	if !carer.Built() {
		p.note("The carer's page is not built into this binary; it answers 503. Run: make pages build")
	}
	if f.demo() {
		p.note("DEMO: every key is on this machine. Never use it for a real family.")
	}
	return server.New(server.Config{
		Store: store.Store, Pages: carer, Org: store.org.ID, Origin: origin, Demo: f.demo(),
		Contact: pages.CarerData{Service: store.org.Service, Phone: c.ContactPhone, Email: c.ContactEmail, Complaints: c.Complaints},
		Log:     slog.New(slog.NewTextHandler(p.err, nil)),
	}), nil
}

// origin is what tokens and links are made for: scheme and host, nothing else.
func (c *serveCmd) origin(addr string) (string, error) {
	if c.Origin == "" {
		return "http://" + addr, nil
	}
	u, err := url.Parse(strings.TrimRight(c.Origin, "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", problem("usage", "Give it as https://attune.example.org.", "%q is not the address of a server.", c.Origin).status(exitUsage)
	}
	return u.String(), nil
}
