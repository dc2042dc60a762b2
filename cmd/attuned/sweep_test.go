package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestSweepingGoesOn: the server removes what ended while it runs, says so once, and
// stops when it is told to, leaving nothing running.
func TestSweepingGoesOn(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	c := w.Open("NF-2041").Store(1<<16, true)
	if _, err := w.Clips.Open(context.Background(), w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse}); err != nil {
		t.Fatal(err)
	}
	said := make(lines, 16)
	stop := sweeping(context.Background(), w.Store, time.Millisecond, slog.New(slog.NewTextHandler(said, nil)))
	w.Clock.Forward(48 * time.Hour)
	if line := <-said; !strings.Contains(line, "viewings=1") {
		t.Errorf("the log says %q, want one viewing", line)
	}
	stop()
	if len(said) > 0 {
		t.Errorf("it also says %q", <-said)
	}
}

// lines takes what is logged, a line at a time.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(bytes.TrimSpace(p))
	return len(p), nil
}
