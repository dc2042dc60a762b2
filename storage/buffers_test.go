package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// uploading is an upload that has been announced.
type uploading struct {
	storagetest.Clip
	up  storage.Upload
	who policies.Caller
}

// announced makes n uploads of 3 MiB, one in each family.
func announced(t *testing.T, w *storagetest.World, n int) []uploading {
	t.Helper()
	var out []uploading
	for i := range n {
		f := w.Open("NF-" + string(rune('A'+i)))
		c := f.Add(3<<20, true)
		who := w.Sam.Caller()
		up, err := w.Uploads.Create(context.Background(), who, c.ID, int64(len(c.Payload)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, uploading{c, up, who})
	}
	return out
}

// stalls is a body that brings its first bytes at once, says so, and then waits.
type stalls struct {
	first  io.Reader
	rest   io.Reader
	waits  chan<- struct{}
	goOn   <-chan struct{}
	inform sync.Once
}

func (s *stalls) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); n > 0 || err == nil {
		return n, nil
	}
	s.inform.Do(func() { s.waits <- struct{}{} })
	<-s.goOn
	return s.rest.Read(p)
}

func (u uploading) append(w *storagetest.World, body io.Reader) (int64, error) {
	return w.Uploads.Append(context.Background(), u.who, u.up.ID, 0, body)
}

// arrived checks that a payload is whole at the server.
func (u uploading) arrived(t *testing.T, w *storagetest.World) {
	t.Helper()
	up, err := w.Uploads.Status(context.Background(), u.who, u.up.ID)
	if err != nil || !up.Stored {
		t.Errorf("upload %s: %+v, %v; want stored", u.up.ID.Short(), up, err)
	}
}

func small(t *testing.T, buffers int) *storagetest.World {
	t.Helper()
	w := open(t)
	w.Config.UploadBuffers, w.Config.UploadWait = buffers, 300*time.Millisecond
	w.Reopen()
	return w
}

// Memory is what bounds uploads: whoever finds all of it in use, or their share, is
// told to come back, loses nothing, and is let in as soon as some is free.
func TestUploadBuffersAreBounded(t *testing.T) {
	w := small(t, 3) // of which one device has two
	all := announced(t, w, 3)
	waits, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 2)
	for _, u := range all[:2] {
		go func() {
			_, err := u.append(w, &stalls{first: bytes.NewReader(u.Payload[:2<<20]), rest: bytes.NewReader(u.Payload[2<<20:]), waits: waits, goOn: goOn})
			ended <- err
		}()
	}
	<-waits
	<-waits
	third := all[2]
	if done, err := third.append(w, bytes.NewReader(third.Payload)); !errors.Is(err, storage.ErrBusy) || done != 0 {
		t.Errorf("the third upload = %d, %v; want busy", done, err)
	}
	if up, err := w.Uploads.Status(context.Background(), third.who, third.up.ID); err != nil || up.Offset != 0 {
		t.Errorf("it stands at %+v, %v", up, err)
	}
	close(goOn)
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("an upload that stalled: %v", err)
		}
	}
	if _, err := third.append(w, bytes.NewReader(third.Payload)); err != nil {
		t.Errorf("the third, once there is room: %v", err)
	}
	for _, u := range all {
		u.arrived(t, w)
	}
}

// A phone at the edge of coverage holds no part's buffer while it sends, keeps what
// it delivered, and arrives.
func TestSlowUploadHoldsNoBuffer(t *testing.T) {
	w := small(t, 1)
	all := announced(t, w, 2)
	slow, fast := all[0], all[1]
	waits, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := slow.append(w, &stalls{first: bytes.NewReader(slow.Payload[:100<<10]), rest: bytes.NewReader(slow.Payload[100<<10:]), waits: waits, goOn: goOn})
		ended <- err
	}()
	<-waits
	if _, err := fast.append(w, bytes.NewReader(fast.Payload)); err != nil {
		t.Errorf("a fast upload beside a slow one: %v", err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	slow.arrived(t, w)
	fast.arrived(t, w)
}

// paused is a body that takes its time before each piece.
type paused struct {
	io.Reader
	pause time.Duration
}

func (p paused) Read(b []byte) (int, error) {
	time.Sleep(p.pause)
	return p.Reader.Read(b[:min(len(b), 200<<10)])
}

// A sender who is always slow makes progress durable, a mebibyte at a time.
func TestSlowUploadIsDurableOnItsWay(t *testing.T) {
	w := small(t, 1)
	u := announced(t, w, 1)[0]
	cut := errors.New("the train went into a tunnel")
	body := io.MultiReader(bytes.NewReader(u.Payload[:1_300_000]), &failing{cut})
	done, err := u.append(w, paused{body, 1100 * time.Millisecond})
	if !errors.Is(err, cut) || done != 1_300_000 {
		t.Fatalf("append = %d, %v; want all that came, 1,300,000", done, err)
	}
	rest := u.Payload[done:]
	if _, err := w.Uploads.Append(context.Background(), u.who, u.up.ID, done, bytes.NewReader(rest)); err != nil {
		t.Fatal(err)
	}
	u.arrived(t, w)
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
