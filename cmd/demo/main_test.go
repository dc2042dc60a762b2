package main

import (
	"context"
	"testing"
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
