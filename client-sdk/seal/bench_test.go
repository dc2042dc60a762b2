package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"testing"

	"filippo.io/age"
)

// BenchmarkSealPayload against what it replaces: age to a buffer, then SHA-256.
func BenchmarkSealPayload(b *testing.B) {
	plain := film(64 << 20)
	b.Run("Attune", func(b *testing.B) {
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			if _, err := SealPayload(context.Background(), io.Discard, bytes.NewReader(plain)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("AgeThenSHA256", func(b *testing.B) {
		to := newIdentity(b).hybrid.Recipient()
		out := bytes.NewBuffer(make([]byte, 0, len(plain)+len(plain)/1000+4096))
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			out.Reset()
			w, err := age.Encrypt(out, to)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(w, bytes.NewReader(plain)); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			sha256.Sum256(out.Bytes())
		}
	})
}
