package main

import (
	"bytes"
	"context"
	"testing"

	"go.uber.org/goleak"
)

// attuned runs a command line, and returns its status and all that it prints.
func attuned(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var said bytes.Buffer
	status := run(context.Background(), args, &said, &said)
	return status, said.String()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
