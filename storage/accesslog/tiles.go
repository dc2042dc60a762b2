package accesslog

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrNoTile is what [Tiles.Tile] wraps for a tile that was never filled.
var ErrNoTile = errors.New("no such tile")

// Tiles is what a store keeps of a tree: each tile once it is full, and the
// leaves' own hashes. What lies between is computed from these two.
type Tiles interface {
	// Tile returns the [TileBytes] of a full tile, or an error that wraps
	// ErrNoTile. The caller does not change the bytes.
	Tile(level int, index int64) ([]byte, error)

	// LeafHashes returns the hashes of leaves from ≤ i < to, all within one tile
	// of 256, which may have been filled since; fewer when rows are lacking. A
	// store that keeps these hashes beside the leaves lets VerifyRows name an
	// altered row in the unfinished tile too; one that hashes the leaves again
	// leaves that to the root, which names no row.
	LeafHashes(from, to int64) ([]Hash, error)
}

// Load rebuilds the frontier of the tree's first size leaves, reading at most
// 255 tiles a level and 255 leaf hashes: about 80 tiles for a million leaves.
func Load(t Tiles, size int64) (Frontier, error) {
	if size < 0 || size > maxInteger {
		return Frontier{}, fmt.Errorf("load frontier: size %d out of range", size)
	}
	f := Frontier{size: size}
	r := reader{tiles: t, size: size}
	// From the top: the biggest subtrees lie leftmost and deepest in the stack.
	for level := tileLevels - 1; level >= 0; level-- {
		count := size >> (TileHeight * level)
		first := count &^ (TileWidth - 1)
		if first == count {
			continue
		}
		tail, err := r.row(level, first, count)
		if err != nil {
			return Frontier{}, fmt.Errorf("load frontier of %d: %w", size, err)
		}
		for _, h := range tail {
			f.tails[level] = &cell{h, f.tails[level]}
		}
		for width := TileWidth / 2; width > 0; width /= 2 {
			if len(tail)&width != 0 {
				done := len(tail) &^ (2*width - 1) // hashes in bigger subtrees
				f.peaks = &cell{subtree(tail[done : done+width]), f.peaks}
			}
		}
	}
	return f, nil
}

// TileHashes returns the hashes of leaves from ≤ i < to from their full tile, all within
// one: where the leaves themselves are gone.
func TileHashes(t Tiles, from, to int64) ([]Hash, error) {
	index := from / TileWidth
	data, err := t.Tile(0, index)
	if err != nil {
		return nil, err
	}
	hashes, err := split(data, TileWidth)
	if err != nil {
		return nil, err
	}
	return hashes[from-index*TileWidth : to-index*TileWidth], nil
}

// reader serves the tree's nodes to tlog from tiles and leaf hashes. It lives
// for one call and remembers the tiles that it has read.
type reader struct {
	tiles Tiles
	size  int64
	edge  *Frontier // the edge of exactly this size, if at hand
	kept  map[tileID][]Hash
	nodes map[int64]Hash // nodes worked out before, for a Prover; else nil
}

type tileID struct {
	level int
	index int64
}

// ReadHashes implements [tlog.HashReader].
func (r *reader) ReadHashes(indexes []int64) ([]Hash, error) {
	hashes := make([]Hash, len(indexes))
	for i, x := range indexes {
		if h, ok := r.nodes[x]; ok {
			hashes[i] = h
			continue
		}
		level, n := tlog.SplitStoredHashIndex(x)
		within := level % TileHeight
		row, err := r.row(level/TileHeight, n<<within, (n+1)<<within)
		if err != nil {
			return nil, err
		}
		hashes[i] = subtree(row)
		if r.nodes != nil {
			r.nodes[x] = hashes[i]
		}
	}
	return hashes, nil
}

// row returns the hashes from ≤ i < to of a tile level, all in one tile.
func (r *reader) row(level int, from, to int64) ([]Hash, error) {
	index := from / TileWidth
	first := index * TileWidth
	if (index+1)<<TileHeight <= r.size>>(TileHeight*level) {
		tile, err := r.full(tileID{level, index})
		if err != nil {
			return nil, err
		}
		return tile[from-first : to-first], nil
	}
	if r.edge != nil {
		tail, err := split(r.edge.PartialTile(level), int(r.size>>(TileHeight*level)-first))
		if err != nil {
			return nil, err
		}
		return tail[from-first : to-first], nil
	}
	if level == 0 {
		hashes, err := r.tiles.LeafHashes(from, to)
		if err == nil && int64(len(hashes)) != to-from {
			err = fmt.Errorf("%d hashes", len(hashes))
		}
		if err != nil {
			return nil, fmt.Errorf("leaf hashes %d to %d: %w", from, to, err)
		}
		return hashes, nil
	}
	// An unfinished tile above the leaves is not stored: each of its hashes is
	// the root of a full tile below.
	roots := make([]Hash, 0, to-from)
	for i := from; i < to; i++ {
		tile, err := r.full(tileID{level - 1, i})
		if err != nil {
			return nil, err
		}
		roots = append(roots, subtree(tile))
	}
	return roots, nil
}

func (r *reader) full(id tileID) ([]Hash, error) {
	if tile, ok := r.kept[id]; ok {
		return tile, nil
	}
	data, err := r.tiles.Tile(id.level, id.index)
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d: %w", id.level, id.index, err)
	}
	tile, err := split(data, TileWidth)
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d: %w", id.level, id.index, err)
	}
	if r.kept == nil {
		r.kept = make(map[tileID][]Hash)
	}
	r.kept[id] = tile
	return tile, nil
}
