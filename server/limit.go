package server

import (
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// maxBuckets bounds what a limiter remembers: about 1 MiB.
const maxBuckets = 10_000

// limiter is a token bucket per K: an address, a device, an opened page. It slows
// down guessing and greed; it is not what guessing is defeated by: an invitation's
// key and a link's secret have 256 bits, and a PIN locks.
type limiter[K comparable] struct {
	perMinute int

	// mu guards the fields below.
	mu      sync.Mutex
	buckets map[K]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter[K comparable](perMinute int) *limiter[K] {
	return &limiter[K]{perMinute: perMinute, buckets: map[K]bucket{}}
}

// take uses one of the key's tries and says how long to wait if there is none
// left. A whole minute's worth can be used at once.
func (l *limiter[K]) take(key K, now time.Time) (wait time.Duration) {
	return l.takeMany(key, 1, now)
}

// takeMany uses n of the key's tries, or a whole minute's worth where that is less: what
// may be asked for at all is for others to bound.
func (l *limiter[K]) takeMany(key K, n int, now time.Time) (wait time.Duration) {
	most := float64(min(n, l.perMinute))
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	if !known {
		l.makeRoom(now)
		b = bucket{left: float64(l.perMinute), at: now}
	}
	b = l.refill(b, now)
	if b.left >= most {
		b.left -= most
	} else {
		wait = time.Duration((most - b.left) * float64(time.Minute) / float64(l.perMinute))
	}
	l.buckets[key] = b
	return wait
}

func (l *limiter[K]) refill(b bucket, now time.Time) bucket {
	if gone := now.Sub(b.at); gone > 0 {
		b.left = min(float64(l.perMinute), b.left+gone.Minutes()*float64(l.perMinute))
		b.at = now
	}
	return b
}

// makeRoom forgets keys that are owed nothing, and when all are busy, any one of
// them: a flood from everywhere must not shut out a carer.
func (l *limiter[K]) makeRoom(now time.Time) {
	if len(l.buckets) < maxBuckets {
		return
	}
	for key, b := range l.buckets {
		if l.refill(b, now).left >= float64(l.perMinute) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxBuckets {
			return
		}
		delete(l.buckets, key)
	}
}

// network is what counts as one address: a household or office has a whole IPv6
// /64. Whatever cannot be read shares one bucket.
func network(addr string) netip.Prefix {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // fails only for more bits than the address has
	return p
}

var errTooMany = errors.New("too many requests")

// limit refuses an address that asks too often, before anything is looked up, so
// that the refusal says nothing about what was asked for.
func (s *Server) limit(l *limiter[netip.Prefix]) echo.MiddlewareFunc {
	return limitBy(s, l, func(c echo.Context) (netip.Prefix, bool) { return network(address(c)), true })
}

// limitDevice refuses a device that asks too often: one that was stolen, or whose
// program went round in circles, must not slow down the others. It stands behind
// the bearer token, and stopping something has an address and a limit of its own.
func (s *Server) limitDevice(l *limiter[policies.DeviceID]) echo.MiddlewareFunc {
	return limitBy(s, l, func(c echo.Context) (policies.DeviceID, bool) { return caller(c).Device, true })
}

// limitPage refuses an opened page that asks too often. The limit is the page's and
// not the link's, because whoever knows a link's address could use up the link's.
// What names no session is left to the handler.
func (s *Server) limitPage(l *limiter[policies.Digest]) echo.MiddlewareFunc {
	return limitBy(s, l, func(c echo.Context) (policies.Digest, bool) {
		session, err := linkSession(c)
		return session, err == nil
	})
}

// limitBy is a limit by whatever key finds in a request.
func limitBy[K comparable](s *Server, l *limiter[K], key func(echo.Context) (K, bool)) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			k, ok := key(c)
			if !ok {
				return next(c)
			}
			if wait := l.take(k, s.cfg.Now()); wait > 0 {
				return tooMany(wait)
			}
			return next(c)
		}
	}
}

func tooMany(wait time.Duration) error {
	return &protocolError{status: http.StatusTooManyRequests, code: wire.CodeBusy, after: int(wait/time.Second) + 1, cause: errTooMany}
}
