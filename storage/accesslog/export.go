package accesslog

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// TilePath returns where a static export keeps a tile of width hashes, as
// verifiers that are not ours look for it: "tile/0/x001/234", and for an
// unfinished tile "tile/0/x001/234.p/7". Width is 1 to [TileWidth].
//
// Source: C2SP tlog-tiles, Merkle tree.
func TilePath(level int, index int64, width int) string {
	path := tlog.Tile{H: TileHeight, L: level, N: index, W: width}.Path()
	return strings.Replace(path, fmt.Sprintf("tile/%d/", TileHeight), "tile/", 1)
}

// BundlePath returns where a static export keeps the leaves under a level 0
// tile: "tile/entries/x001/234".
//
// Source: C2SP tlog-tiles, log entries.
func BundlePath(index int64, width int) string {
	return strings.Replace(TilePath(0, index, width), "tile/0/", "tile/entries/", 1)
}

// AppendEntry appends a leaf to an entry bundle, after its length in two bytes,
// big-endian. Leaves of [Event.Encode] fit.
func AppendEntry(bundle, leaf []byte) ([]byte, error) {
	if len(leaf) > MaxLeafBytes {
		return bundle, fmt.Errorf("leaf of %d bytes, at most %d", len(leaf), MaxLeafBytes)
	}
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(leaf))), leaf...), nil
}
