package accesslog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
)

// Names of the files of an export, whole or in part.
const (
	CheckpointFile = "checkpoint"    // the signed note, where C2SP tlog-tiles has it
	EventsFile     = "events.ndjson" // one leaf a line, exactly the bytes that were hashed
	ProofsFile     = "proofs.ndjson" // of an export in part: one inclusion proof for each line of events
)

// maxBundleBytes is 256 entries at their longest.
const maxBundleBytes = TileWidth * (2 + MaxLeafBytes)

// ReadCheckpoint reads and checks the signed note of an export.
func ReadCheckpoint(files fs.FS, v *Verifier) (Checkpoint, error) {
	raw, err := readAtMost(files, CheckpointFile, maxCheckpointBytes)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return OpenCheckpoint(string(raw), v)
}

// readAtMost reads a file that came from a stranger.
func readAtMost(files fs.FS, name string, most int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s: more than %d bytes", name, most)
	}
	return b, err
}

// errLine is a line that no leaf and no proof of ours can be.
var errLine = errors.New("a line that is cut off or too long")

// eachLine gives the lines of a file without their line feed. The last line must
// have one too: a file cut in the middle of a line must not look whole. A line
// scanner would drop a carriage return, and with it a change to the bytes.
func eachLine(files fs.FS, name string, most int, fn func(line []byte) error) error {
	f, err := files.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, most+1)
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF && len(line) == 0: //nolint:errorlint // bufio returns it as it is
			return nil
		case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
			return errLine
		case err != nil:
			return err
		}
		if err := fn(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
}

// errStop ends a walk early; it never leaves this file.
var errStop = errors.New("stop")

// exportedRows are the lines of an export, each at the index that it claims; one
// that claims none stands where it was found.
func exportedRows(files fs.FS) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		next := int64(0)
		err := eachLine(files, EventsFile, MaxLeafBytes, func(line []byte) error {
			index, ok := scan(line)
			if !ok {
				e, err := Decode(line)
				if index = e.Index; err != nil {
					index = next
				}
			}
			next = max(next, index+1)
			if !yield(Row{index, line}, nil) {
				return errStop
			}
			return nil
		})
		if errors.Is(err, errLine) { // the verifier calls it undecodable, and the rest missing
			yield(Row{next, []byte(errLine.Error())}, nil)
		} else if err != nil && !errors.Is(err, errStop) {
			yield(Row{}, err)
		}
	}
}

// ExportedTiles are the tiles of an export of size leaves that was verified, to
// work out the root that the log had when it was smaller.
func ExportedTiles(files fs.FS, size int64) Tiles { return exportedTiles{files, size, new([]byte)} }

// exportedTiles reads the tiles of an export of size leaves.
type exportedTiles struct {
	files fs.FS
	size  int64
	tail  *[]byte // of the unfinished level 0 tile, once read
}

// Tile implements [Tiles].
func (t exportedTiles) Tile(level int, index int64) ([]byte, error) {
	path := TilePath(level, index, TileWidth)
	if (index+1)<<TileHeight > t.size>>(TileHeight*level) {
		return nil, fmt.Errorf("%s: %w", path, ErrNoTile)
	}
	b, err := readAtMost(t.files, path, TileBytes)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: %w", path, ErrNoTile)
	}
	return b, err
}

// LeafHashes implements [Tiles].
func (t exportedTiles) LeafHashes(from, to int64) ([]Hash, error) {
	first := t.size &^ (TileWidth - 1)
	if to <= first { // of a smaller tree than this one
		index := from / TileWidth
		data, err := t.Tile(0, index)
		if errors.Is(err, ErrNoTile) || err == nil && len(data) != TileBytes {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		hashes, err := split(data, TileWidth)
		if err != nil {
			return nil, err
		}
		return hashes[from-index*TileWidth : to-index*TileWidth], nil
	}
	if *t.tail == nil {
		b, err := readAtMost(t.files, TilePath(0, t.size/TileWidth, int(t.size%TileWidth)), TileBytes)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		*t.tail = append([]byte{}, b...)
	}
	have, err := split(*t.tail, len(*t.tail)/len(Hash{}))
	if err != nil || from < first || to > first+int64(len(have)) {
		return nil, nil // lacking: the verifier names what the signed root cannot prove
	}
	return have[from-first : to-first], nil
}
