package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// askAll asks for each kind once a round, in another order each time. Each round
// comes from an address and over a connection of its own, because the server
// slows down who asks often.
func askAll(ctx context.Context, server string, kinds []ending, rounds int) ([][]float64, error) {
	times := make([][]float64, len(kinds))
	var first string
	for round := range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := connect(server, net.IPv4(127, 1, byte(round>>8), byte(round)))
		if err != nil {
			return nil, err
		}
		if _, _, err := c.ask("GET", "/healthz", server, nil); err != nil { // the first answer of a connection is slower
			return nil, errors.Join(err, c.Close())
		}
		for _, k := range rand.Perm(len(kinds)) {
			path, body := kinds[k].tries(round)
			took, said, err := c.ask("POST", path, server, body)
			if err == nil && first == "" {
				first = said
			}
			if err == nil && (said != first || !strings.HasPrefix(said, "404 ")) {
				err = fmt.Errorf("%s answers %q, and another link %q", kinds[k].name, said, first)
			}
			if err != nil {
				return nil, errors.Join(err, c.Close())
			}
			times[k] = append(times[k], float64(took)/float64(time.Microsecond))
		}
		if err := c.Close(); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// caller is a connection on which requests are timed by hand: an HTTP client
// would add its own goroutines to each.
type caller struct {
	net.Conn
	read *bufio.Reader
}

func connect(server string, from net.IP) (*caller, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 10 * time.Second}
	c, err := d.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	return &caller{c, bufio.NewReader(c)}, c.SetDeadline(time.Now().Add(time.Minute))
}

// ask returns the time from sending to the first byte of the answer, and the
// answer's status and body.
func (c *caller) ask(method, path, host string, body []byte) (time.Duration, string, error) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nAttune-Page: 1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, host, len(body), body)
	begun := time.Now()
	if _, err := c.Write(text.Bytes()); err != nil {
		return 0, "", err
	}
	if _, err := c.read.Peek(1); err != nil {
		return 0, "", err
	}
	took := time.Since(begun)
	reply, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return 0, "", err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	return took, fmt.Sprintf("%d %s", reply.StatusCode, said), err
}
