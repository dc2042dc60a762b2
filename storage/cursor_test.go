package storage_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage"
)

// TestForeignCursors: a cursor that the service did not make for this person, as it
// stands, is refused by all that take one, and moves nothing.
func TestForeignCursors(t *testing.T) {
	w := open(t)
	w.Open("NF-2041")
	_, mine := pullAll(t, w, w.Ana, "", 500)
	_, others := pullAll(t, w, w.Officer, "", 500)
	raw, err := base64.RawURLEncoding.DecodeString(mine)
	if err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{
		"AnotherPerson": others, "Cut": mine[:len(mine)-4], "Padded": mine + "=", "Longer": mine + "AAAA", "TagAlone": mine[:43],
		"Nonsense": "made up", "Huge": strings.Repeat("A", 1<<20),
		"NoTag": base64.RawURLEncoding.EncodeToString([]byte(`{"h":"","d":-1,"e":-1,"r":"","i":-1}`)),
	}
	for i := range raw {
		raw[i] ^= 1
		forged["Flipped"] = base64.RawURLEncoding.EncodeToString(raw)
		raw[i] ^= 1
		if _, err := w.Records.Pull(context.Background(), w.Ana.Caller(), forged["Flipped"], 0, 500); !errors.Is(err, storage.ErrCursor) {
			t.Fatalf("byte %d flipped: %v, want ErrCursor", i, err)
		}
	}
	for name, cursor := range forged {
		if _, err := w.Records.Pull(context.Background(), w.Ana.Caller(), cursor, 0, 500); !errors.Is(err, storage.ErrCursor) {
			t.Errorf("%s: pull = %v, want ErrCursor", name, err)
		}
		if l, err := w.Records.Listen(context.Background(), w.Ana.Caller(), cursor); !errors.Is(err, storage.ErrCursor) {
			t.Errorf("%s: listen = %v, want ErrCursor", name, err)
			l.Close()
		}
		if same, err := w.Records.Unchanged(context.Background(), w.Ana.Caller(), cursor); same || err != nil {
			t.Errorf("%s: unchanged = %v, %v", name, same, err)
		}
	}
	if items, _ := pullAll(t, w, w.Ana, mine, 500); len(items) != 0 {
		t.Errorf("%d items come again", len(items))
	}
}
