package main

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The holder is this test; on systems without /proc the answer is still a
// sentence and the status of a taken port.
func TestListenNamesWhoHasThePort(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_, err = listen(held.Addr().String(), "--addr")
	var f *failure
	if !errors.As(err, &f) || f.Code != "port_taken" || f.exit != exitUsage {
		t.Fatalf("listen = %v, want port_taken with status 2", err)
	}
	if _, err := os.Stat("/proc/net/tcp"); err == nil && !strings.Contains(f.Message, "(process "+strconv.Itoa(os.Getpid())+")") {
		t.Errorf("message %q does not name this process", f.Message)
	}
}
