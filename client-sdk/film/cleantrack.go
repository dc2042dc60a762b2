package film

import (
	"encoding/binary"
	"fmt"
)

// sampleTable is where a track's samples lie.
type sampleTable struct {
	entry                  string // four characters of the first sample entry
	perChunk, sizes, chunk box    // stsc, stsz, stco or co64
	places                 bool   // the entry's own text speaks of a place (Apple's mebx)
}

// cleanPositionTrack looks for a track that records positions beside the film:
// GoPro's gpmd, Google's camm, Apple's mebx when its keys name a location. Its
// samples are zeroed where they lie and the track becomes a free box, since a
// player that finds such a track without sense in it may stumble.
func (c *cleaner) cleanPositionTrack(path string, trak box, depth int) (gone bool, err error) {
	var t sampleTable
	if err := c.findTable(&t, trak, depth); err != nil {
		return false, err
	}
	if t.entry != "gpmd" && t.entry != "camm" && !t.places {
		return false, nil
	}
	if err := c.zeroSamples(path+" samples", t); err != nil {
		return false, err
	}
	return true, c.blank(path, trak)
}

func (c *cleaner) findTable(t *sampleTable, in box, depth int) error {
	return c.each(in.start(), in.end(), depth, func(b box, depth int) error {
		switch b.kind {
		case "mdia", "minf", "stbl":
			return c.findTable(t, b, depth)
		case "stsd":
			text, err := c.content(b, 64<<10)
			t.entry = fields(text).text(12, 4)
			t.places = t.entry == "mebx" && speaksOfPlace(string(text))
			return err
		case "stsc":
			t.perChunk = b
		case "stsz":
			t.sizes = b
		case "stco", "co64":
			t.chunk = b
		}
		return nil
	})
}

func (c *cleaner) zeroSamples(where string, t sampleTable) error {
	const mostTable = 16 << 20 // a million samples: some days of positions
	if t.perChunk.size > mostTable || t.sizes.size > mostTable || t.chunk.size > mostTable {
		return fmt.Errorf("%w: sample tables too large", ErrMalformed)
	}
	per, err := c.content(t.perChunk, mostTable)
	if err != nil {
		return err
	}
	sizes, err := c.content(t.sizes, mostTable)
	if err != nil {
		return err
	}
	chunks, err := c.content(t.chunk, mostTable)
	if err != nil {
		return err
	}
	wide := t.chunk.kind == "co64"
	sample, runs := 0, fields(per)
	run, perChunk := 0, 0
	for n := range int(fields(chunks).u32(4)) {
		off := chunkOffset(chunks, n, wide)
		if off < 0 {
			return fmt.Errorf("%w: fewer chunks than said", ErrMalformed)
		}
		for run < int(runs.u32(4)) && int(runs.u32(8+12*run)) <= n+1 {
			if perChunk = int(runs.u32(12 + 12*run)); perChunk == 0 {
				return fmt.Errorf("%w: a chunk without samples", ErrMalformed)
			}
			run++
		}
		bytes := int64(0)
		for range perChunk {
			if sample >= int(fields(sizes).u32(8)) {
				break
			}
			bytes += sampleBytes(sizes, sample)
			if sample++; sample > maxPatches {
				return fmt.Errorf("%w: more than %d samples of position", ErrMalformed, maxPatches)
			}
		}
		if err := c.zero(off, bytes); err != nil {
			return err
		}
		if bytes > 0 {
			c.note(where, off, bytes)
		}
	}
	return nil
}

func sampleBytes(stsz fields, n int) int64 {
	if all := stsz.u32(4); all != 0 {
		return int64(all)
	}
	return int64(stsz.u32(12 + 4*n))
}

func chunkOffset(table []byte, n int, wide bool) int64 {
	at, step := 8+4*n, 4
	if wide {
		at, step = 8+8*n, 8
	}
	if at+step > len(table) {
		return -1
	}
	if wide {
		return int64(binary.BigEndian.Uint64(table[at:]))
	}
	return int64(binary.BigEndian.Uint32(table[at:]))
}
