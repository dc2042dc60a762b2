package accesslog

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a node of the tree: SHA-256, RFC 6962. Its String is standard base64,
// as checkpoints write it.
type Hash = tlog.Hash

const (
	// TileHeight is log2 of [TileWidth], fixed by C2SP tlog-tiles.
	TileHeight = 8
	// TileWidth is the number of hashes in a full tile.
	TileWidth = 1 << TileHeight
	// TileBytes is the length of a full tile's data.
	TileBytes = TileWidth * tlog.HashSize

	// tileLevels covers trees below 2^56 leaves; an index ends at 2^53.
	tileLevels = 7
)

// LeafHash returns SHA-256(0x00 ‖ leaf).
func LeafHash(leaf []byte) Hash { return tlog.RecordHash(leaf) }

// FullTile is a tile that has just received its last hash. Data is [TileBytes]
// long: at Level 0 the hashes of leaves 256·Index onwards, at Level L+1 the
// roots of the tiles of Level L. A full tile never changes.
type FullTile struct {
	Level int
	Index int64
	Data  []byte
}

// Frontier is the right edge of a tree, enough to append and to sign without
// reading anything. The zero value is the empty tree.
//
// A Frontier is a value: Append leaves the receiver untouched, so that a job
// that is rolled back only has to drop its copy, and any older copy can still
// be appended to. Chains of immutable cells make a copy cost 80 bytes rather
// than the edge itself, which is at most 255 hashes a level.
type Frontier struct {
	size  int64
	peaks *cell             // roots of the perfect subtrees, smallest first
	tails [tileLevels]*cell // hashes of each level's partial tile, newest first
}

// cell is one hash of a persistent stack; it is never changed once linked.
type cell struct {
	hash Hash
	next *cell
}

// Size returns the number of leaves.
func (f Frontier) Size() int64 { return f.size }

// Append returns the frontier one leaf later, and each tile that the leaf
// filled, lowest level first: none for 255 leaves in 256. The caller stores
// tiles in the transaction that stores the leaf.
func (f Frontier) Append(leaf []byte) (Frontier, []FullTile) { return f.AppendHash(LeafHash(leaf)) }

// AppendHash is [Frontier.Append] for a leaf of which only the hash is at hand.
func (f Frontier) AppendHash(h Hash) (Frontier, []FullTile) {
	var full []FullTile
	f.tails[0] = &cell{h, f.tails[0]}
	// Each trailing 1 bit of the size is a perfect subtree that h completes.
	completed := bits.TrailingZeros64(uint64(f.size) + 1)
	f.size++
	for level := 1; level <= completed; level++ {
		h = tlog.NodeHash(f.peaks.hash, h)
		f.peaks = f.peaks.next
		if level%TileHeight != 0 {
			continue
		}
		// h is the root of a whole tile: the tile leaves memory for the caller's
		// store, and its root is one hash of the tile above.
		l := level / TileHeight
		full = append(full, FullTile{l - 1, f.size>>level - 1, join(f.tails[l-1])})
		f.tails[l-1] = nil
		if l < tileLevels {
			f.tails[l] = &cell{h, f.tails[l]}
		}
	}
	f.peaks = &cell{h, f.peaks}
	return f, full
}

// Root returns the tree's root; of the empty tree SHA-256 of nothing (RFC 6962
// section 2.1).
func (f Frontier) Root() Hash {
	if f.peaks == nil {
		h, _ := tlog.TreeHash(0, nil) // reads nothing, cannot fail
		return h
	}
	h := f.peaks.hash
	for p := f.peaks.next; p != nil; p = p.next {
		h = tlog.NodeHash(p.hash, h)
	}
	return h
}

// Checkpoint names the tree under a log's origin, ready to be signed.
func (f Frontier) Checkpoint(origin string) Checkpoint {
	return Checkpoint{Origin: origin, Size: f.size, Root: f.Root()}
}

// PartialTile returns the hashes of the unfinished tile of a level, at most 255
// of them concatenated, as an export publishes it beside the full ones.
func (f Frontier) PartialTile(level int) []byte {
	if level < 0 || level >= tileLevels {
		return nil
	}
	return join(f.tails[level])
}

// join writes a stack's hashes oldest first.
func join(top *cell) []byte {
	n := 0
	for c := top; c != nil; c = c.next {
		n++
	}
	data := make([]byte, n*tlog.HashSize)
	for c := top; c != nil; c = c.next {
		n--
		copy(data[n*tlog.HashSize:], c.hash[:])
	}
	return data
}

// split is the inverse of join for n hashes.
func split(data []byte, n int) ([]Hash, error) {
	if len(data) != n*tlog.HashSize {
		return nil, fmt.Errorf("%d bytes, want %d hashes", len(data), n)
	}
	hashes := make([]Hash, n)
	for i := range hashes {
		copy(hashes[i][:], data[i*tlog.HashSize:])
	}
	return hashes, nil
}

// subtree returns the root over a power of two of sibling hashes.
func subtree(hashes []Hash) Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(subtree(hashes[:half]), subtree(hashes[half:]))
}
