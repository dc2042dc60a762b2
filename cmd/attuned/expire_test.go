package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/storage/storagetest"
)

// TestExpiringGoesOn: dates pass while the server runs, and nobody does anything.
func TestExpiringGoesOn(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	said := make(lines, 16)
	stop := expiring(context.Background(), w.Store, time.Millisecond, slog.New(slog.NewTextHandler(said, nil)))
	w.Clock.Forward(32 * 24 * time.Hour)
	if line := <-said; !strings.Contains(line, "endings=1") {
		t.Errorf("the log says %q, want one end", line)
	}
	stop()
	if w.Due() || len(said) > 0 {
		t.Errorf("still due: %v; it also says %d lines", w.Due(), len(said))
	}
}
