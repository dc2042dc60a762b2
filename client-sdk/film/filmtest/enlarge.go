// Package filmtest makes test films larger than they are.
//
// A clip that is smaller than one 512 KiB pull proves nothing about ranges: the
// player has all of it before the first seek. [Enlarge] moves the two halves of
// a small clip apart, so that a seek has to ask for bytes far away. It leaves
// everything else to the film; use it in tests and benchmarks only.
package filmtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Enlarge returns clip, an MP4 with its index in front and one mdat, with a free
// box of padBytes of content between the earlier and the later half of its
// samples, plus 16 bytes for two box headers. Chunk offsets of the later half
// are rewritten, so it plays as before. The padding is a pattern that never
// repeats within 64 KiB, so that bytes from a wrong place are noticed.
func Enlarge(clip []byte, padBytes int64) ([]byte, error) {
	if padBytes < 0 || padBytes > math.MaxUint32-8 {
		return nil, fmt.Errorf("padding of %d bytes", padBytes)
	}
	moov, mdat, err := indexAndFilm(clip)
	if err != nil {
		return nil, err
	}
	head := bytes.Clone(clip[:mdat.start])
	tables, err := chunkTables(head[moov.start+8 : moov.end])
	if err != nil {
		return nil, err
	}
	var offsets []int64
	for _, t := range tables {
		offsets = append(offsets, t.all()...)
	}
	slices.Sort(offsets)
	if len(offsets) < 2 {
		return nil, errors.New("fewer than two chunks: nothing to move apart")
	}
	cut := offsets[len(offsets)/2]
	if cut <= int64(mdat.start)+8 || cut >= int64(mdat.end) {
		return nil, errors.New("chunks lie outside of mdat")
	}
	for _, t := range tables {
		if err := t.move(cut, padBytes+16); err != nil {
			return nil, err
		}
	}
	early, late := clip[mdat.start+8:cut], clip[cut:mdat.end]
	out := make([]byte, 0, int64(len(clip))+padBytes+16)
	out = append(out, head...)
	out = append(appendHeader(out, int64(len(early)), "mdat"), early...)
	out = appendPattern(appendHeader(out, padBytes, "free"), padBytes)
	out = append(appendHeader(out, int64(len(late)), "mdat"), late...)
	return append(out, clip[mdat.end:]...), nil
}

// span is a box with an 8-byte header.
type span struct{ start, end int }

func indexAndFilm(clip []byte) (moov, mdat span, err error) {
	err = boxes(clip, func(kind string, s span) error {
		switch kind {
		case "moov":
			moov = s
		case "mdat":
			if mdat.end > 0 {
				return errors.New("more than one mdat")
			}
			mdat = s
		case "moof":
			return errors.New("a fragmented film")
		}
		return nil
	})
	if err == nil && (moov.end == 0 || mdat.end == 0 || moov.start > mdat.start) {
		err = errors.New("no index in front of the film")
	}
	return moov, mdat, err
}

func boxes(b []byte, do func(kind string, s span) error) error {
	for at := 0; at < len(b); {
		if len(b)-at < 8 {
			return errors.New("half a box")
		}
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size < 8 || size > len(b)-at {
			return fmt.Errorf("box at %d has size %d", at, size)
		}
		if err := do(string(b[at+4:at+8]), span{at, at + size}); err != nil {
			return err
		}
		at += size
	}
	return nil
}

// chunkTable is an stco or co64, in place.
type chunkTable struct {
	entries []byte
	width   int
}

func chunkTables(in []byte) (tables []chunkTable, err error) {
	err = boxes(in, func(kind string, s span) error {
		body := in[s.start+8 : s.end]
		switch kind {
		case "trak", "mdia", "minf", "stbl":
			inner, err := chunkTables(body)
			tables = append(tables, inner...)
			return err
		case "stco", "co64":
			width := map[string]int{"stco": 4, "co64": 8}[kind]
			if len(body) < 8 || len(body)-8 < width*int(binary.BigEndian.Uint32(body[4:])) {
				return errors.New("chunk table is cut")
			}
			tables = append(tables, chunkTable{body[8 : 8+width*int(binary.BigEndian.Uint32(body[4:]))], width})
		}
		return nil
	})
	return tables, err
}

func (t chunkTable) all() (offsets []int64) {
	for e := t.entries; len(e) > 0; e = e[t.width:] {
		offsets = append(offsets, t.get(e))
	}
	return offsets
}

func (t chunkTable) get(e []byte) int64 {
	if t.width == 8 {
		return int64(binary.BigEndian.Uint64(e))
	}
	return int64(binary.BigEndian.Uint32(e))
}

func (t chunkTable) move(from, by int64) error {
	for e := t.entries; len(e) > 0; e = e[t.width:] {
		off := t.get(e)
		if off < from {
			continue
		}
		if t.width == 8 {
			binary.BigEndian.PutUint64(e, uint64(off+by))
		} else if off+by > math.MaxUint32 {
			return errors.New("the film grows past 4 GiB and has 32-bit offsets")
		} else {
			binary.BigEndian.PutUint32(e, uint32(off+by))
		}
	}
	return nil
}

func appendHeader(out []byte, content int64, kind string) []byte {
	return append(binary.BigEndian.AppendUint32(out, uint32(content+8)), kind...)
}

func appendPattern(out []byte, n int64) []byte {
	for x := uint32(1); n > 0; n-- {
		x = x*1664525 + 1013904223
		out = append(out, byte(x>>24))
	}
	return out
}
