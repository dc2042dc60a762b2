package seal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// Sealed says what SealPayload made: the secret Key for the headers, and what
// clip.add states about payload and source.
type Sealed struct {
	Key           FileKey
	Nonce         [16]byte
	PayloadBytes  int64 // nonce and all chunks
	PayloadSHA256 [32]byte
	SourceBytes   int64
	SourceSHA256  [32]byte
}

const (
	batchChunks = 4  // 256 KiB: large enough to hide channel costs, small enough to stay in a phone's cache
	batchCount  = 16 // 4 MiB held in all, whatever the length of the film
)

// SealPayload seals src to dst under a fresh file key and nonce.
//
// src is read once, from where it stands to EOF; both SHA-256 sums are made in
// the same pass. Reading and the source's hash run beside the payload's hash and
// writing, at most 4 MiB apart; whichever of the two is ahead does the sealing
// between them. dst receives the nonce first, in order, and is neither synced nor
// closed.
//
// ctx is looked at between reads: SealPayload never returns while it still
// reads src or writes dst. After an error, dst holds a prefix that no age tool
// accepts as whole, because the last chunk's flag is missing.
func SealPayload(ctx context.Context, dst io.Writer, src io.Reader) (Sealed, error) {
	return SealChanged(ctx, dst, src, nil)
}

// SealChanged is [SealPayload] of a film that is changed on its way: change gets
// every piece of src once, in order, and may write over it. The source's hash is
// of src as it was read; what is sealed is as change left it. nil changes nothing.
func SealChanged(ctx context.Context, dst io.Writer, src io.Reader, change func(piece []byte)) (Sealed, error) {
	return sealPayload(ctx, dst, src, change, NewFileKey(), newPayloadNonce())
}

// newPayloadNonce returns a random nonce that does not begin like a film. The
// server refuses plaintext by its first bytes, and one honest clip in some
// millions would otherwise begin like a JPEG and be refused for good.
func newPayloadNonce() (n [16]byte) {
	for {
		rand.Read(n[:])
		if LooksSealed(n[:]) && n[0] != tsSync && n[4] != tsSync { // both places of a transport stream's mark
			return n
		}
	}
}

func sealPayload(ctx context.Context, dst io.Writer, src io.Reader, change func([]byte), key FileKey, nonce [16]byte) (Sealed, error) {
	s := Sealed{Key: key, Nonce: nonce}
	streamKey := PayloadKey(key, nonce)
	aead, err := chacha20poly1305.New(streamKey[:])
	if err != nil {
		return Sealed{}, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	// Both channels have room for every batch, so no send ever blocks: the writer
	// stops when the reader has closed, and only the reader looks at ctx.
	r := reading{src: src, hash: sha256.New(), change: change, aead: aead, free: make(chan *batch, batchCount), out: make(chan *batch, batchCount)}
	var reader sync.WaitGroup
	defer reader.Wait()
	reader.Go(func() {
		defer close(r.out)
		if err := r.all(ctx); err != nil {
			fail(err)
		}
	})

	payloadHash := sha256.New()
	payloadHash.Write(nonce[:])
	s.PayloadBytes = nonceBytes
	whole := false
	if err := writeAll(dst, nonce[:]); err != nil {
		fail(err)
	}
	for b := range r.out { // drained to the end, so that the reader stops
		if ctx.Err() != nil {
			continue
		}
		b.seal(aead)
		payloadHash.Write(b.sealed)
		if err := writeAll(dst, b.sealed); err != nil {
			fail(err)
			continue
		}
		s.SourceBytes += b.plainBytes
		s.PayloadBytes += int64(len(b.sealed))
		whole = b.last
		r.free <- b
	}
	if !whole {
		return Sealed{}, fmt.Errorf("seal payload: %w", context.Cause(ctx))
	}
	r.hash.Sum(s.SourceSHA256[:0])
	payloadHash.Sum(s.PayloadSHA256[:0])
	return s, nil
}

func writeAll(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write payload: %w", err)
	}
	return nil
}
