//go:build !stock

package attune_test

import "testing"

// stock and fsck need programs that are not ours: see logstock_test.go, which make test
// runs. Here it is only seen that VERIFY.txt prints its commands.
func stock(t *testing.T, dir, _ string) {
	t.Helper()
	commandsOf(t, dir)
}

func fsck(*testing.T, string, string) {}
