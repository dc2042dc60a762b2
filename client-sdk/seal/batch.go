package seal

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"hash"
	"io"
)

// batch travels from the reader to the writer and back. Its chunks lie where they
// will lie sealed, each with room for its tag behind it, and are sealed in place.
type batch struct {
	room       []byte // batchChunks sealed chunks
	firstChunk int64
	plainBytes int64
	last       bool   // it holds the last chunk of the film
	sealed     []byte // the part of room that is in use; nil until sealed
}

func (b *batch) seal(aead cipher.AEAD) {
	if b.sealed != nil {
		return
	}
	rest, end := b.plainBytes, 0
	for chunk := b.firstChunk; ; chunk++ {
		n := int(min(rest, ChunkBytes))
		rest -= int64(n)
		nonce := chunkNonce(chunk, b.last && rest == 0)
		plain := b.room[end : end+n]
		end += len(aead.Seal(plain[:0], nonce[:], plain, nil))
		if rest == 0 {
			b.sealed = b.room[:end]
			return
		}
	}
}

// reading is the first half of [SealPayload].
type reading struct {
	src    io.Reader
	hash   hash.Hash // of src as it was read
	change func(piece []byte)
	aead   cipher.AEAD
	free   chan *batch // what the writer is done with
	out    chan *batch
	made   int
}

// all stays one batch ahead of what it passes on: only at EOF is it known which
// chunk was the last, and an empty chunk may not follow a full one.
func (r *reading) all(ctx context.Context) error {
	var held *batch
	for chunk := int64(0); ; chunk += batchChunks {
		b, err := r.blank(ctx)
		if err != nil {
			return err
		}
		b.firstChunk = chunk
		ended, err := r.fill(b)
		if err != nil {
			return fmt.Errorf("read source: %w", err)
		}
		if held != nil {
			held.last = ended && b.plainBytes == 0
			r.pass(held)
			if held.last {
				return nil
			}
		}
		if ended {
			b.last = true
			r.pass(b)
			return nil
		}
		held = b
	}
}

// pass hands a batch to the writer, and seals it first when the writer has enough
// to do: so neither waits for the other while there is work for two.
func (r *reading) pass(b *batch) {
	if len(r.out) > busyWriter {
		b.seal(r.aead)
	}
	r.out <- b
}

// busyWriter is how many batches the writer has before it when the reader begins to
// help: few, so that the reader helps, but more than a moment's work.
const busyWriter = 2

// blank returns a batch to fill; a short film makes few.
func (r *reading) blank(ctx context.Context) (b *batch, err error) {
	if len(r.free) == 0 && r.made < batchCount && ctx.Err() == nil {
		r.made++
		return &batch{room: make([]byte, batchChunks*sealedChunk)}, nil
	}
	select {
	case b = <-r.free:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	b.plainBytes, b.last, b.sealed = 0, false, nil
	return b, nil
}

// fill reads chunks into a batch until it is full or src has ended.
func (r *reading) fill(b *batch) (ended bool, err error) {
	for i := range batchChunks {
		plain := b.room[i*sealedChunk:][:ChunkBytes]
		n, err := io.ReadFull(r.src, plain)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return false, err
		}
		r.hash.Write(plain[:n])
		if r.change != nil {
			r.change(plain[:n])
		}
		b.plainBytes += int64(n)
		if ended {
			return true, nil
		}
	}
	return false, nil
}
