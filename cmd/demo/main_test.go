package main

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

// TestPortNumber: what is no port is refused before anything is founded.
func TestPortNumber(t *testing.T) {
	for text, want := range map[string]int{"8080": 8080, "1": 1, "65535": 65535, "abc": 0, "": 0, "0": 0, "-1": 0, "65536": 0} {
		if got, err := portNumber(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("portNumber(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

// TestCheckCutOff: a check that did not come to its end is no success.
func TestCheckCutOff(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // where it leaves what it had begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got := status(ctx, settings{bin: t.TempDir(), check: true}); got != 1 {
		t.Errorf("exit status %d, want 1", got)
	}
}

// TestWithParent: it ends when the parent changes, as when make was killed and
// somebody else has taken us over, and not before.
func TestWithParent(t *testing.T) {
	var parent atomic.Int64
	parent.Store(42)
	ctx := withParent(context.Background(), func() int { return int(parent.Load()) }, time.Millisecond)
	select {
	case <-ctx.Done():
		t.Fatal("ended while the parent was there")
	case <-time.After(50 * time.Millisecond):
	}
	parent.Store(1)
	<-ctx.Done()
}

// Whoever gave a film that does not fit is told in sentences, not in JSON.
func TestRefusal(t *testing.T) {
	const said = `{"code":"not_a_video","message":"This is a picture, not a film.","next":"Choose the film that the camera made."}`
	if got := refusal("attune --json clip add x", 1, said).Error(); got != "This is a picture, not a film. Choose the film that the camera made." {
		t.Errorf("it says %q", got)
	}
	const denied = `{"message":"Not now.","next":"Ask.","rules":["VIEW-LIST"]}`
	if got := refusal("attune watch", 1, denied).Error(); got != "Not now. Rule: VIEW-LIST. Ask." {
		t.Errorf("it says %q", got)
	}
	if got := refusal("attune sync", 1, "signal: killed").Error(); got != "attune sync: signal: killed" {
		t.Errorf("it says %q", got)
	}
}
