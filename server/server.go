package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
)

// Config is what a server needs. Store, Pages, Org and Origin have no default.
type Config struct {
	Store   *storage.Store
	Pages   *pages.Pages
	Org     policies.OrgID   // the authority that tokens must be made for
	Origin  string           // "https://attune.example.org", no slash at the end
	Demo    bool             // marks every reply and page as DEMO
	Contact pages.CarerData  // what the carer page says about the service
	Now     func() time.Time // time.Now when nil
	Log     *slog.Logger     // slog.Default() when nil

	// Protocol is the range of versions that is answered, all that this program knows
	// when zero. A service that retires a version raises Min.
	Protocol wire.ProtocolRange

	// Proxies are the addresses in front of this server whose X-Forwarded-For is
	// believed, and no other's. See ParseProxies.
	Proxies []netip.Prefix

	// BodyTime is how long a connection may stand still while a body travels, one
	// minute when zero. It is renewed by progress.
	BodyTime time.Duration

	// NoticeBeat is how often a device that waits hears that it still does, 25 seconds
	// when zero: proxies and mobile networks forget a silent connection after 30.
	NoticeBeat time.Duration

	// Connections open at once, in all and from one address.
	Connections           int // 3,000 when zero
	ConnectionsPerAddress int // 100 when zero

	// Requests a minute from one address. A whole team behind one address joins
	// within minutes; a carer needs a handful of tries. Link secrets in request
	// lines come from mail gateways, a few at a time.
	JoinsPerMinute int // 20 when zero
	OpensPerMinute int // 10 when zero
	LeaksPerMinute int // 30 when zero

	// Requests a minute of one device: a film of 4 GiB is 512 pieces of 8 MiB, which
	// a fast office line sends in a minute, beside a colleague's film being watched.
	DevicePerMinute int // 1,200 when zero

	// Statements a minute that one device hands in: a device that brings a year's work back
	// after a restore has a few thousand. Each that is refused is a row of the access log,
	// which nobody may fill the disk with.
	StatementsPerMinute int // 30,000 when zero

	// Ranges a minute of one opened page: a player that is dragged to and fro asks
	// five times a second. From one address, all pages of a household or a clinic.
	PagePerMinute   int // 300 when zero
	RangesPerMinute int // 1,200 when zero

	// What stops something has limits of its own, so that nothing else can use them
	// up. A whole team whose devices were revoked sends its withdrawals at once.
	StopsPerMinute        int // 30 when zero
	RestrictionsPerMinute int // 60 when zero
}

// Server answers HTTP for one authority. It is safe for concurrent use.
type Server struct {
	cfg    Config
	store  *storage.Store
	log    *slog.Logger
	tokens *tokens
	packer *wire.Packer
	bodies sync.Pool // of *[]byte, for pages of the feed

	joins, opens, stops *limiter[netip.Prefix]
	restrictions        *limiter[netip.Prefix]
	leaks, households   *limiter[netip.Prefix]
	devices, statements *limiter[policies.DeviceID]
	ranges              *limiter[policies.Digest]

	refused func(address, what string) // counts what strangers are refused

	waiters waiters

	junk   junk
	behind sync.WaitGroup // what is done beside an answer
	probe  probe
	echo   *echo.Echo

	stopping chan struct{} // closed by stop: what only waits for something ends
	stop     func()
}

// New builds the server and its routes.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Protocol == (wire.ProtocolRange{}) {
		cfg.Protocol = wire.ProtocolRange{Min: wire.Oldest, Max: wire.Protocol}
	}
	if cfg.BodyTime == 0 {
		cfg.BodyTime = time.Minute
	}
	if cfg.NoticeBeat == 0 {
		cfg.NoticeBeat = wire.MaxNoticeWait * time.Second
	}
	for _, figure := range []struct {
		set   *int
		usual int
	}{
		{&cfg.Connections, maxConns},
		{&cfg.ConnectionsPerAddress, maxConnsPerAddress},
		{&cfg.JoinsPerMinute, 20},
		{&cfg.OpensPerMinute, 10},
		{&cfg.LeaksPerMinute, 30},
		{&cfg.DevicePerMinute, 1200},
		{&cfg.StatementsPerMinute, 30_000},
		{&cfg.PagePerMinute, 300},
		{&cfg.RangesPerMinute, 1200},
		{&cfg.StopsPerMinute, 30},
		{&cfg.RestrictionsPerMinute, 60},
	} {
		if *figure.set == 0 {
			*figure.set = figure.usual
		}
	}
	cfg.Contact.Demo = cfg.Demo
	refused := func(string, string) {}
	if cfg.Store != nil {
		refused = cfg.Store.Log.CountRefusal
	}
	s := &Server{
		cfg:    cfg,
		store:  cfg.Store,
		log:    cfg.Log,
		tokens: newTokens(),
		packer: wire.NewPacker(),
		bodies: sync.Pool{New: func() any { return new([]byte) }},

		refused: refused,

		stopping: make(chan struct{}),

		joins:        newLimiter[netip.Prefix](cfg.JoinsPerMinute),
		opens:        newLimiter[netip.Prefix](cfg.OpensPerMinute),
		stops:        newLimiter[netip.Prefix](cfg.StopsPerMinute),
		restrictions: newLimiter[netip.Prefix](cfg.RestrictionsPerMinute),
		leaks:        newLimiter[netip.Prefix](cfg.LeaksPerMinute),
		households:   newLimiter[netip.Prefix](cfg.RangesPerMinute),
		devices:      newLimiter[policies.DeviceID](cfg.DevicePerMinute),
		statements:   newLimiter[policies.DeviceID](cfg.StatementsPerMinute),
		ranges:       newLimiter[policies.Digest](cfg.PagePerMinute),
	}
	s.stop = sync.OnceFunc(func() { close(s.stopping); s.waiters.wake() })
	s.echo = s.routes()
	return s
}

// Handler answers every route.
func (s *Server) Handler() http.Handler { return s.echo }
