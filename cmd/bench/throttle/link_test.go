package throttle

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slow is the link of the benchmark: 8 Mbit/s are a million bytes a second.
var slow = Config{BitsPerSecond: 8_000_000, RTT: 60 * time.Millisecond}

// ends are the outer ends of one connection across a link, in memory: inside a
// synctest bubble the clock is exact, so times can be compared and not guessed.
// hangUp closes both and waits until nothing is on its way.
func ends(l *Link) (client, server net.Conn, hangUp func()) {
	client, near := net.Pipe()
	far, server := net.Pipe()
	var joined sync.WaitGroup
	joined.Go(func() { l.Join(near, far) })
	return client, server, func() {
		client.Close()
		server.Close()
		joined.Wait()
	}
}

func TestRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, hangUp := ends(New(slow))
		defer hangUp()
		go io.Copy(server, server) // echoes
		ask := func() time.Duration {
			begun := time.Now()
			client.Write([]byte{1})
			io.ReadFull(client, make([]byte, 1))
			return time.Since(begun)
		}
		const sending = 2 * time.Microsecond // one byte there, one back
		if got, want := ask(), 120*time.Millisecond+sending; got != want {
			t.Errorf("first answer after %v, want %v: handshake and round trip", got, want)
		}
		if got, want := ask(), 60*time.Millisecond+sending; got != want {
			t.Errorf("next answer after %v, want %v", got, want)
		}
	})
}

// fetch sends n bytes from the server of a new connection and returns how long
// they took to arrive.
func fetch(l *Link, n int) time.Duration {
	client, server, hangUp := ends(l)
	defer hangUp()
	begun := time.Now()
	go func() {
		server.Write(make([]byte, n))
		server.Close()
	}()
	io.Copy(io.Discard, client)
	return time.Since(begun)
}

func TestRate(t *testing.T) {
	for _, tt := range []struct {
		name        string
		cfg         Config
		connections int
		bytes       int // by each
		want        time.Duration
	}{
		{"OneConnection", slow, 1, 2_000_000, 2030 * time.Millisecond},
		{"SharedByFour", slow, 4, 500_000, 2030 * time.Millisecond},
		{"LimitPerConnection", Config{8_000_000, 2_000_000, 60 * time.Millisecond}, 1, 500_000, 2030 * time.Millisecond},
		{"LimitPerConnectionAddsUp", Config{8_000_000, 2_000_000, 60 * time.Millisecond}, 3, 500_000, 2030 * time.Millisecond},
		{"LinkIsTheLimitOfMany", Config{8_000_000, 2_000_000, 60 * time.Millisecond}, 8, 500_000, 4030 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := New(tt.cfg)
				var all sync.WaitGroup
				begun := time.Now()
				for range tt.connections {
					all.Go(func() { fetch(l, tt.bytes) })
				}
				all.Wait()
				// A limit of its own has tokens for 20 ms in hand, and what is in the
				// queue of the others goes first by at most one packet each.
				if got := time.Since(begun); got < tt.want-30*time.Millisecond || got > tt.want+20*time.Millisecond {
					t.Errorf("took %v, want %v", got, tt.want)
				}
				if _, down := l.Passed(); down != int64(tt.connections*tt.bytes) {
					t.Errorf("passed %d bytes, want %d", down, tt.connections*tt.bytes)
				}
			})
		})
	}
}

func TestDirectionsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, hangUp := ends(New(slow))
		defer hangUp()
		var all sync.WaitGroup
		begun := time.Now()
		for _, end := range []net.Conn{client, server} {
			all.Go(func() { end.Write(make([]byte, 1_000_000)) })
			all.Go(func() { io.ReadFull(end, make([]byte, 1_000_000)) })
		}
		all.Wait()
		if got, want := time.Since(begun), 1090*time.Millisecond; got != want { // the client's waits for the handshake
			t.Errorf("took %v, want %v", got, want)
		}
	})
}

// A client that reads nothing must not have the whole film sent to it: bytes are
// a result of the benchmark.
func TestUnreadIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(slow)
		_, server, hangUp := ends(l)
		defer hangUp()
		sent := make(chan int, 1)
		go func() {
			n, _ := server.Write(make([]byte, 10_000_000))
			sent <- n
		}()
		time.Sleep(time.Minute)
		l.Drop()
		if got, most := <-sent, (l.window+3)*packetBytes; got > most {
			t.Errorf("took %d bytes from the server, want at most %d", got, most)
		}
	})
}

// Over real sockets: what arrives is what was sent, and no faster than allowed.
// How much slower is the machine's affair.
func TestServe(t *testing.T) {
	film := bytes.Repeat([]byte("one film, seen by one family. "), 10_000)
	backend := listen(t)
	go func() {
		for {
			c, err := backend.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := io.ReadFull(c, make([]byte, 4)); err == nil {
					c.Write(film)
				}
			}()
		}
	}()
	l, front := New(slow), listen(t)
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(front, backend.Addr().String()) }()

	c, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	io.WriteString(c, "film")
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, film) {
		t.Errorf("got %d bytes and %v, want the film", len(got), err)
	}
	if least := 420 * time.Millisecond; time.Since(begun) < least { // 300 kB, handshake, round trip
		t.Errorf("took %v, want at least %v", time.Since(begun), least)
	}
	if up, down := l.Passed(); up != 4 || down != int64(len(film)) {
		t.Errorf("passed %d up and %d down", up, down)
	}
	idle, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	front.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n, err := idle.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes after the link was closed", n)
	}
	c.Close()
	idle.Close()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
