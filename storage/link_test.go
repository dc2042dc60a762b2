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
	return w.Links.Open(context.Background(), policies.Caller{Request: "page"}, l.Token, l.Auth(), l.Keyed(pin), policies.Digest{})
}

func status(t *testing.T, w *storagetest.World, who *storagetest.Person, id policies.LinkID) storage.LinkStatus {
	t.Helper()
	st, err := w.Links.Status(context.Background(), who.Caller(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
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
			_, err := w.Links.Open(ctx, policies.Caller{}, l.Token, policies.DigestOf([]byte("guess")), l.Keyed("000000"), policies.Digest{})
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
	t.Run("Reload", func(t *testing.T) {
		l := f.Share(c, 1)
		first, err := openLink(w, l, l.PIN)
		if err != nil {
			t.Fatal(err)
		}
		reload := func(l storagetest.Link, page policies.Digest, pin string) (storage.Opened, error) {
			return w.Links.Open(ctx, policies.Caller{Request: "page"}, l.Token, l.Auth(), l.Keyed(pin), page)
		}
		w.Clock.Forward(9 * time.Minute)
		again, err := reload(l, first.Session, l.PIN)
		if err != nil || again.Session != first.Session {
			t.Errorf("reload after nine minutes: %v, same session %v", err, again.Session == first.Session)
		}
		if _, err := openLink(w, l, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("another browser within the ten minutes: %v, want ended", err)
		}
		if _, err := reload(l, policies.DigestOf([]byte("guess")), l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("a session that was made up: %v, want ended", err)
		}
		var pin *storage.PINError
		if _, err := reload(l, first.Session, "999999"); !errors.As(err, &pin) {
			t.Errorf("reload with a wrong PIN: %v, want a wrong PIN", err)
		}
		other := f.Share(c, 1)
		if _, err := openLink(w, other, other.PIN); err != nil {
			t.Fatal(err)
		}
		if _, err := reload(other, first.Session, other.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("with the session of another link: %v, want ended", err)
		}
		w.Clock.Forward(2 * time.Minute) // a reload adds no time
		if _, err := reload(l, first.Session, l.PIN); !errors.Is(err, storage.ErrLinkEnded) {
			t.Errorf("after eleven minutes: %v, want ended", err)
		}
		if st := status(t, w, w.Sam, l.ID); st.Opened != 1 {
			t.Errorf("counted %d openings, want 1", st.Opened)
		}
	})
	t.Run("AnswerLostOnTheWay", func(t *testing.T) {
		l, other := f.Share(c, 1), f.Share(c, 1)
		drawn := policies.DigestOf([]byte("32 bytes that the page drew"))
		press := func(l storagetest.Link, page policies.Digest) (storage.Opened, error) {
			return w.Links.Open(ctx, policies.Caller{Request: "page"}, l.Token, l.Auth(), l.Keyed(l.PIN), page)
		}
		if o, err := press(l, drawn); err != nil || o.Session != drawn {
			t.Fatalf("first press: %v, the page's own session %v", err, o.Session == drawn)
		}
		if o, err := press(l, drawn); err != nil || o.Session != drawn { // the answer never came
			t.Errorf("second press: %v, the page's own session %v", err, o.Session == drawn)
		}
		if o, err := press(other, drawn); err != nil || o.Session == drawn {
			t.Errorf("a session that is another link's: %v, taken %v", err, o.Session == drawn)
		}
	})
	t.Run("NewPIN", func(t *testing.T) {
		l := f.Share(c, 5)
		if _, err := openLink(w, l, l.PIN); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			w.Clock.Forward(16 * time.Minute)
			openLink(w, l, "999999")
		}
		if st := status(t, w, w.Sam, l.ID); !st.Locked || st.Opened != 1 || st.Opens != 5 {
			t.Fatalf("after twenty wrong PINs: %+v, want locked, opened 1 of 5", st)
		}
		old := l.Keyed("111111") // said now, on a device that syncs later
		late, _ := w.Sam.Say(f.Record, "link.pin", &policies.LinkPIN{Link: l.ID, PIN: policies.DigestOf(old[:])})
		w.Clock.Forward(time.Minute)
		keyed := l.Keyed("135790")
		w.Ana.Does(f.Record, "link.pin", &policies.LinkPIN{Link: l.ID, PIN: policies.DigestOf(keyed[:])})
		if st := status(t, w, w.Ana, l.ID); st.Locked || st.Paused != 0 {
			t.Errorf("with a new PIN: %+v, want neither locked nor paused", st)
		}
		var pin *storage.PINError
		if _, err := openLink(w, l, l.PIN); !errors.As(err, &pin) || pin.Left != 4 {
			t.Errorf("the PIN before: %+v, want wrong, with four tries left", pin)
		}
		if _, err := openLink(w, l, "135790"); err != nil {
			t.Errorf("the new PIN: %v", err)
		}
		w.Clock.Forward(time.Minute)
		openLink(w, l, "999999")
		w.MustAccept(w.Sam.Caller(), late)
		if _, err := openLink(w, l, "111111"); !errors.As(err, &pin) || pin.Left != 3 {
			t.Errorf("an older PIN that came late: %+v, want wrong, and what was counted kept", pin)
		}
	})
	t.Run("Status", func(t *testing.T) {
		l := f.Share(c, 5)
		for range 5 {
			openLink(w, l, "999999")
		}
		if st := status(t, w, w.Ana, l.ID); st.Locked || st.Paused != w.Clock.Micros()+15*60e6 || st.Opened != 0 {
			t.Errorf("after five wrong PINs: %+v, want paused for fifteen minutes", st)
		}
		for name, who := range map[string]*storagetest.Person{"Head": w.Head, "Visitor": w.Visitor, "Officer": w.Officer} {
			if _, err := w.Links.Status(ctx, who.Caller(), l.ID); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want not found", name, err)
			}
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

// Whoever has the PIN before may be why there is another: what they opened with it
// ends. Only their stop is still taken.
func TestLinkPINEndsThePage(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(300_000, true)
	ctx := context.Background()
	l := f.Share(c, 1)
	page, err := openLink(w, l, l.PIN)
	if err != nil {
		t.Fatal(err)
	}
	keyed := l.Keyed("135790")
	w.Ana.Does(f.Record, "link.pin", &policies.LinkPIN{Link: l.ID, PIN: policies.DigestOf(keyed[:])})
	if _, _, err := w.Links.Read(ctx, policies.Caller{}, l.Token, page.Session, 0, 10); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("a page opened with the PIN before: %v, want ended", err)
	}
	_, err = w.Links.Open(ctx, policies.Caller{}, l.Token, l.Auth(), keyed, page.Session)
	if !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("its reload: %v, want another opening, of which there is none", err)
	}
	if err := w.Links.Stop(ctx, policies.Caller{}, l.Token, page.Session); err != nil {
		t.Errorf("Ask us to stop on that page: %v", err)
	}
}
