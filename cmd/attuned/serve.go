package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/attune-vf/attune/server"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage/objects"
)

type serveCmd struct {
	Data string `required:"" placeholder:"DIR" help:"The server's folder."`
	frontFlags
	ContactPhone string `placeholder:"NUMBER" help:"Telephone number on the carer's page."`
	ContactEmail string `placeholder:"ADDRESS" help:"E-mail address on the carer's page."`
	Complaints   string `placeholder:"TEXT" help:"How to complain, on the carer's page: an address or a sentence."`
	Ledger       string `placeholder:"DIR" help:"Keep the restriction ledger in this folder, best on another disk; remembered."`
	Lost         bool   `name:"ledger-lost" help:"Begin a restriction ledger in the place of one that is lost for good."`
	objectsFlags
}

// Help is what --help shows below the flags.
func (serveCmd) Help() string {
	return `Example: attuned serve --data /srv/attune --domain attune.example.org --contact-phone "0113 496 0000"

fetches a certificate and renews it; ports 443 and 80 must reach this machine. With a certificate of your own:

  attuned serve --data /srv/attune --origin https://attune.example.org --tls-cert /etc/attune/cert.pem --tls-key /etc/attune/key.pem

Behind a proxy on this machine that adds HTTPS and writes X-Forwarded-For:

  attuned serve --data /srv/attune --origin https://attune.example.org --behind-proxy 127.0.0.1

With payloads on an S3 server, whose buckets "attuned objects setup" made (the folder then remembers the address):

  attuned serve --data /srv/attune --objects s3://s3.example.org --objects-key-file /etc/attune/s3.key

The restriction ledger holds what must outlive a restore. When its disk is not mounted the server does not start; --ledger-lost
gives it up, and begins one with what the database holds: keep no backup from before.

Prints "serving URL" once it answers. Ends on SIGTERM or Ctrl-C, when the requests in hand are answered.`
}

// Run opens the ports before the folder: a second server on the same folder mostly
// fails on the port, and is told which process has it.
func (c *serveCmd) Run(ctx context.Context, p *printer) (err error) {
	f := folder(c.Data)
	if err := f.founded(); err != nil {
		return err
	}
	if err := errors.Join(f.owned(os.Geteuid()), refuseForeign(f)); err != nil {
		return err
	}
	way, err := c.front()
	if err != nil {
		return err
	}
	l, err := listen(way.addr, "--addr")
	if err != nil {
		return err
	}
	defer closed(l, &err)
	way.origin = cmp.Or(way.origin, way.scheme()+l.Addr().String())
	var plain net.Listener
	if way.httpAddr != "" {
		if plain, err = listen(way.httpAddr, "--http-addr"); err != nil {
			return err
		}
		defer closed(plain, &err)
	}
	log := slog.New(slog.NewTextHandler(p.err, nil))
	certs, err := c.certificates(f, way.origin, log)
	if err != nil {
		return err
	}
	release, err := f.alone()
	if err != nil {
		return err
	}
	defer release()
	if err := f.keepLedger(c.Ledger); err != nil {
		return err
	}
	if c.Lost {
		if err := beginLedger(ctx, f, p); err != nil {
			return err
		}
	}
	store, err := openStore(ctx, f, c.objectsFlags)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := c.objectsFlags.remember(f); err != nil {
		return err
	}
	defer sweeping(ctx, store.Store, sweepEvery, log)()
	defer expiring(ctx, store.Store, expireEvery, log)()
	if d, own := store.objects.(*objects.Dir); own {
		defer holding(ctx, store.Store, d, holdEvery, log)()
		defer disposing(ctx, store.Store, d, sweepEvery, log)()
	}
	defer telling(ctx, store.Store, tellEvery, log)()
	s, err := c.server(f, store, way, log, p)
	if err != nil {
		return err
	}
	if err := p.print(map[string]string{"serving": way.origin}, "serving %s", way.origin); err != nil {
		return err
	}
	return serve(ctx, s, way, certs, l, plain, log)
}

// closed closes a listener that Run gave up before it was served. A served one is
// closed already, and says so.
func closed(l net.Listener, err *error) {
	if e := l.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
		*err = errors.Join(*err, e)
	}
}

// serve runs all ports until ctx ends or one of them fails.
func serve(ctx context.Context, s *server.Server, way front, certs certificates, l, plain net.Listener, log *slog.Logger) error {
	if certs == nil {
		return server.Serve(ctx, s, l)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go watch(ctx, certs, log) // not waited for: fetching a certificate can take minutes, and loses nothing
	if plain == nil {
		return server.ServeTLS(ctx, s, l, certs.config())
	}
	var prove server.Prove
	if a, ok := certs.(*acmeCerts); ok {
		prove = a.prove
	}
	redirecting := make(chan error, 1)
	go func() {
		defer stop()
		redirecting <- server.ServeRedirect(ctx, s, plain, way.origin, prove)
	}()
	err := server.ServeTLS(ctx, s, l, certs.config())
	stop()
	return errors.Join(err, <-redirecting)
}

func (c *serveCmd) server(f folder, store *opened, way front, log *slog.Logger, p *printer) (*server.Server, error) {
	carer, err := pages.New()
	if err != nil {
		return nil, err
	}
	if !carer.Built() {
		p.note("The carer's page is not built into this binary; it answers 503. Run: make pages build")
	}
	now, err := f.clock()
	if err != nil {
		return nil, err
	}
	if f.demo() {
		p.note("DEMO: every key is on this machine. Never use it for a real family.")
	}
	if !way.https && strings.HasPrefix(way.origin, "https://") && len(way.proxies) == 0 {
		p.note("People use %s, and this port has no HTTPS: a proxy adds it. Name it (--behind-proxy 127.0.0.1), or all carers together count as one address.", way.origin)
	}
	return server.New(server.Config{
		Store: store.Store, Pages: carer, Org: store.org.ID, Origin: way.origin, Proxies: way.proxies, Demo: f.demo(), Now: now,
		Contact: pages.CarerData{Service: store.org.Service, Phone: c.ContactPhone, Email: c.ContactEmail, Complaints: c.Complaints},
		Log:     log,
	}), nil
}
