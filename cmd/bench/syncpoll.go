package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
)

// counted is a connection on which requests are made by hand and every byte that
// comes back is counted.
type counted struct {
	net.Conn
	read *bufio.Reader
	came int
}

func dial(base string, from net.IP) (*counted, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 10 * time.Second}
	c, err := d.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return nil, err
	}
	out := &counted{Conn: c}
	out.read = bufio.NewReader(readerFunc(func(p []byte) (int, error) {
		n, err := c.Read(p)
		out.came += n
		return n, err
	}))
	return out, c.SetDeadline(time.Now().Add(10 * time.Minute))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// ask sends a GET and reads the whole answer, unless it is a stream.
func (c *counted) ask(path, accept, authorization string) (status int, err error) {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: attune\r\nAccept: %s\r\nAuthorization: %s\r\n\r\n", path, accept, authorization); err != nil {
		return 0, err
	}
	reply, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return 0, err
	}
	if accept == eventStream && reply.StatusCode == http.StatusOK {
		return reply.StatusCode, nil
	}
	_, err = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode, errors.Join(err, reply.Body.Close())
}

const eventStream = "text/event-stream"

// polled is what one unchanged poll costs.
type polled struct {
	micros float64 // CPU of the server
	bytes  float64 // that came back, head and all
	second float64 // polls, by one caller one after another
}

// poll asks for the same thing over one connection.
func poll(pid int, base, path, authorization string, times int) (p polled, err error) {
	c, err := dial(base, net.IPv4(127, 0, 0, 1))
	if err != nil {
		return p, err
	}
	defer c.Close()
	for range 10 { // the first ones open what a caller like this needs
		if status, err := c.ask(path, "*/*", authorization); err != nil || status >= 300 {
			return p, fmt.Errorf("poll %s: %d: %w", path, status, err)
		}
	}
	c.came = 0
	u, err := timed(pid, func() error {
		for range times {
			if _, err := c.ask(path, "*/*", authorization); err != nil {
				return err
			}
		}
		return nil
	})
	n := float64(times)
	return polled{u.cpu * 1e6 / n, float64(c.came) / n, n / u.wall}, err
}

// pollRows is what a device costs that has everything.
func (b *syncBench) pollRows(ctx context.Context) ([]Row, error) {
	times := 800 // below what the server lets one device ask in a minute
	if b.w.quick {
		times = 200
	}
	got, err := pullOurs(ctx, b.ours, b.pat, "", "")
	if err != nil {
		return nil, err
	}
	var ours, peer, control []polled
	err = inTurn(ctx, b.w.runs,
		func() error {
			who := append(b.team, b.pat)[len(ours)%(len(b.team)+1)] // each device's limit on its own
			cursor := got.cursor
			if who != b.pat {
				theirs, err := pullOurs(ctx, b.ours, who, "", "")
				if err != nil {
					return err
				}
				cursor = theirs.cursor
			}
			token, err := who.Token()
			if err != nil {
				return err
			}
			p, err := poll(b.ours.PID(), b.ours.Base(), "/v1/sync/pull?cursor="+cursor, "Bearer "+token, times)
			ours = append(ours, p)
			return err
		},
		func() error {
			p, err := poll(b.peer.cmd.Process.Pid, b.peer.Base, fmt.Sprintf("%s?perPage=1000&skipTotal=1&sort=seq&filter=seq%%3E%d", recordsPath, b.peer.seq), b.peer.Token, times)
			peer = append(peer, p)
			if err != nil {
				return err
			}
			p, err = poll(b.bare.cmd.Process.Pid, b.bare.base, "/hello", "none", times)
			control = append(control, p)
			return err
		})
	if err != nil {
		return nil, err
	}
	micros := func(p polled) float64 { return p.micros }
	bytes := func(p polled) float64 { return p.bytes }
	second := func(p polled) float64 { return p.second }
	const how = "one connection, nothing new, token known; PocketBase v0.39.0: empty list above the newest record, viewer rule; how fast it answers is not compared, because it waits on purpose before an empty one"
	cpu := compare("unchanged poll: CPU", "µs", eachOf(ours, micros), eachOf(peer, micros), costs).under(how + "; the goal is ours, not the ratio")
	size := compare("unchanged poll: bytes", "B", eachOf(ours, bytes), eachOf(peer, bytes), costs).under(how + ", status line and all; the goal is ours, not the ratio")
	return []Row{
		cpu.absolute(100), size.absolute(150),
		compare("unchanged poll: rate, against bare echo", "/s", eachOf(ours, second), eachOf(control, second), beats).
			under("control: echo answers 204 to anybody"),
	}, nil
}

