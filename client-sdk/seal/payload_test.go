package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
)

// edges are the lengths at which chunks and batches begin, fill and end.
func edges() []int {
	const batch = batchChunks * ChunkBytes
	return []int{0, 1, ChunkBytes - 1, ChunkBytes, ChunkBytes + 1, 2 * ChunkBytes, 3*ChunkBytes + 5,
		batch - 1, batch, batch + 1, 2 * batch, (batchCount+2)*batch + 1, (batchCount + 4) * batch} // the last two take batches twice
}

func TestSealedFilmOpensWithStockAge(t *testing.T) {
	id := newIdentity(t)
	for _, n := range edges() {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			plain := film(n)
			s, payload := sealed(t, plain)
			got, err := stockAge(t, id, append(headerFor(t, s.Key, id.Recipient()), payload...))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, plain) {
				t.Errorf("stock age gives %d bytes, want the %d of the film", len(got), n)
			}
			if want := SealedBytes(int64(n)); s.PayloadBytes != want || int64(len(payload)) != want {
				t.Errorf("PayloadBytes = %d, written %d, want %d", s.PayloadBytes, len(payload), want)
			}
			if back, err := PlainBytes(s.PayloadBytes); err != nil || back != int64(n) || s.SourceBytes != back {
				t.Errorf("PlainBytes = %d, %v; SourceBytes = %d; want %d", back, err, s.SourceBytes, n)
			}
			if s.SourceSHA256 != sha256.Sum256(plain) || s.PayloadSHA256 != sha256.Sum256(payload) {
				t.Error("a SHA-256 made in the pass differs from one made afterwards")
			}
		})
	}
}

// TestChangedOnTheWay: the source's hash is of what was read, the payload holds what
// change made of it, and change saw every byte once, in order.
func TestChangedOnTheWay(t *testing.T) {
	for _, n := range edges() {
		plain, seen := film(n), make([]byte, 0, n)
		var dst bytes.Buffer
		s, err := SealChanged(context.Background(), &dst, bytes.NewReader(plain), func(piece []byte) {
			seen = append(seen, piece...)
			for i := range piece {
				piece[i] ^= 0x5a
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(seen, plain) || s.SourceSHA256 != sha256.Sum256(plain) {
			t.Errorf("%d bytes: change saw %d, or the source's SHA-256 is not of the source", n, len(seen))
		}
		got, err := openWhole(s.Key, dst.Bytes())
		for i := range got {
			got[i] ^= 0x5a
		}
		if err != nil || !bytes.Equal(got, plain) || s.PayloadSHA256 != sha256.Sum256(dst.Bytes()) {
			t.Errorf("%d bytes: the payload does not hold what change made (%v)", n, err)
		}
	}
}

func TestOpenPayloadReadsAnyRange(t *testing.T) {
	for _, n := range edges() {
		plain := film(n)
		s, payload := sealed(t, plain)
		r, size, err := OpenPayload(s.Key, bytes.NewReader(payload), s.PayloadBytes)
		if err != nil || size != int64(n) {
			t.Fatalf("%d bytes: size = %d, %v", n, size, err)
		}
		if err := iotest.TestReader(io.NewSectionReader(r, 0, size), plain); n < 200_000 && err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		for off := 0; off < n; off += max(1, n/37) {
			want := plain[off:min(n, off+70_001)]
			got := make([]byte, len(want))
			if _, err := r.ReadAt(got, int64(off)); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: range at %d differs (%v)", n, off, err)
			}
		}
		if k, err := r.ReadAt(make([]byte, 1), int64(n)); k != 0 || err != io.EOF {
			t.Errorf("%d bytes: read at the end = %d, %v, want 0, EOF", n, k, err)
		}
	}
}

func TestDamagedPayload(t *testing.T) {
	const n = 3*ChunkBytes + 100
	plain := film(n)
	s, whole := sealed(t, plain)
	other, otherPayload := sealed(t, plain)
	flip := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 0x10
		return b
	}
	swapped := bytes.Clone(whole)
	copy(swapped[nonceBytes:], whole[nonceBytes+sealedChunk:nonceBytes+2*sealedChunk])
	copy(swapped[nonceBytes+sealedChunk:], whole[nonceBytes:nonceBytes+sealedChunk])

	for _, c := range []struct {
		name     string
		payload  []byte
		openWant error // from OpenPayload
		readWant error // from reading it all
	}{
		{"LastChunkFlipped", flip(len(whole) - 1), ErrDamaged, nil},
		{"FirstChunkFlipped", flip(nonceBytes + 7), nil, ErrDamaged},
		{"NonceFlipped", flip(3), ErrDamaged, nil},
		{"ChunksSwapped", swapped, nil, ErrDamaged},
		{"CutAtChunkBorder", whole[:nonceBytes+2*sealedChunk], ErrTruncated, nil},
		{"CutInsideChunk", whole[:len(whole)-1], ErrDamaged, nil},
		{"CutToEmptyLastChunk", whole[:nonceBytes+sealedChunk+tagBytes], ErrTruncated, nil},
		{"CutInNonce", whole[:9], ErrTruncated, nil},
		{"Empty", nil, ErrTruncated, nil},
		{"Appended", append(bytes.Clone(whole), make([]byte, 40)...), ErrDamaged, nil},
		{"PayloadOfAnotherClip", otherPayload, ErrDamaged, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, size, err := OpenPayload(s.Key, bytes.NewReader(c.payload), int64(len(c.payload)))
			if !errors.Is(err, c.openWant) {
				t.Fatalf("open: %v, want %v", err, c.openWant)
			}
			if err != nil {
				return
			}
			got, err := io.ReadAll(io.NewSectionReader(r, 0, size))
			if !errors.Is(err, c.readWant) {
				t.Errorf("read: %v, want %v", err, c.readWant)
			}
			if !bytes.HasPrefix(plain, got) {
				t.Error("unauthenticated bytes were given out")
			}
		})
	}
	if Commitment(s.Key) == Commitment(other.Key) {
		t.Error("two clips share a commitment: a swap would go unnoticed")
	}
	t.Run("ShorterThanSaid", func(t *testing.T) { // the server lies about the length
		_, _, err := OpenPayload(s.Key, bytes.NewReader(whole[:len(whole)-500]), s.PayloadBytes)
		if !errors.Is(err, ErrTruncated) {
			t.Errorf("err = %v, want %v", err, ErrTruncated)
		}
	})
}

