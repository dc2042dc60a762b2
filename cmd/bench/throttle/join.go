package throttle

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	toServer = iota
	toClient
)

// join is one connection across the link.
type join struct{ client, server net.Conn }

func (j *join) close() {
	j.client.Close()
	j.server.Close()
}

// Serve takes connections from listener across the link to the server at target,
// until listener is closed; then it ends those that are left and returns nil.
func (l *Link) Serve(listener net.Listener, target string) error {
	var running sync.WaitGroup
	defer running.Wait()
	defer l.Drop()
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		server, err := net.Dial("tcp", target)
		if err != nil {
			client.Close() // the client sees what it would see of a server that has gone
			continue
		}
		j := l.enter(client, server) // here and not over there: Drop must find it
		running.Go(func() { l.carry(j) })
	}
}

// Join passes what two ends say to each other across the link, and closes both
// when both have finished or either has gone. The handshake is counted: nothing
// of the client's travels during the first round trip.
func (l *Link) Join(client, server net.Conn) { l.carry(l.enter(client, server)) }

func (l *Link) enter(client, server net.Conn) *join {
	j := &join{client, server}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.joins[j] = struct{}{}
	return j
}

func (l *Link) carry(j *join) {
	established := time.Now().Add(l.cfg.RTT)
	var ways sync.WaitGroup
	ways.Go(func() {
		sleepUntil(established)
		l.way(j, j.client, j.server, &l.up, &l.passed[toServer])
	})
	ways.Go(func() { l.way(j, j.server, j.client, &l.down, &l.passed[toClient]) })
	ways.Wait()
	j.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.joins, j)
}

// Drop ends every connection, as a phone does that was put away.
func (l *Link) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for j := range l.joins {
		j.close()
	}
}

// packet is on its way until at. The last of a direction is empty.
type packet struct {
	bytes []byte
	at    time.Time
}

// lateness is what a sender with a limit of its own may be behind without losing
// rate: it waits for its turn, and a busy machine wakes it late.
const lateness = 20 * time.Millisecond

// way carries one direction. Reading goes on until the window is full of packets
// that were not delivered yet, so an end that stops reading stops the other.
func (l *Link) way(j *join, from, to net.Conn, shared *bucket, passed *atomic.Int64) {
	travelling := make(chan packet, l.window)
	var arrival sync.WaitGroup
	defer arrival.Wait()
	arrival.Go(func() { arrive(j, to, travelling, passed) })
	defer close(travelling)

	own := bucket{rate: l.cfg.PerConnection, depth: lateness}
	for {
		b := make([]byte, packetBytes)
		n, err := from.Read(b)
		if n > 0 {
			sleepUntil(own.send(n, time.Now()))
			travelling <- packet{b[:n], shared.send(n, time.Now()).Add(l.cfg.RTT / 2)}
		}
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			travelling <- packet{at: shared.send(0, time.Now()).Add(l.cfg.RTT / 2)}
		} else {
			j.close() // reset, or dropped: nothing more is owed to either
		}
		return
	}
}

// arrive hands packets over when their time has come.
func arrive(j *join, to net.Conn, travelling <-chan packet, passed *atomic.Int64) {
	gone := false
	for p := range travelling {
		if gone {
			continue // drained, so that the reading side ends
		}
		sleepUntil(p.at)
		if len(p.bytes) == 0 {
			finish(to)
			continue
		}
		n, err := to.Write(p.bytes)
		passed.Add(int64(n))
		if gone = err != nil; gone {
			j.close()
		}
	}
}

// finish says that nothing more comes, and leaves the other direction open.
func finish(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		return
	}
	c.Close()
}

func sleepUntil(t time.Time) {
	if wait := time.Until(t); wait > 0 {
		time.Sleep(wait)
	}
}
