package accesslog_test

import (
	"crypto/ed25519"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/attune-vf/attune/storage/accesslog"
)

// The name of a key is shown beside the warning that it came with the export.
func TestVerifierRefusesNamesThatDoNotShow(t *testing.T) {
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"attune.example/log": true, "käse.example": true,
		"log\u009b1A\u009b2K": false, "log\u202egro": false, "log\u200bx": false, "log\x1b[2K": false, "log\u00ad": false,
	} {
		vkey, err := note.NewEd25519VerifierKey(name, pub)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := accesslog.ParseVerifier(vkey); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
