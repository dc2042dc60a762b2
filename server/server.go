package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

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

	// BodyTime is how long a connection may stand still while a body travels, one
	// minute when zero. It is renewed by progress.
	BodyTime time.Duration

	// Requests a minute from one address. A whole team behind one address joins
	// within minutes; a carer needs a handful of tries.
	JoinsPerMinute int // 20 when zero
	OpensPerMinute int // 10 when zero

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
	joins  *limiter
	opens  *limiter
	stops  *limiter

	restrictions *limiter

	probe probe
	echo  *echo.Echo
}

// New builds the server and its routes.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.BodyTime == 0 {
		cfg.BodyTime = time.Minute
	}
	if cfg.JoinsPerMinute == 0 {
		cfg.JoinsPerMinute = 20
	}
	if cfg.OpensPerMinute == 0 {
		cfg.OpensPerMinute = 10
	}
	if cfg.StopsPerMinute == 0 {
		cfg.StopsPerMinute = 30
	}
	if cfg.RestrictionsPerMinute == 0 {
		cfg.RestrictionsPerMinute = 60
	}
	cfg.Contact.Demo = cfg.Demo
	s := &Server{
		cfg:    cfg,
		store:  cfg.Store,
		log:    cfg.Log,
		tokens: newTokens(),
		joins:  newLimiter(cfg.JoinsPerMinute),
		opens:  newLimiter(cfg.OpensPerMinute),
		stops:  newLimiter(cfg.StopsPerMinute),

		restrictions: newLimiter(cfg.RestrictionsPerMinute),
	}
	s.echo = s.routes()
	return s
}

// Handler answers every route.
func (s *Server) Handler() http.Handler { return s.echo }
