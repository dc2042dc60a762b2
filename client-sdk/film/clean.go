package film

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Blanked says what was taken out: the place, for the record of what was done to
// the source (clip.add), never the content.
type Blanked struct {
	Box    string // "moov/udta/loci", "Exif GPS", …
	Offset int64  // bytes from the start of the file
	Bytes  int64
}

// Clean returns a reader of the same size in which the places that say where
// the film was made read as zeros, and the list of them. Nothing moves: boxes
// become "free" boxes of their size, so every offset in the file stays right.
//
//   - MP4, QuickTime: location in user data (©xyz, loci and makers' own), in
//     metadata keys that speak of location or GPS, XMP and makers' uuid boxes,
//     and whole tracks of position beside the film (GoPro, Google, Apple).
//   - WebM: tags, if one speaks of location or GPS.
//   - JPEG: the GPS part of Exif, XMP, IPTC, and all that follows the picture
//     (second pictures and short films that phones hide there).
//   - PNG: Exif and XMP, and all that follows the picture.
//
// A file that Clean cannot follow to its end is refused with the errors of
// [Inspect], because what it cannot read it cannot blank. What is shown or said
// in the film itself, and a name in a title, stay.
func Clean(r io.ReaderAt, size int64) (io.Reader, []Blanked, error) {
	kind, err := kindOf(r, size)
	if err != nil {
		return nil, nil, err
	}
	c := &cleaner{walker: walker{r: r}, size: size}
	switch kind {
	case isoMedia:
		err = c.cleanMP4()
	case matroska:
		err = c.elements(0, size, c.cleanWebM)
	case jpegStill:
		err = c.cleanJPEG()
	case pngStill:
		err = c.cleanPNG()
	}
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(c.patches, func(a, b patch) int { return cmp.Compare(a.off, b.off) })
	slices.SortStableFunc(c.blanked, func(a, b Blanked) int { return cmp.Compare(a.Offset, b.Offset) })
	return &overlay{src: io.NewSectionReader(r, 0, size), patches: c.patches}, c.blanked, nil
}

const maxPatches = 1 << 20 // samples of a position track, in the worst case

type cleaner struct {
	walker
	size    int64
	patches []patch
	blanked []Blanked
}

// patch puts put, then zeros up to size bytes, over the file at off.
type patch struct {
	off, size int64
	put       []byte
}

func (p patch) end() int64 { return p.off + p.size }

func (c *cleaner) zero(off, size int64) error { return c.overwrite(off, size, nil) }

func (c *cleaner) overwrite(off, size int64, put []byte) error {
	if size <= 0 {
		return nil
	}
	if off < 0 || size > c.size || off > c.size-size {
		return fmt.Errorf("%d bytes at %d: %w", size, off, ErrTruncated)
	}
	if len(c.patches) >= maxPatches {
		return fmt.Errorf("%w: more than %d places to blank", ErrMalformed, maxPatches)
	}
	c.patches = append(c.patches, patch{off, size, put})
	return nil
}

func (c *cleaner) note(where string, off, size int64) {
	c.blanked = append(c.blanked, Blanked{where, off, size})
}

// overlay reads src with the patches over it. They are sorted by offset; where
// two overlap, the later one writes over the earlier.
type overlay struct {
	src     *io.SectionReader
	patches []patch
	at      int64
}

func (o *overlay) Read(b []byte) (int, error) {
	n, err := o.src.Read(b)
	end := o.at + int64(n)
	for _, p := range o.patches {
		if p.off >= end {
			break
		}
		if p.end() <= o.at {
			continue
		}
		from, to := max(p.off, o.at), min(p.end(), end)
		for off := from; off < to; off++ {
			v := byte(0)
			if k := off - p.off; k < int64(len(p.put)) {
				v = p.put[k]
			}
			b[off-o.at] = v
		}
	}
	o.at = end
	o.drop()
	return n, err
}

// drop forgets patches that lie behind, from the front; they are sorted by where
// they begin, so one long patch may keep later ones alive, which does no harm.
func (o *overlay) drop() {
	for len(o.patches) > 0 && o.patches[0].end() <= o.at {
		o.patches = o.patches[1:]
	}
}

// speaksOfPlace reports whether a metadata key or tag is about location.
func speaksOfPlace(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "location") || strings.Contains(text, "gps") || strings.Contains(text, "geo")
}

// cleanWebM blanks all tags when one of them speaks of a place: they are names
// and statistics, and nothing needs them to play.
func (c *cleaner) cleanWebM(e element) error {
	switch e.id {
	case idSegment:
		if e.len < 0 {
			return nil
		}
		return c.elements(e.start(), e.start()+e.len, c.cleanWebM)
	case idTags:
		if e.len < 0 || e.len > maxLeafBytes {
			return fmt.Errorf("%w: tags of %d bytes", ErrMalformed, e.len)
		}
		text, err := c.bytes(e, maxLeafBytes)
		if err != nil || !speaksOfPlace(string(text)) {
			return err
		}
		c.note("Segment/Tags", e.off, e.head+e.len)
		return c.void(e)
	}
	return nil
}

// void writes an EBML Void element of the same size over e.
func (c *cleaner) void(e element) error {
	size := e.head + e.len
	head := []byte{0xEC, 0x80 | byte(size-2)} // one byte of length holds up to 126
	if size > 128 {
		n := uint64(size - 9)
		head = []byte{0xEC, 0x01, byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return c.overwrite(e.off, size, head)
}
