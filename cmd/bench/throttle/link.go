// Package throttle makes a connection on this machine as slow as a phone's.
//
// It promises a rate in each direction, shared by all connections of a [Link],
// if wanted a lower one for each connection, and a round trip; all are kept by
// arithmetic on the clock and not by sleeping between writes, so a busy machine
// is late with a packet but does not lower the rate. What it passed is counted.
//
// What it leaves out: loss, TCP's slow start, TLS, and the 3 % that packet
// headers take. A connection that is given up leaves on the link what was sent
// already, as real ones do.
//
// Start with [New] and [Link.Serve].
package throttle

import (
	"sync"
	"sync/atomic"
	"time"
)

// Config is the link to be imitated.
type Config struct {
	BitsPerSecond int64         // of payload, in each direction, for all connections together
	PerConnection int64         // the same for each connection; as the link when zero
	RTT           time.Duration // there and back, without waiting in the queue
}

// Link is one shared link. It is safe for concurrent use.
type Link struct {
	cfg      Config
	window   int // packets that one connection may have on the way in one direction
	up, down bucket
	passed   [2]atomic.Int64 // bytes delivered, by direction

	// mu guards the fields below.
	mu    sync.Mutex
	joins map[*join]struct{}
}

// packetBytes is what travels at once: a packet of Ethernet without headers.
const packetBytes = 1460

// New returns an idle link.
func New(cfg Config) *Link {
	// Twice what is on its way in a round trip: one for the way, one for a queue in
	// front of the bottleneck, which is the usual advice for routers.
	inFlight := float64(cfg.BitsPerSecond) / 8 * cfg.RTT.Seconds()
	return &Link{
		cfg:    cfg,
		window: max(8, int(2*inFlight)/packetBytes),
		up:     bucket{rate: cfg.BitsPerSecond},
		down:   bucket{rate: cfg.BitsPerSecond},
		joins:  map[*join]struct{}{},
	}
}

// Passed is how many bytes have been delivered so far: up to the server, down to
// the client.
func (l *Link) Passed() (up, down int64) {
	return l.passed[toServer].Load(), l.passed[toClient].Load()
}

// bucket is a token bucket by its other description: the time from which there is
// a token for the next byte. Without depth it is a wire that sends one byte after
// another; with depth it forgives a sender who came late by that much.
type bucket struct {
	rate  int64         // bits per second; none is no limit
	depth time.Duration // of tokens saved

	// mu guards the field below.
	mu   sync.Mutex
	free time.Time
}

// send takes the tokens for n bytes and returns when the last of them has left.
func (b *bucket) send(n int, now time.Time) time.Time {
	if b.rate <= 0 {
		return now
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if saved := now.Add(-b.depth); b.free.Before(saved) {
		b.free = saved
	}
	b.free = b.free.Add(time.Duration(int64(n) * 8 * int64(time.Second) / b.rate))
	return b.free
}
