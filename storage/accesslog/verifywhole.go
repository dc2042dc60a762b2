package accesslog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
)

// VerifyWhole checks an export of a whole log as [Static] and a checkpoint make
// it: that the rows are those of the signed tree, none more and none fewer, that
// each tile follows from them, and that each entry bundle holds them again.
//
// An error means that the files cannot be judged; without a checkpoint of the
// log that v knows it wraps [ErrCheckpoint]. Everything else is a fault.
func VerifyWhole(files fs.FS, v *Verifier, o Options) (Checkpoint, Report, error) {
	c, err := ReadCheckpoint(files, v)
	if err != nil {
		return c, Report{}, err
	}
	tiles := exportedTiles{files, c.Size, new([]byte)}
	run := rowRun{run: newRun(c, o), tiles: tiles, stored: newPrefix(c.Size), loaded: -1, claimed: true}
	if err := run.begin(); errors.Is(err, errLost) {
		return c, run.report, nil
	} else if err != nil {
		return c, run.report, err
	}
	for row, err := range exportedRows(files) {
		if err == nil {
			err = run.exported(row)
		}
		if errors.Is(err, errLost) {
			return c, run.report, nil
		}
		if err != nil {
			return c, run.report, fmt.Errorf("verify row %d: %w", run.next, err)
		}
	}
	r := run.end()
	if r.Unsigned > 0 {
		r.fault(c.Size, c.Size+r.Unsigned-1, OutOfStep, "stands after the last row that the checkpoint commits to")
	}
	if run.stored.tree.Size() == c.Size {
		if err := edges(files, run.stored.tree, &r); err != nil {
			return c, r, err
		}
	}
	return c, r, bundles(files, tiles, o.From, &r)
}

// exported takes a row of an export. A row far beyond the tree is not followed
// there: a stranger's file must not make the verifier walk to index 2^53.
func (v *rowRun) exported(r Row) error {
	if r.Index > max(v.next, v.checkpoint.Size) {
		v.report.Rows++
		v.report.fault(r.Index, r.Index, OutOfStep, fmt.Sprintf("stands where row %d belongs, and the tree has %d", v.next, v.checkpoint.Size))
		return nil
	}
	return v.row(r)
}

// edges compares the unfinished tiles, which no other check reads above level 0.
func edges(files fs.FS, tree Frontier, r *Report) error {
	for _, want := range unfinished(tree) {
		path := TilePath(want.Level, want.Index, want.width())
		have, err := readAtMost(files, path, TileBytes)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || !bytes.Equal(have, want.Data) {
			first := want.Index << (TileHeight * (want.Level + 1))
			r.fault(first, tree.Size()-1, BadTile, path+" is absent or does not follow from the rows")
		}
	}
	return nil
}

// bundles holds each entry against the hash that its tile has for it. It ends with
// the room in the report: the size is whatever somebody signed, and each bundle that
// is absent is a fault.
func bundles(files fs.FS, tiles exportedTiles, from int64, r *Report) error {
	for first := from; first < tiles.size && r.More == 0; first += TileWidth {
		width := min(TileWidth, tiles.size-first)
		path := BundlePath(first/TileWidth, int(width))
		raw, err := readAtMost(files, path, maxBundleBytes)
		if errors.Is(err, fs.ErrNotExist) {
			r.fault(first, first+width-1, BadBundle, path+" is absent")
			continue
		}
		if err != nil {
			return err
		}
		want, err := tiles.hashes(first, width)
		if err != nil {
			return err
		}
		if at, ok := sameEntries(raw, want); !ok {
			r.fault(first+at, first+at, BadBundle, path+" holds something else at this row")
		}
	}
	return nil
}

// hashes are those of a level 0 tile, nil when the export lacks it: its absence
// is a fault already.
func (t exportedTiles) hashes(first, width int64) ([]Hash, error) {
	if width < TileWidth {
		return t.LeafHashes(first, first+width)
	}
	data, err := t.Tile(0, first/TileWidth)
	if errors.Is(err, ErrNoTile) || err == nil && len(data) != TileBytes {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return split(data, TileWidth)
}

// sameEntries reports the first entry of a bundle that is not the leaf hashed.
func sameEntries(bundle []byte, want []Hash) (at int64, ok bool) {
	for i, h := range want {
		if len(bundle) < 2 {
			return int64(i), false
		}
		n := int(binary.BigEndian.Uint16(bundle))
		if bundle = bundle[2:]; len(bundle) < n || LeafHash(bundle[:n]) != h {
			return int64(i), false
		}
		bundle = bundle[n:]
	}
	return int64(max(0, len(want)-1)), len(bundle) == 0 || len(want) == 0
}
