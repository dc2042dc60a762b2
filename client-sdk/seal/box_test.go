package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestBox(t *testing.T) {
	b, other := NewBox([32]byte{1}), NewBox([32]byte{2})
	plain := []byte("NF-1042 and what was said of it")
	sealed := b.Seal("statements\x00one", plain)
	if again := b.Seal("statements\x00one", plain); bytes.Equal(sealed, again) || bytes.Contains(sealed, plain[:7]) {
		t.Error("equal things are to be seen as equal, or to be read")
	}
	if got, err := b.Open("statements\x00one", sealed); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Open = %q, %v", got, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for _, c := range []struct {
		name   string
		box    *Box
		place  string
		sealed []byte
		want   error
	}{
		{"AnotherRow", b, "statements\x00two", sealed, ErrDamaged},
		{"AnotherTable", b, "outbox\x00one", sealed, ErrDamaged},
		{"AnotherDevice", other, "statements\x00one", sealed, ErrDamaged},
		{"Changed", b, "statements\x00one", flipped, ErrDamaged},
		{"Cut", b, "statements\x00one", sealed[:39], ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.box.Open(c.place, c.sealed); !errors.Is(err, c.want) {
				t.Errorf("Open = %v, want %v", err, c.want)
			}
		})
	}
	if b.Name("one") != b.Name("one") || b.Name("one") == b.Name("two") || b.Name("one") == other.Name("one") {
		t.Error("names are to be the same for one thing on one device, and for nothing else")
	}
}

func BenchmarkBox(b *testing.B) {
	box, plain := NewBox([32]byte{1}), make([]byte, 1000)
	b.Run("Seal", func(b *testing.B) {
		b.SetBytes(1000)
		for b.Loop() {
			box.Seal("statements\x00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", plain)
		}
	})
	sealed := box.Seal("p", plain)
	b.Run("Open", func(b *testing.B) {
		b.SetBytes(1000)
		for b.Loop() {
			if _, err := box.Open("p", sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
}
