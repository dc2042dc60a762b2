package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// controlFile is the socket of a home that attune sync --watch has open, by which another
// window of the same person speaks with it. The folder around it is its owner's alone.
const controlFile = "control"

// maxOrder bounds what is read of another window.
const maxOrder = 16 << 10

// order is what another window asks for.
type order struct {
	Do         string `json:"do"`                  // state, status, lock, unlock, home
	Passphrase []byte `json:"passphrase,omitzero"` // to unlock
	JSON       bool   `json:"json,omitzero"`       // of the status
}

// answer is what it gets.
type answer struct {
	Locked bool     `json:"locked"`
	Later  bool     `json:"later,omitzero"` // locked once the command has ended that is at work now
	Text   string   `json:"text,omitzero"`  // as it is printed
	Error  *failure `json:"error,omitzero"`
}

// asking is an order on its way to whoever carries it out.
type asking struct {
	order
	reply chan<- answer
	gone  <-chan struct{} // closed once nobody is at the other end, for "home"
}

// controls listens at the folders of the services that are open. The home's lock is held,
// so that a socket which is there already is of a program that was killed.
func controls(ctx context.Context, dirs []string) (<-chan asking, func(), error) {
	orders := make(chan asking)
	ctx, cancel := context.WithCancel(ctx)
	var open []net.Listener
	var all sync.WaitGroup
	stop := func() {
		cancel()
		for _, l := range open {
			l.Close()
		}
		all.Wait()
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, controlFile)
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			stop()
			return nil, nil, err
		}
		l, err := net.Listen("unix", path)
		if err == nil {
			err = os.Chmod(path, 0o600)
		}
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("listen for other windows: %w", err)
		}
		open = append(open, l)
		all.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() { serveOrder(ctx, conn, orders) })
			}
		})
	}
	return orders, stop, nil
}

func serveOrder(ctx context.Context, conn net.Conn, orders chan<- asking) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	gone := context.AfterFunc(ctx, func() { conn.Close() }) // nobody is left to carry it out
	defer gone()
	var in order
	if json.UnmarshalDecode(jsontext.NewDecoder(io.LimitReader(conn, maxOrder)), &in) != nil {
		return // not ours
	}
	if in.Do == "home" {
		serveHome(ctx, conn, in, orders)
		return
	}
	reply := make(chan answer, 1)
	select {
	case orders <- asking{order: in, reply: reply}:
		if gone() { // from here on it is answered, whatever ends
			_ = json.MarshalWrite(conn, <-reply) // who asked may have gone
		}
	case <-ctx.Done():
	}
}

// errNobody: no attune sync --watch is at this home.
var errNobody = errors.New("nobody is there")

// tell gives an order to whoever has the home open.
func tell(dir string, o order) (a answer, err error) {
	conn, err := net.DialTimeout("unix", filepath.Join(dir, controlFile), time.Second)
	if err != nil {
		return a, errNobody
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if err := json.MarshalWrite(conn, o); err == nil {
		err = conn.(*net.UnixConn).CloseWrite()
	}
	if err == nil {
		err = json.UnmarshalRead(io.LimitReader(conn, 16<<20), &a)
	}
	if err == nil && a.Error != nil {
		a.Error.exit = exitFailed
		return a, a.Error
	}
	return a, err
}

// inUse says what to do about a home that another program has open.
func (g *global) inUse(dir string, err error) error {
	a, asked := tell(dir, order{Do: "state"})
	switch {
	case asked != nil:
		return err
	case a.Locked:
		return problem("locked", "Unlock it with your passphrase: attune unlock", "This device is locked: it sends film that the service waits for, and does nothing else.")
	}
	return problem("home_in_use", "One is enough: any other command can be used beside it.", "attune sync --watch has this device open.")
}