// absolute is a goal of ours alone, in a row that has a peer.
func (r Row) absolute(goal float64) Row {
	met := r.Ours <= goal
	r.Goal, r.Met = fmt.Sprintf("≤ %v %s", goal, r.Unit), &met
	return r
}

func eachOf[T any](all []T, what func(T) float64) []float64 {
	out := make([]float64, len(all))
	for i, x := range all {
		out[i] = what(x)
	}
	return out
}

// listenerRows is what a connection costs that waits to be told of something.
func (b *syncBench) listenerRows(ctx context.Context) ([]Row, error) {
	listeners := 2000
	if b.w.quick {
		listeners = 200
	}
	token, err := b.pat.Token()
	if err != nil {
		return nil, err
	}
	got, err := pullOurs(ctx, b.ours, b.pat, "", "")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.ours.Stop(), b.ours.Start(ctx), b.peer.again()); err != nil {
		return nil, err
	}
	people := append(b.team, b.pat)  // some have all families, some a part, most none
	for len(people)*12 < listeners { // the server takes sixteen of one person
		p, err := b.ours.Join(ctx, policies.Practitioner)
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	ours, all, err := listen(listeners, b.ours.PID(), b.ours.Base(), func(i int) (string, string, error) {
		who := people[i%len(people)]
		if who == b.pat {
			return "/v1/sync/notice?cursor=" + got.cursor, "Bearer " + token, nil
		}
		token, err := who.Token()
		return "/v1/sync/notice?cursor=", "Bearer " + token, err
	})
	if errors.Is(err, errNoNotice) {
		fmt.Fprintln(os.Stderr, "  no listeners: this server has no notice")
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	peer, _, err := listen(listeners, b.peer.cmd.Process.Pid, b.peer.Base, func(int) (string, string, error) {
		return "/api/realtime", b.peer.Token, nil
	})
	if err != nil {
		return nil, fmt.Errorf("listen to the peer: %w", err)
	}
	how := fmt.Sprintf("%d connections by SSE; resident, less what it was before, over their number; the goal is ours, not the ratio", listeners)
	return []Row{
		compare("listener: memory of one", "KiB", []float64{ours}, []float64{peer}, costs).under(how).absolute(30),
		alone(fmt.Sprintf("memory, with %d listeners", listeners), "MiB", []float64{all}).under("resident, all of it"),
	}, nil
}

var errNoNotice = errors.New("there is no notice at this address")

// listen opens streams, and returns what each costs in KiB, and the whole process in MiB.
func listen(count, pid int, base string, to func(i int) (path, authorization string, err error)) (each, all float64, err error) {
	before, err := residentMiB(pid)
	if err != nil {
		return 0, 0, err
	}
	for i := range count {
		c, err := dial(base, net.IPv4(127, 3, byte(i>>8), byte(i)))
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		path, authorization, err := to(i)
		if err != nil {
			return 0, 0, err
		}
		status, err := c.ask(path, eventStream, authorization)
		if status == http.StatusNotFound {
			return 0, 0, errNoNotice
		}
		if err != nil || status != http.StatusOK {
			return 0, 0, fmt.Errorf("listener %d: status %d: %w", i+1, status, err)
		}
	}
	time.Sleep(time.Second)
	after, err := residentMiB(pid)
	return (after - before) * 1024 / float64(count), after, err
}
