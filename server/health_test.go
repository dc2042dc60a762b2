package server

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	var p probe
	var asked int
	down := errors.New("down")
	ready := func(context.Context) error { asked++; return down }
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i, at := range []time.Duration{0, 0, 999 * time.Millisecond, time.Second, -time.Hour} {
		if err := p.ask(start.Add(at), ready); !errors.Is(err, down) {
			t.Errorf("call %d: %v, want the store's answer", i, err)
		}
	}
	if want := 3; asked != want { // at first, a second later, and when the clock was set back
		t.Errorf("the store was asked %d times, want %d", asked, want)
	}
}
