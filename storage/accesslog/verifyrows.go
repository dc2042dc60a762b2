package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
)

// Row is one stored leaf and the index it is stored under.
type Row struct {
	Index int64
	Leaf  []byte
}

// VerifyRows compares every row with the hash that was stored when it was
// appended, every full tile with the tiles below it, and all with the
// checkpoint. So it names an altered row, and says of a difference whether row
// or hash was changed: the one whose tree gives the signed root is right.
//
// Rows come in ascending order. The error is that of the rows or the tiles, or
// of a senseless Options.From; a tile that is absent or torn is a fault.
func VerifyRows(rows iter.Seq2[Row, error], t Tiles, c Checkpoint, o Options) (Report, error) {
	v := rowRun{run: newRun(c, o), tiles: t, stored: newPrefix(c.Size), loaded: -1}
	if err := v.begin(); err != nil {
		return v.report, err
	}
	for row, err := range rows {
		if err == nil {
			err = v.row(row)
		}
		if err != nil {
			return v.report, fmt.Errorf("verify row %d: %w", v.next, err)
		}
	}
	return v.end(), nil
}

// rowRun is one run of VerifyRows. Two trees grow side by side: over the rows
// as they are, and over the hashes that were stored for them.
type rowRun struct {
	run
	tiles  Tiles
	stored prefix
	loaded int64  // number of the level 0 tile in tile, or -1
	tile   []Hash // nil when that tile is not full

	claimed bool // a stranger's files: nothing bounds the size but their word
}

// errLost ends a run over an export that lacks so much that nothing more of it can
// be told.
var errLost = errors.New("too much is missing")

// begin passes over what was pruned.
func (v *rowRun) begin() error {
	from := v.options.From
	if from < 0 || from%TileWidth != 0 || from > v.checkpoint.Size {
		return fmt.Errorf("verify from row %d: not a multiple of %d up to %d", from, TileWidth, v.checkpoint.Size)
	}
	return v.skip(from)
}

func (v *rowRun) row(r Row) error {
	if r.Index < v.next {
		v.report.Rows++
		v.report.fault(r.Index, r.Index, OutOfStep, fmt.Sprintf("stored where row %d belongs", v.next))
		return nil
	}
	if r.Index > v.next {
		v.report.fault(v.next, r.Index-1, Missing, fmt.Sprintf("followed by row %d", r.Index))
	}
	if err := v.skip(r.Index); err != nil {
		return err
	}
	if n, ok := v.read(r.Leaf); ok && n != r.Index {
		v.report.fault(r.Index, r.Index, OutOfStep, fmt.Sprintf("holds row %d", n))
	}
	if r.Index < v.checkpoint.Size { // what nobody signed accounts for nothing
		v.pruned.Row(r.Index, r.Leaf, v.stored.tree.Root)
		v.pruned.Row(r.Index, r.Leaf, v.rows.tree.Root)
	}
	now := LeafHash(r.Leaf)
	was, known, err := v.hash(r.Index)
	if err != nil {
		return err
	}
	if known && was != now {
		v.report.fault(r.Index, r.Index, Altered, "differs from the hash stored when it was appended")
	}
	if !known {
		was = now
	}
	return v.append(now, was)
}

// skip passes over rows that are pruned or missing. Their stored hashes take
// their place in both trees, so that the rest can still be proved; where there
// is none, the zero hash makes the root wrong, as it must be.
//
// Whoever signs can claim any number of rows. An export with more faults than a
// report holds is not followed through rows that it does not have: see [errLost].
func (v *rowRun) skip(to int64) error {
	for v.next < to {
		if v.claimed && v.report.More > 0 {
			return errLost
		}
		was, _, err := v.hash(v.next)
		if err == nil {
			err = v.append(was, was)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *rowRun) append(now, was Hash) error {
	v.rows.append(now)
	v.next++
	for _, full := range v.stored.append(was) {
		if full.Level == 0 {
			continue // each of its hashes has been compared with its row
		}
		if err := v.compare(full); err != nil {
			return err
		}
	}
	return nil
}

// compare holds a stored tile above the leaves against the roots of the tiles
// below. It finds a row and its leaf hash that were changed together, to within
// one tile of the level below.
func (v *rowRun) compare(full FullTile) error {
	span := int64(1) << (TileHeight * full.Level) // leaves under one hash
	first := full.Index * TileWidth * span
	data, err := v.tiles.Tile(full.Level, full.Index)
	switch {
	case errors.Is(err, ErrNoTile) || err == nil && len(data) != TileBytes:
		v.report.fault(first, v.next-1, BadTile, fmt.Sprintf("tile %d/%d is absent or torn", full.Level, full.Index))
		return nil
	case err != nil:
		return err
	}
	size := len(Hash{})
	for i := range TileWidth {
		if at := i * size; !bytes.Equal(data[at:at+size], full.Data[at:at+size]) {
			from := first + int64(i)*span
			v.report.fault(from, from+span-1, BadTile,
				fmt.Sprintf("tile %d/%d does not follow from the hashes below", full.Level, full.Index))
		}
	}
	return nil
}

// hash returns the hash stored for leaf i: from its full tile, else from the
// leaf hashes of the tail; not known when the store has neither.
func (v *rowRun) hash(i int64) (h Hash, known bool, err error) {
	if index := i / TileWidth; index != v.loaded {
		if err := v.load(index); err != nil {
			return Hash{}, false, err
		}
	}
	if v.tile != nil {
		return v.tile[i%TileWidth], true, nil
	}
	tail, err := v.tiles.LeafHashes(i, i+1)
	if err != nil || len(tail) != 1 {
		return Hash{}, false, err
	}
	return tail[0], true, nil
}

func (v *rowRun) load(index int64) error {
	data, err := v.tiles.Tile(0, index)
	if err != nil && !errors.Is(err, ErrNoTile) {
		return err
	}
	v.loaded, v.tile = index, nil
	if err == nil {
		v.tile, err = split(data, TileWidth)
	}
	last := (index+1)*TileWidth - 1
	if err != nil && (last < v.checkpoint.Size || !errors.Is(err, ErrNoTile)) {
		v.report.fault(index*TileWidth, last, BadTile, fmt.Sprintf("tile 0/%d is absent or torn", index))
	}
	return nil
}

// end judges by the signature. Whichever tree gives the signed root is what was
// signed, and the other was changed afterwards.
func (v *rowRun) end() Report {
	v.close()
	size := v.checkpoint.Size
	switch {
	case v.rows.gives(v.checkpoint):
		for i, f := range v.report.Faults {
			if f.Kind == Altered && f.Index < size {
				v.report.Faults[i].Kind = BadTile
				v.report.Faults[i].Why = "the signed root proves the row: its stored hash was changed"
			}
		}
	case v.stored.gives(v.checkpoint):
		// The altered rows have been named, each against a hash that is proved.
	default:
		v.report.fault(v.options.From, max(0, size-1), WrongRoot, fmt.Sprintf(
			"neither rows nor stored hashes give the signed root: they were changed together, or a row from %d on, which no full tile covers",
			size&^(TileWidth-1)))
	}
	return v.report
}