func TestChunkMaths(t *testing.T) {
	for _, bad := range []int64{-1, 0, 16, 31, nonceBytes + sealedChunk + 1, nonceBytes + sealedChunk + tagBytes, 1<<63 - 1} {
		if n, err := PlainBytes(bad); !errors.Is(err, ErrTruncated) {
			t.Errorf("PlainBytes(%d) = %d, %v, want ErrTruncated", bad, n, err)
		}
	}
	for plain, want := range map[int64]int64{0: 32, 1: 33, 65536: 16 + 65552, 65537: 16 + 65552 + 17, 131072: 16 + 2*65552} {
		if got := SealedBytes(plain); got != want {
			t.Errorf("SealedBytes(%d) = %d, want %d", plain, got, want)
		}
	}
}

func TestSealPayloadStops(t *testing.T) {
	boom := errors.New("disk on fire")
	endless := io.LimitReader(zeros{}, 1<<40)
	t.Run("Cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		dst := &countdown{n: 1 << 20, do: func() error { cancel(); return nil }}
		if _, err := SealPayload(ctx, dst, endless); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want %v", err, context.Canceled)
		}
	})
	t.Run("WriteFails", func(t *testing.T) {
		dst := &countdown{n: 1 << 20, do: func() error { return boom }}
		if _, err := SealPayload(context.Background(), dst, endless); !errors.Is(err, boom) {
			t.Errorf("err = %v, want %v", err, boom)
		}
	})
	t.Run("NonceNotWritten", func(t *testing.T) {
		dst := &countdown{do: func() error { return boom }}
		if _, err := SealPayload(context.Background(), dst, endless); !errors.Is(err, boom) {
			t.Errorf("err = %v, want %v", err, boom)
		}
	})
	t.Run("ReadFails", func(t *testing.T) {
		src := io.MultiReader(bytes.NewReader(film(700_000)), iotest.ErrReader(boom))
		if _, err := SealPayload(context.Background(), io.Discard, src); !errors.Is(err, boom) {
			t.Errorf("err = %v, want %v", err, boom)
		}
	})
	t.Run("DribblingSource", func(t *testing.T) {
		plain := film(ChunkBytes + 3)
		var dst bytes.Buffer
		s, err := SealPayload(context.Background(), &dst, iotest.OneByteReader(bytes.NewReader(plain)))
		if err != nil || s.SourceSHA256 != sha256.Sum256(plain) {
			t.Errorf("err = %v, or the source's SHA-256 differs", err)
		}
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// countdown takes n bytes and then acts at each write.
type countdown struct {
	n  int
	do func() error
}

func (c *countdown) Write(b []byte) (int, error) {
	if c.n -= len(b); c.n <= 0 {
		if err := c.do(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
