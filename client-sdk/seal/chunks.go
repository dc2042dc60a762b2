package seal

import (
	"fmt"
	"math"
)

// ChunkBytes is the plaintext in one age STREAM chunk; only the last is shorter.
const ChunkBytes = 64 << 10

const (
	tagBytes    = 16                    // Poly1305, behind each chunk
	sealedChunk = ChunkBytes + tagBytes // a full chunk as stored
	nonceBytes  = 16                    // in front of the first chunk
)

// PlainBytes returns the plaintext length of a payload of payloadBytes (nonce
// included). A length that no sealed file can have is [ErrTruncated]; that the
// length is the true one only [OpenPayload] can tell.
func PlainBytes(payloadBytes int64) (int64, error) {
	body := payloadBytes - nonceBytes
	if body < tagBytes || payloadBytes > math.MaxInt64-sealedChunk {
		return 0, fmt.Errorf("payload of %d bytes: %w", payloadBytes, ErrTruncated)
	}
	chunks := (body + sealedChunk - 1) / sealedChunk
	// An empty chunk is allowed only as the single chunk of an empty file.
	if last := body - (chunks-1)*sealedChunk; last < tagBytes || (last == tagBytes && chunks > 1) {
		return 0, fmt.Errorf("payload of %d bytes: %w", payloadBytes, ErrTruncated)
	}
	return body - chunks*tagBytes, nil
}

// SealedBytes returns the payload length (nonce included) of plain bytes.
func SealedBytes(plain int64) int64 {
	return nonceBytes + plain + tagBytes*chunkCount(plain)
}

// chunkCount is at least 1: an empty file has one empty chunk.
func chunkCount(plain int64) int64 {
	return max(1, plain/ChunkBytes+min(1, plain%ChunkBytes))
}

// chunkNonce is age's STREAM nonce: an 11-byte big-endian counter and a flag
// that marks the last chunk, so that a cut file cannot pass for a whole one.
func chunkNonce(index int64, last bool) (n [12]byte) {
	for i := 0; i < 8; i++ {
		n[10-i] = byte(index >> (8 * i))
	}
	if last {
		n[11] = 1
	}
	return n
}
