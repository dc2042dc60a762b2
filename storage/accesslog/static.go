package accesslog

import "fmt"

// Static lays a log out as the files that verifiers other than ours read: hash
// tiles and entry bundles of C2SP tlog-tiles. It holds one bundle and the tree's
// edge, whatever the size of the log. The zero value is of no use: see [NewStatic].
type Static struct {
	put    func(path string, data []byte) error
	edge   Frontier
	bundle []byte // entries of the unfinished level 0 tile
}

// NewStatic writes each file, once, through put. The caller does not keep data.
func NewStatic(put func(path string, data []byte) error) *Static { return &Static{put: put} }

// Append adds the next leaf, and writes what it fills.
func (s *Static) Append(leaf []byte) (err error) {
	if s.bundle, err = AppendEntry(s.bundle, leaf); err != nil {
		return fmt.Errorf("row %d: %w", s.edge.Size(), err)
	}
	var full []FullTile
	s.edge, full = s.edge.Append(leaf)
	for _, t := range full {
		if err := s.put(TilePath(t.Level, t.Index, TileWidth), t.Data); err != nil {
			return err
		}
		if t.Level == 0 {
			if err := s.put(BundlePath(t.Index, TileWidth), s.bundle); err != nil {
				return err
			}
			s.bundle = s.bundle[:0]
		}
	}
	return nil
}

// Skip adds the next 256 leaves, of which only the hashes are left: they have a tile and
// no entry bundle, as C2SP tlog-tiles has it of a pruned log. It comes before the first
// leaf.
func (s *Static) Skip(hashes []Hash) error {
	if len(hashes) != TileWidth || s.edge.Size()%TileWidth != 0 {
		return fmt.Errorf("row %d: %d hashes, want %d", s.edge.Size(), len(hashes), TileWidth)
	}
	for _, h := range hashes {
		var full []FullTile
		s.edge, full = s.edge.AppendHash(h)
		for _, t := range full {
			if err := s.put(TilePath(t.Level, t.Index, TileWidth), t.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close writes the unfinished tile of each level, and the last bundle.
func (s *Static) Close() error {
	for _, t := range unfinished(s.edge) {
		if err := s.put(TilePath(t.Level, t.Index, t.width()), t.Data); err != nil {
			return err
		}
	}
	if len(s.bundle) == 0 {
		return nil
	}
	size := s.edge.Size()
	return s.put(BundlePath(size/TileWidth, int(size%TileWidth)), s.bundle)
}

// Tree is the tree of what was appended.
func (s *Static) Tree() Frontier { return s.edge }

// width is how many hashes a tile holds.
func (t FullTile) width() int { return len(t.Data) / len(Hash{}) }

// unfinished are the tiles at the tree's right edge that are not full.
func unfinished(f Frontier) (tiles []FullTile) {
	for level := range tileLevels {
		if data := f.PartialTile(level); len(data) > 0 {
			tiles = append(tiles, FullTile{level, f.Size() >> (TileHeight * level) / TileWidth, data})
		}
	}
	return tiles
}
