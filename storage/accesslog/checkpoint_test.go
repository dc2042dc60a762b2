package accesslog_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

func TestCheckpointRoundTrip(t *testing.T) {
	s, v := signer(t, origin)
	for _, size := range []int{0, 1, 300} {
		want := newLog(t, size).edge.Checkpoint(origin)
		signed, err := accesslog.Sign(want, s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := accesslog.OpenCheckpoint(signed, v); err != nil || got != want {
			t.Errorf("opened %+v, %v; want %+v", got, err, want)
		}
	}
}

func TestCheckpointRotation(t *testing.T) {
	old, v := signer(t, origin)
	next, err := accesslog.NewSigner(origin, key("next"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := accesslog.Sign(newLog(t, 3).edge.Checkpoint(origin), old, next)
	if err != nil {
		t.Fatal(err)
	}
	nextV, err := accesslog.ParseVerifier(next.VKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*accesslog.Verifier{v, nextV} {
		if _, err := accesslog.OpenCheckpoint(signed, v); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckpointRefused(t *testing.T) {
	s, v := signer(t, origin)
	c := newLog(t, 3).edge.Checkpoint(origin)
	signed, err := accesslog.Sign(c, s)
	if err != nil {
		t.Fatal(err)
	}
	later, err := accesslog.NewSigner("attune/org-of-invented-town/2", key(origin))
	if err != nil {
		t.Fatal(err)
	}
	other, err := accesslog.Sign(accesslog.Checkpoint{Origin: later.Name(), Size: 3, Root: c.Root}, later)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Empty":          "",
		"Unsigned":       c.Body(),
		"SizeChanged":    strings.Replace(signed, "\n3\n", "\n4\n", 1),
		"ExtensionLine":  strings.Replace(signed, "\n\n", "\nmore\n\n", 1),
		"AnotherHistory": other,
		"TooLong":        signed + strings.Repeat("— x AAAA\n", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := accesslog.OpenCheckpoint(text, v); !errors.Is(err, accesslog.ErrCheckpoint) {
				t.Errorf("opened %+v, %v; want ErrCheckpoint", got, err)
			}
		})
	}
	// Faults that only the holder of the key could make.
	empty := accesslog.Frontier{}.Root()
	for name, c := range map[string]accesslog.Checkpoint{
		"OtherOrigin":      {Origin: "attune/elsewhere/1", Size: 3, Root: c.Root},
		"NegativeSize":     {Origin: origin, Size: -1, Root: c.Root},
		"HugeSize":         {Origin: origin, Size: 1 << 53, Root: c.Root},
		"EmptyWithARoot":   {Origin: origin, Size: 0, Root: c.Root},
		"LineBreakInBegin": {Origin: origin + "\n1", Size: 0, Root: empty},
	} {
		if signed, err := accesslog.Sign(c, s); err == nil {
			t.Errorf("%s: signed %q", name, signed)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	for _, name := range []string{"", "two words", "a+b", "a\nb"} {
		if _, err := accesslog.NewSigner(name, key("k")); err == nil {
			t.Errorf("key named %q", name)
		}
	}
	if _, err := accesslog.NewSigner("k", nil); err == nil {
		t.Error("key of no bytes")
	}
	if _, err := accesslog.NewVerifier("k", nil); err == nil {
		t.Error("public key of no bytes")
	}
}

// The checkpoint's signature holds for software that is not ours.
func TestStockOpenSSL(t *testing.T) {
	s, _ := signer(t, origin)
	signed, err := accesslog.Sign(newLog(t, 5).edge.Checkpoint(origin), s)
	if err != nil {
		t.Fatal(err)
	}
	pub := key(origin).Public().(ed25519.PublicKey)
	body, sig, pubPEM, err := accesslog.OpenSSL(signed, pub)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := openssl(t, body, sig, pubPEM); err != nil {
		t.Errorf("openssl refuses the checkpoint: %v\n%s", err, out)
	}
	body[0] ^= 1
	if out, err := openssl(t, body, sig, pubPEM); err == nil {
		t.Errorf("openssl takes an altered checkpoint\n%s", out)
	}
	if _, _, _, err := accesslog.OpenSSL(signed, key("stranger").Public().(ed25519.PublicKey)); !errors.Is(err, accesslog.ErrCheckpoint) {
		t.Errorf("signature of a stranger: %v, want ErrCheckpoint", err)
	}
	if _, _, _, err := accesslog.OpenSSL("no note", pub); !errors.Is(err, accesslog.ErrCheckpoint) {
		t.Errorf("no note: %v, want ErrCheckpoint", err)
	}
}

func openssl(t *testing.T, body, sig, pubPEM []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"body": body, "sig": sig, "pub.pem": pubPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "pub.pem", "-in", "body", "-sigfile", "sig")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func FuzzOpenCheckpoint(f *testing.F) {
	s, v := signer(f, origin)
	signed, err := accesslog.Sign(newLog(f, 3).edge.Checkpoint(origin), s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— a AAAA\n")
	genuine := newLog(f, 3).edge.Checkpoint(origin)
	pub := key(origin).Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := accesslog.OpenCheckpoint(text, v); err == nil && c != genuine {
			t.Errorf("forged %+v from %q", c, text)
		}
		_, _, _, _ = accesslog.OpenSSL(text, pub) // must not panic
	})
}
