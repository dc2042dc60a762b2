package server

import (
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// maxAddresses bounds what a limiter remembers: about 1 MiB.
const maxAddresses = 10_000

// limiter is a token bucket per address. It slows down guessing; it is not what
// guessing is defeated by: an invitation's key and a link's secret have 256 bits,
// and a PIN locks.
type limiter struct {
	perMinute int

	// mu guards the fields below.
	mu      sync.Mutex
	buckets map[netip.Prefix]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, buckets: map[netip.Prefix]bucket{}}
}

// take uses one of the address's tries and says how long to wait if there is
// none left. A whole minute's worth can be used at once.
func (l *limiter) take(addr string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := network(addr)
	b, known := l.buckets[key]
	if !known {
		l.makeRoom(now)
		b = bucket{left: float64(l.perMinute), at: now}
	}
	b = l.refill(b, now)
	if b.left >= 1 {
		b.left--
	} else {
		wait = time.Duration((1 - b.left) * float64(time.Minute) / float64(l.perMinute))
	}
	l.buckets[key] = b
	return wait
}

func (l *limiter) refill(b bucket, now time.Time) bucket {
	if gone := now.Sub(b.at); gone > 0 {
		b.left = min(float64(l.perMinute), b.left+gone.Minutes()*float64(l.perMinute))
		b.at = now
	}
	return b
}

// makeRoom forgets addresses that are owed nothing, and when all are busy, any
// one of them: a flood from everywhere must not shut out a carer.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.buckets) < maxAddresses {
		return
	}
	for key, b := range l.buckets {
		if l.refill(b, now).left >= float64(l.perMinute) {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < maxAddresses {
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

var errTooMany = errors.New("too many requests from this address")

// limit refuses an address that asks too often, before anything is looked up, so
// that the refusal says nothing about what was asked for.
func (s *Server) limit(l *limiter) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if wait := l.take(address(c), s.cfg.Now()); wait > 0 {
				seconds := int(wait/time.Second) + 1
				return &protocolError{status: http.StatusTooManyRequests, code: wire.CodeBusy, after: seconds, cause: errTooMany}
			}
			return next(c)
		}
	}
}
