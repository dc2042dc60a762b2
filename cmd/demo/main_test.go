package main

import (
	"context"
	"testing"
)

// TestCheckCutOff: a check that did not come to its end is no success.
func TestCheckCutOff(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // where it leaves what it had begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got := status(ctx, settings{bin: t.TempDir(), check: true}); got != 1 {
		t.Errorf("exit status %d, want 1", got)
	}
}
