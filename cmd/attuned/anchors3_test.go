//go:build s3

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/objects/s3test"
)

// TestAnchorOnS3: the anchor's key puts the state into the locked bucket, where the server's
// cannot, and the auditor's is enough to compare.
func TestAnchorOnS3(t *testing.T) {
	for _, server := range s3test.Servers() {
		t.Run(server.Name, func(t *testing.T) {
			cfg, data, keys := server.Start(t), demoFolder(t), filepath.Join(t.TempDir(), "keys")
			is := func(want int, text, key string, args ...string) {
				t.Helper()
				args = append(args, "--objects", cfg.String(), "--objects-key-file", key)
				if status, said := attuned(t, args...); status != want || !strings.Contains(said, text) {
					t.Errorf("%v = %d: %s, want %d with %q", args, status, said, want, text)
				}
			}
			of := func(role string) string { return filepath.Join(keys, role+".key") }
			is(0, "", keyFile(t, cfg), "objects", "setup", "--keys", keys)
			anchor, verify := []string{"anchor", "--once", "--data", data}, []string{"log", "verify", "--data", data, "--anchors", "bucket"}
			is(1, "Access", of("server"), anchor...)
			is(0, "(now)", of("anchor"), anchor...)
			is(0, "(it had been before)", of("anchor"), anchor...)
			grown(t, data)
			is(0, "(now)", of("anchor"), anchor...)
			is(0, "each of 2 anchors", of("auditor"), verify...)
		})
	}
}
