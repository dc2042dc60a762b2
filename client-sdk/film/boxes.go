package film

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	maxBoxes     = 1 << 20 // an hour of WebM without cluster sizes has 270,000 blocks
	maxDepth     = 10      // moov/trak/mdia/minf/stbl/stsd/mp4a/wave/esds is 9
	maxLeafBytes = 1 << 20 // the largest box whose content is read; tables of samples are not
)

// box is one ISO-BMFF box: type and size in front, then content or more boxes.
type box struct {
	kind string // four characters
	off  int64  // of the header
	head int64  // 8, or 16 with a 64-bit size
	size int64  // header included
}

func (b box) start() int64 { return b.off + b.head }
func (b box) end() int64   { return b.off + b.size }

// walker reads box headers and counts them, so that a file of a billion empty
// boxes is refused and not walked.
type walker struct {
	r     io.ReaderAt
	boxes int
}

// each calls do for every box between start and end. Only at the top level may
// a box have size 0, "to the end". Inside, less than a header's worth of bytes
// at the end is padding: QuickTime closes user data with a zero word.
func (w *walker) each(start, end int64, depth int, do func(b box, depth int) error) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: boxes nested deeper than %d", ErrMalformed, maxDepth)
	}
	for off := start; off < end; {
		if end-off < 8 {
			if depth > 0 {
				return nil
			}
			return fmt.Errorf("%d bytes behind the last box: %w", end-off, ErrTruncated)
		}
		b, err := w.header(off, end, depth)
		if err != nil {
			return err
		}
		if err := do(b, depth+1); err != nil {
			return err
		}
		off = b.end()
	}
	return nil
}

func (w *walker) header(off, end int64, depth int) (box, error) {
	if w.boxes++; w.boxes > maxBoxes {
		return box{}, fmt.Errorf("%w: more than %d boxes", ErrMalformed, maxBoxes)
	}
	var h [16]byte
	if err := readAt(w.r, h[:8], off); err != nil {
		return box{}, err
	}
	b := box{kind: string(h[4:8]), off: off, head: 8, size: int64(binary.BigEndian.Uint32(h[:4]))}
	switch {
	case b.size == 1:
		if end-off < 16 {
			return box{}, fmt.Errorf("box %q at %d: %w", b.kind, off, ErrTruncated)
		}
		if err := readAt(w.r, h[8:], off+8); err != nil {
			return box{}, err
		}
		b.head, b.size = 16, int64(binary.BigEndian.Uint64(h[8:]))
	case b.size == 0 && depth == 0:
		b.size = end - off
	case b.size == 0 && depth > 0: // QuickTime's end of user data
		b.size = end - off
		b.kind = "\x00\x00\x00\x00"
	}
	if b.size < b.head {
		return box{}, fmt.Errorf("%w: box %q at %d has size %d", ErrMalformed, b.kind, off, b.size)
	}
	if b.size > end-off {
		if depth > 0 {
			return box{}, fmt.Errorf("%w: box %q at %d is larger than what holds it", ErrMalformed, b.kind, off)
		}
		return box{}, fmt.Errorf("box %q at %d runs %d bytes past the end: %w", b.kind, off, b.size-(end-off), ErrTruncated)
	}
	return b, nil
}

// content reads what is in a small box, at most limit bytes of it.
func (w *walker) content(b box, limit int64) ([]byte, error) {
	c := make([]byte, min(b.size-b.head, limit))
	return c, readAt(w.r, c, b.start())
}

// fields reads big-endian numbers and answers 0 past the end, so that a short
// box gives an absent value and never a panic.
type fields []byte

func (f fields) u8(at int) int {
	if at < 0 || at >= len(f) {
		return 0
	}
	return int(f[at])
}

func (f fields) u16(at int) int { return f.u8(at)<<8 | f.u8(at+1) }

func (f fields) u32(at int) uint32 { return uint32(f.u16(at))<<16 | uint32(f.u16(at+2)) }

func (f fields) u64(at int) uint64 { return uint64(f.u32(at))<<32 | uint64(f.u32(at+4)) }

func (f fields) text(at, n int) string {
	if at < 0 || at+n > len(f) {
		return ""
	}
	return string(f[at : at+n])
}
