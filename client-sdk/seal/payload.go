package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
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
	batchChunks = 4 // 256 KiB: large enough to hide channel costs, small enough to stay in a phone's cache
	batchCount  = 8 // 4 MiB held in all, whatever the length of the film
)

// SealPayload seals src to dst under a fresh file key and nonce.
//
// src is read once, from where it stands to EOF; both SHA-256 sums are made in
// the same pass. Reading, both hashes, sealing and writing overlap on separate
// goroutines, with about 4 MiB held in all. dst receives the nonce first, in
// order, and is neither synced nor closed.
//
// ctx is looked at between reads: SealPayload never returns while it still
// reads src or writes dst. After an error, dst holds a prefix that no age tool
// accepts as whole, because the last chunk's flag is missing.
func SealPayload(ctx context.Context, dst io.Writer, src io.Reader) (Sealed, error) {
	return sealPayload(ctx, dst, src, NewFileKey(), newPayloadNonce())
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

// batch travels once around the stages: read, hash, seal, hash, write.
type batch struct {
	firstChunk int64
	last       bool
	plain      []byte
	sealed     []byte
}

func sealPayload(ctx context.Context, dst io.Writer, src io.Reader, key FileKey, nonce [16]byte) (Sealed, error) {
	s := Sealed{Key: key, Nonce: nonce}
	streamKey := PayloadKey(key, nonce)
	aead, err := chacha20poly1305.New(streamKey[:])
	if err != nil {
		return Sealed{}, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	// Every channel has room for every batch, so no send ever blocks: a stage
	// stops when the one before it closes, and only the reader looks at ctx.
	free := make(chan *batch, batchCount)
	for range batchCount {
		free <- &batch{plain: make([]byte, 0, batchChunks*ChunkBytes), sealed: make([]byte, 0, batchChunks*sealedChunk)}
	}
	sourceHash, payloadHash := sha256.New(), sha256.New()
	payloadHash.Write(nonce[:])

	var stages sync.WaitGroup
	defer stages.Wait()
	read := make(chan *batch, batchCount)
	stages.Go(func() {
		defer close(read)
		if err := readBatches(ctx, src, free, read); err != nil {
			fail(err)
		}
	})
	hashed := stage(&stages, read, func(b *batch) { writeHash(sourceHash, b.plain) })
	sealed := stage(&stages, hashed, func(b *batch) { b.seal(aead) })
	ready := stage(&stages, sealed, func(b *batch) { writeHash(payloadHash, b.sealed) })

	s.PayloadBytes = nonceBytes
	whole := false
	if err := writeAll(dst, nonce[:]); err != nil {
		fail(err)
	}
	for b := range ready { // drained to the end, so that every stage stops
		if ctx.Err() != nil {
			continue
		}
		if err := writeAll(dst, b.sealed); err != nil {
			fail(err)
			continue
		}
		s.SourceBytes += int64(len(b.plain))
		s.PayloadBytes += int64(len(b.sealed))
		whole = b.last
		free <- b
	}
	if !whole {
		return Sealed{}, fmt.Errorf("seal payload: %w", context.Cause(ctx))
	}
	sourceHash.Sum(s.SourceSHA256[:0])
	payloadHash.Sum(s.PayloadSHA256[:0])
	return s, nil
}

// stage runs do on each batch in a goroutine of its own, in order.
func stage(wg *sync.WaitGroup, in <-chan *batch, do func(*batch)) <-chan *batch {
	out := make(chan *batch, batchCount)
	wg.Go(func() {
		defer close(out)
		for b := range in {
			do(b)
			out <- b
		}
	})
	return out
}

// readBatches stays one batch ahead of what it passes on: only at EOF is it
// known which chunk was the last, and an empty chunk may not follow a full one.
func readBatches(ctx context.Context, src io.Reader, free <-chan *batch, out chan<- *batch) error {
	var held *batch
	for chunk := int64(0); ; chunk += batchChunks {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := io.ReadFull(src, b.plain[:batchChunks*ChunkBytes])
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return fmt.Errorf("read source: %w", err)
		}
		b.plain, b.firstChunk, b.last = b.plain[:n], chunk, ended
		if held != nil {
			held.last = ended && n == 0
			out <- held
			if held.last {
				return nil
			}
		}
		if ended {
			out <- b
			return nil
		}
		held = b
	}
}

func (b *batch) seal(aead cipher.AEAD) {
	b.sealed = b.sealed[:0]
	rest := b.plain
	for chunk := b.firstChunk; ; chunk++ {
		n := min(len(rest), ChunkBytes)
		last := b.last && n == len(rest)
		nonce := chunkNonce(chunk, last)
		b.sealed = aead.Seal(b.sealed, nonce[:], rest[:n], nil)
		if rest = rest[n:]; len(rest) == 0 {
			return
		}
	}
}

func writeHash(h hash.Hash, p []byte) { h.Write(p) } // hash.Hash never returns an error

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
