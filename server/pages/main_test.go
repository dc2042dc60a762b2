package pages

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests or, when ATTUNE_PAGES_SERVE names an address, the
// service that the browser tests of client-sdk/web play against, until its
// standard input closes.
func TestMain(m *testing.M) {
	if addr := os.Getenv("ATTUNE_PAGES_SERVE"); addr != "" {
		if err := serveService(addr, os.Getenv("ATTUNE_PAGES_FILM")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
