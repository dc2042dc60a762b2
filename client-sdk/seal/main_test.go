package seal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// TestMain builds stock age from the pinned module, so that every file made here
// is opened by a program that is not ours.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "attune-seal-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("ATTUNE_TEST_STOCK_AGE", filepath.Join(dir, "age"))
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "age"), "filippo.io/age/cmd/age").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build stock age: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// stockAge opens file with the age program and one identity in a key file.
func stockAge(t *testing.T, id Identity, file []byte) ([]byte, error) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Getenv("ATTUNE_TEST_STOCK_AGE"), "-d", "-i", key)
	cmd.Stdin = bytes.NewReader(file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return out, err
}

// film is a recognisable invented film: byte i is i*7 mod 251.
func film(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 % 251)
	}
	return b
}

func newIdentity(t testing.TB) Identity {
	t.Helper()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// sealed returns what SealPayload makes of plain, and the payload.
func sealed(t testing.TB, plain []byte) (Sealed, []byte) {
	t.Helper()
	var dst bytes.Buffer
	s, err := SealPayload(context.Background(), &dst, bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	return s, dst.Bytes()
}

func headerFor(t testing.TB, key FileKey, to ...Recipient) []byte {
	t.Helper()
	h, err := NewHeader(key, to...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
