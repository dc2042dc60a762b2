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
	m, blanked, err := Places(r, size)
	if err != nil {
		return nil, nil, err
	}
	return &overlay{src: io.NewSectionReader(r, 0, size), mask: m}, blanked, nil
}

// Places is [Clean] for whoever reads the film themselves, because they need it as
// it is as well: the mask blanks what they have read.
func Places(r io.ReaderAt, size int64) (*Mask, []Blanked, error) {
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
	return &Mask{patches: c.patches}, c.blanked, nil
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

// Mask is what is written over one film, once, from its start to its end.
type Mask struct {
	patches []patch // sorted by offset; where two overlap, the later one writes over the earlier
	at      int64
}

// Apply blanks the next piece of the film. Pieces have any size and come in order.
func (m *Mask) Apply(piece []byte) {
	end := m.at + int64(len(piece))
	for _, p := range m.patches {
		if p.off >= end {
			break
		}
		if p.end() <= m.at {
			continue
		}
		from, to := max(p.off, m.at), min(p.end(), end)
		for off := from; off < to; off++ {
			v := byte(0)
			if k := off - p.off; k < int64(len(p.put)) {
				v = p.put[k]
			}
			piece[off-m.at] = v
		}
	}
	m.at = end
	m.drop()
}

// drop forgets patches that lie behind, from the front; they are sorted by where
// they begin, so one long patch may keep later ones alive, which does no harm.
func (m *Mask) drop() {
	for len(m.patches) > 0 && m.patches[0].end() <= m.at {
		m.patches = m.patches[1:]
	}
}

// overlay reads src with the mask over it.
type overlay struct {
	src  *io.SectionReader
	mask *Mask
}

func (o *overlay) Read(b []byte) (int, error) {
	n, err := o.src.Read(b)
	o.mask.Apply(b[:n])
	return n, err
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
