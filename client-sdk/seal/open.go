package seal

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// OpenPayload returns the plaintext of a payload of payloadBytes (nonce
// included) as a ReaderAt, with its length in bytes.
//
// The last chunk is read and authenticated before OpenPayload returns, which
// proves the length; every other chunk is authenticated before one byte of it
// is given out. [ErrTruncated] and [ErrDamaged] are told apart where that is
// possible: a file cut inside a chunk is only known to be damaged. The ReaderAt
// keeps the last opened chunk, may be used concurrently if payload may, and
// says nothing about whether this is the clip that was asked for: compare
// [Commitment] with clip.add before.
func OpenPayload(key FileKey, payload io.ReaderAt, payloadBytes int64) (io.ReaderAt, int64, error) {
	var nonce [16]byte
	if _, err := PlainBytes(payloadBytes); err != nil {
		return nil, 0, err
	}
	if err := readFullAt(payload, nonce[:], 0); err != nil {
		return nil, 0, err
	}
	return OpenPayloadKey(PayloadKey(key, nonce), payload, payloadBytes)
}

// OpenPayloadKey is [OpenPayload] for somebody who holds only the payload key,
// as the holder of a share link does.
func OpenPayloadKey(key [32]byte, payload io.ReaderAt, payloadBytes int64) (io.ReaderAt, int64, error) {
	plain, err := PlainBytes(payloadBytes)
	if err != nil {
		return nil, 0, err
	}
	aead, err := chacha20poly1305.New(key[:])
	if err != nil {
		return nil, 0, err
	}
	p := &plainReader{aead: aead, src: payload, size: plain, chunks: chunkCount(plain)}
	if _, err := p.chunk(p.chunks - 1); err != nil {
		return nil, 0, err
	}
	return p, plain, nil
}

type plainReader struct {
	aead   cipher.AEAD
	src    io.ReaderAt
	size   int64 // plaintext bytes
	chunks int64

	mu sync.Mutex
	// mu guards the fields below: the chunk opened last, never written to again.
	index int64
	plain []byte
}

// ReadAt reads plaintext; at the end it returns what there is and io.EOF.
func (p *plainReader) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	for n < len(b) {
		if off >= p.size {
			return n, io.EOF
		}
		chunk, err := p.chunk(off / ChunkBytes)
		if err != nil {
			return n, err
		}
		c := copy(b[n:], chunk[off%ChunkBytes:])
		n, off = n+c, off+int64(c)
	}
	return n, nil
}

func (p *plainReader) chunk(index int64) ([]byte, error) {
	p.mu.Lock()
	if p.plain != nil && p.index == index {
		defer p.mu.Unlock()
		return p.plain, nil
	}
	p.mu.Unlock()

	last := index == p.chunks-1
	plainBytes := min(p.size-index*ChunkBytes, ChunkBytes)
	sealed := make([]byte, plainBytes+tagBytes)
	if err := readFullAt(p.src, sealed, nonceBytes+index*sealedChunk); err != nil {
		return nil, err
	}
	nonce := chunkNonce(index, last)
	plain, err := p.aead.Open(make([]byte, 0, plainBytes), nonce[:], sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("chunk %d of %d: %w", index, p.chunks, p.why(index, last, sealed))
	}
	p.mu.Lock()
	p.index, p.plain = index, plain
	p.mu.Unlock()
	return plain, nil
}

// why tells a file cut at a chunk border from a changed one: there the last
// chunk is sound but not marked as last.
func (p *plainReader) why(index int64, last bool, sealed []byte) error {
	nonce := chunkNonce(index, false)
	if _, err := p.aead.Open(nil, nonce[:], sealed, nil); last && err == nil {
		return ErrTruncated
	}
	return ErrDamaged
}

func readFullAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b): // with or without io.EOF, as io.ReaderAt allows
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("payload ends at %d: %w", off+int64(n), ErrTruncated)
	default:
		return fmt.Errorf("read payload at %d: %w", off, err)
	}
}
