package storage_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

func swept(t *testing.T, w *storagetest.World, want storage.Swept) {
	t.Helper()
	got, err := w.Store.SweepSessions(context.Background())
	if err != nil || got != want {
		t.Errorf("swept %+v, %v; want %+v", got, err, want)
	}
}

// TestSweepViewings: what has ended goes, more of it than one batch holds, a day
// after its end; what is open stays open.
func TestSweepViewings(t *testing.T) {
	w := open(t)
	ctx, c := context.Background(), w.Open("NF-2041").Store(1<<20, true)
	watch := func() *storage.Viewing {
		v, err := w.Clips.Open(ctx, w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const many = 501
	var slow *storage.Viewing
	for range many {
		slow = watch()
	}
	body, err := slow.ReadRange(ctx, 0, slow.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	w.Clock.Forward(4*time.Hour + time.Minute)
	swept(t, w, storage.Swept{})
	if n, err := io.Copy(io.Discard, body); err != nil || n != slow.Bytes() {
		t.Errorf("a range that was asked for in time: %d bytes, %v", n, err)
	}
	w.Clock.Forward(24 * time.Hour)
	open := watch()
	swept(t, w, storage.Swept{Viewings: many})
	swept(t, w, storage.Swept{})
	if _, err := w.Clips.Viewing(ctx, w.Ana.Caller(), open.ID()); err != nil {
		t.Errorf("a viewing that is open: %v", err)
	}
}

// TestSweepKeepsTheButton: the page of a link that has ended can ask us to stop for
// a season, whatever was swept meanwhile, and is forgotten then.
func TestSweepKeepsTheButton(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	l := f.Share(f.Store(1<<20, true), 5)
	page := opened(t, w, l)
	w.Clock.Forward(89 * 24 * time.Hour)
	swept(t, w, storage.Swept{})
	if err := w.Links.Stop(context.Background(), policies.Caller{}, l.Token, page.Session); err != nil {
		t.Errorf("stop from a page of 89 days: %v", err)
	}
	w.Clock.Forward(2 * 24 * time.Hour)
	swept(t, w, storage.Swept{LinkSessions: 1})
	if err := w.Links.Stop(context.Background(), policies.Caller{}, l.Token, page.Session); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("stop from a page that was forgotten: %v, want ended", err)
	}
}
