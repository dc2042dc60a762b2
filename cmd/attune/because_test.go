package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// What the system said of real accidents is not what a person is told.
func TestBecause(t *testing.T) {
	dir := t.TempDir()
	_, missing := os.Open(filepath.Join(dir, "nothing"))
	there := os.Mkdir(dir, 0o700)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	_, refused := net.Dial("tcp", at)
	for want, err := range map[string]error{
		"there is no such file or folder": missing,
		"it is there already":             there,
		"nothing answers there":           refused,
		"the film has no end":             fmt.Errorf("the film has no end"),
	} {
		if got := because(fmt.Errorf("%w", err)); got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}
