package server

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Bounds on connections that are open at once, both counted before TLS.
const (
	// maxConns is 2,000 devices that wait for a notice, and a thousand that do something:
	// twenty times what a service of 50 practitioners was seen to need. All of them
	// cost about 150 MiB when they speak TLS.
	maxConns = 3000

	// maxConnsPerAddress is an office behind one address: 50 devices with two
	// connections each. A browser uses six at most.
	maxConnsPerAddress = 100
)

// bounded is a listener that hangs up on connections above its bounds. It does
// not let them wait: whoever waits holds what others need as well, and a health
// check must fail and not hang.
//
// Loopback and proxies in front are bounded in sum only: behind them is everybody.
type bounded struct {
	net.Listener
	s          *Server
	total, per int

	// mu guards the fields below.
	mu     sync.Mutex
	open   int
	by     map[netip.Prefix]int
	warned time.Time
}

func newBounded(l net.Listener, s *Server) *bounded {
	return &bounded{Listener: l, s: s, total: s.cfg.Connections, per: s.cfg.ConnectionsPerAddress, by: map[netip.Prefix]int{}}
}

// Accept implements [net.Listener].
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if key, ok := b.enter(c.RemoteAddr()); ok {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { b.leave(key) })}, nil
		}
		c.Close() // nothing was said yet
	}
}

// enter counts a connection in. The zero key is an address without a bound of its own.
func (b *bounded) enter(addr net.Addr) (key netip.Prefix, ok bool) {
	if ip := hostOf(addr.String()); !ip.IsLoopback() && !b.s.proxied(ip) {
		key = network(ip.String())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= b.total || key.IsValid() && b.by[key] >= b.per {
		b.warn()
		return key, false
	}
	b.open++
	if key.IsValid() {
		b.by[key]++
	}
	return key, true
}

func (b *bounded) leave(key netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if !key.IsValid() {
		return
	}
	if b.by[key]--; b.by[key] == 0 {
		delete(b.by, key)
	}
}

// warn says once a minute that somebody is turned away: a line for each would let
// a flood fill the disk.
func (b *bounded) warn() {
	if now := time.Now(); now.Sub(b.warned) >= time.Minute {
		b.warned = now
		b.s.log.Warn("connections turned away: too many are open", "open", b.open, "most", b.total, "most_per_address", b.per)
	}
}

// counted is a connection that is counted out once, however often it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close implements [net.Conn].
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
