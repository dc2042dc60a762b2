package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// grown adds rows to a folder's log: the service's refusals are counted in it.
func grown(t *testing.T, data string) {
	t.Helper()
	store, err := openBeside(t.Context(), folder(data))
	if err != nil {
		t.Fatal(err)
	}
	store.Log.CountRefusal("192.0.2.7", "token")
	if err := store.Log.TellRefusals(t.Context()); err != nil {
		t.Error(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func databaseOf(t *testing.T, data string) []byte {
	t.Helper()
	b, err := os.ReadFile(folder(data).database())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAnchorCommand: a log is anchored, compared, and told apart from one that was cut off
// and from one that was rewritten, by name; what was anchored stays.
func TestAnchorCommand(t *testing.T) {
	data, to := demoFolder(t), filepath.Join(t.TempDir(), "elsewhere")
	is := func(want int, code string, args ...string) {
		t.Helper()
		if status, said := attuned(t, append([]string{"--json"}, args...)...); status != want || !strings.Contains(said, code) {
			t.Errorf("%v = %d: %s, want %d with %q", args, status, said, want, code)
		}
	}
	anchor := []string{"anchor", "--once", "--data", data, "--to", to}
	verify := []string{"log", "verify", "--data", data, "--anchors", to}

	is(3, `"no_anchors"`, verify...)
	is(0, `"new":true`, anchor...)
	is(0, `"new":false`, anchor...)
	is(0, `"compared":1`, verify...)
	before := databaseOf(t, data)
	grown(t, data)
	is(0, `"new":true`, anchor...)
	is(0, `"compared":2`, verify...)

	writeTest(t, folder(data).database(), before)
	is(1, `"log_truncated"`, verify...)
	is(1, `"log_truncated"`, anchor...)
	grown(t, data)
	grown(t, data)
	is(1, `"log_forked"`, verify...)
	is(1, `"log_forked"`, anchor...)
	is(0, `"ok":true`, "log", "verify", "--data", data) // by itself it is whole: that is what anchors are for

	is(2, `"usage"`, "anchor", "--once", "--data", data, "--every", "0s")
	is(2, `"usage"`, "log", "verify", "--data", data, "--anchors", "bucket")
	is(2, `"usage"`, "anchor", "--once", "--data", data, "--mail-to", "ig@example.org")
	is(2, `"usage"`, "anchor", "--once", "--data", data, "--mail-host", "127.0.0.1", "--mail-from", "a@example.org", "--mail-to", "Imre <ig@example.org>")
	is(2, `"usage"`, "anchor", "--once", "--data", data, "--mail-host", "mail.example.org", "--mail-tls", "none", "--mail-from", "a@example.org", "--mail-to", "ig@example.org")
}
