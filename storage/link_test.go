package storage_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

func openLink(w *storagetest.World, l storagetest.Link, pin string) (storage.Opened, error) {
	return w.Links.Open(context.Background(), policies.Caller{Request: "page"}, l.Token, l.Auth(), l.Keyed(pin))
}

func TestLinkOpen(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(300_000, true)
	ctx := context.Background()

	t.Run("Plays", func(t *testing.T) {
		l := f.Share(c, 5)
		o, err := openLink(w, l, l.PIN)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := l.Secret.Unwrap(o.Sealed, append(o.Link.ID[:], o.Clip.ID[:]...))
		if err != nil || len(plain) == 0 {
			t.Fatalf("sealed content: %v", err)
		}
		body, total, err := w.Links.Read(ctx, policies.Caller{}, l.Token, o.Session, 100, 200)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		body.Close()
		if err != nil || total != int64(len(c.Payload)) || string(got) != string(c.Payload[100:300]) {
			t.Errorf("range: %d bytes of %d, %v", len(got), total, err)
		}
	})
	t.Run("WrongAuthCountsNothing", func(t *testing.T) {
		l := f.Share(c, 5)
		for range 30 {
			_, err := w.Links.Open(ctx, policies.Caller{}, l.Token, policies.DigestOf([]byte("guess")), l.Keyed("000000"))
			if !errors.Is(err, storage.ErrLinkEnded) {
				t.Fatalf("wrong auth: %v, want ended", err)
			}
		}
		if _, err := openLink(w, l, l.PIN); err != nil {
			t.Errorf("after a stranger's guesses: %v", err)
		}
	})
	t.Run("PINPausesThenLocks", func(t *testing.T) {
		l := f.Share(c, 5)
		var pin *storage.PINError
		for i, left := range []int{4, 3, 2, 1, 0} {
			if _, err := openLink(w, l, "999999"); !errors.As(err, &pin) || pin.Left != left || pin.Locked {
				t.Fatalf("try %d: %+v, want %d left", i+1, pin, left)
			}
		}
		if _, err := openLink(w, l, l.PIN); !errors.As(err, &pin) || pin.After == 0 {
			t.Fatalf("right PIN in the pause: %+v, want to wait", pin)
		}
		w.Clock.Forward(16 * time.Minute)
		for range 4 {
			_, err := openLink(w, l, "999999")
			if !errors.As(err, &pin) || pin.Locked {
				t.Fatalf("after the pause: %v", err)
			}
		}
		if _, err := openLink(w, l, "999999"); !errors.As(err, &pin) || !pin.Locked {
			t.Fatalf("tenth wrong PIN: %+v, want locked", pin)
		}
		w.Clock.Forward(24 * time.Hour)
		if _, err := openLink(w, l, l.PIN); !errors.As(err, &pin) || !pin.Locked {
			t.Errorf("right PIN on a locked link: %v, want locked", err)
		}
	})
	t.Run("ContentHasNotArrived", func(t *testing.T) {
		l, body := f.NewLink(c, 1)
		s, id := w.Sam.Say(f.Record, "link.create", body)
		w.MustAccept(w.Sam.Caller(), s)
		if _, err := openLink(w, l, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("without its content: %v, want ended", err)
		}
		logged(t, w, "link.open", policies.SealedRule)
		content, err := l.Secret.Wrap([]byte("{}"), append(id[:], c.ID[:]...))
		if err != nil {
			t.Fatal(err)
		}
		s.Attachments = []storage.Attachment{{Name: "sealed", Body: content}}
		w.Push(w.Sam.Caller(), s)
		if _, err := openLink(w, l, l.PIN); err != nil {
			t.Errorf("its one opening, once the content is there: %v", err)
		}
	})
	t.Run("AThousandAtOnceShareNoOpening", func(t *testing.T) {
		l := f.Share(c, 1)
		var opened atomic.Int64
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if _, err := openLink(w, l, l.PIN); err == nil {
					opened.Add(1)
				} else if !errors.Is(err, storage.ErrLinkEnded) {
					t.Errorf("open: %v", err)
				}
			})
		}
		all.Wait()
		if opened.Load() != 1 {
			t.Errorf("opened %d times, want once", opened.Load())
		}
	})
	t.Run("SessionOfAnotherLink", func(t *testing.T) {
		a, b := f.Share(c, 5), f.Share(c, 5)
		o, err := openLink(w, a, a.PIN)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Links.Read(ctx, policies.Caller{}, b.Token, o.Session, 0, 10); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("session of another link: %v, want ended", err)
		}
	})
	t.Run("UnknownToken", func(t *testing.T) {
		l, _ := f.NewLink(c, 1)
		if _, err := openLink(w, l, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("unknown token: %v, want ended", err)
		}
	})
}
