package film

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	maxSegments = 1 << 14 // a JPEG has some dozens, a PNG some hundreds
	markSOS     = 0xDA
	markEOI     = 0xD9
)

// segment is one JPEG marker segment: 0xFF, the marker, two bytes of length,
// content. off is that of 0xFF; size includes everything.
type segment struct {
	marker    byte
	off, size int64
}

// jpegSegments calls do for every segment up to the picture's end, and returns
// where that is. Compressed picture data between segments is searched for the
// next marker, but nothing of it is kept.
func jpegSegments(r io.ReaderAt, size int64, do func(segment) error) (end int64, err error) {
	var h [4]byte
	for off, n := int64(2), 0; ; n++ {
		if n > maxSegments {
			return 0, fmt.Errorf("%w: more than %d segments", ErrMalformed, maxSegments)
		}
		if err := readAt(r, h[:2], off); err != nil {
			return 0, err
		}
		if h[0] != 0xFF {
			return 0, fmt.Errorf("%w: no JPEG marker at %d", ErrMalformed, off)
		}
		if h[1] == 0xFF { // fill byte
			off++
			continue
		}
		if h[1] == markEOI {
			return off + 2, nil
		}
		if h[1] == 0x01 || h[1] >= 0xD0 && h[1] <= 0xD7 {
			off += 2
			continue
		}
		if err := readAt(r, h[:], off); err != nil {
			return 0, err
		}
		s := segment{h[1], off, 2 + int64(binary.BigEndian.Uint16(h[2:]))}
		if s.size < 4 {
			return 0, fmt.Errorf("%w: JPEG segment at %d is too short", ErrMalformed, off)
		}
		if off+s.size > size {
			return 0, fmt.Errorf("JPEG segment at %d: %w", off, ErrTruncated)
		}
		if err := do(s); err != nil {
			return 0, err
		}
		off += s.size
		if s.marker == markSOS {
			if off, err = nextMarker(r, off, size); err != nil {
				return 0, err
			}
		}
	}
}

// nextMarker finds the first marker behind compressed data, in which 0xFF is
// followed by 0 or by a restart marker.
func nextMarker(r io.ReaderAt, off, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for ff := false; off < size; {
		b := buf[:min(int64(len(buf)), size-off)]
		if err := readAt(r, b, off); err != nil {
			return 0, err
		}
		for i, c := range b {
			if ff && c != 0 && c != 0xFF && (c < 0xD0 || c > 0xD7) {
				return off + int64(i) - 1, nil
			}
			ff = c == 0xFF
		}
		off += int64(len(b))
	}
	return 0, fmt.Errorf("picture without an end: %w", ErrTruncated)
}

func inspectJPEG(r io.ReaderAt, size int64) (Info, error) {
	i := Info{MediaType: "image/jpeg"}
	_, err := jpegSegments(r, size, func(s segment) error {
		frame := s.marker >= 0xC0 && s.marker <= 0xCF && s.marker != 0xC4 && s.marker != 0xC8 && s.marker != 0xCC
		if !frame || i.Width > 0 {
			return nil
		}
		b := make(fields, min(s.size, 9))
		if err := readAt(r, b, s.off); err != nil {
			return err
		}
		i.Height, i.Width = b.u16(5), b.u16(7)
		return nil
	})
	if err == nil && i.Width == 0 {
		err = fmt.Errorf("%w: a JPEG without a picture", ErrMalformed)
	}
	return i, err
}

// chunk is one PNG chunk; size includes length, type and CRC.
type chunk struct {
	kind      string
	off, size int64
}

// pngChunks calls do for every chunk and returns where the picture ends.
func pngChunks(r io.ReaderAt, size int64, do func(chunk) error) (end int64, err error) {
	var h [8]byte
	for off, n := int64(8), 0; ; n++ {
		if n > maxSegments {
			return 0, fmt.Errorf("%w: more than %d chunks", ErrMalformed, maxSegments)
		}
		if err := readAt(r, h[:], off); err != nil {
			return 0, err
		}
		c := chunk{string(h[4:]), off, 12 + int64(binary.BigEndian.Uint32(h[:4]))}
		if off+c.size > size {
			return 0, fmt.Errorf("PNG chunk at %d: %w", off, ErrTruncated)
		}
		if err := do(c); err != nil {
			return 0, err
		}
		if off += c.size; c.kind == "IEND" {
			return off, nil
		}
	}
}

func inspectPNG(r io.ReaderAt, size int64) (Info, error) {
	i := Info{MediaType: "image/png"}
	_, err := pngChunks(r, size, func(c chunk) error {
		if c.kind != "IHDR" || c.size < 20 {
			return nil
		}
		b := make(fields, 8)
		if err := readAt(r, b, c.off+8); err != nil {
			return err
		}
		i.Width, i.Height = int(b.u32(0)), int(b.u32(4))
		return nil
	})
	if err == nil && (i.Width <= 0 || i.Width > 1<<20 || i.Height <= 0 || i.Height > 1<<20) {
		err = fmt.Errorf("%w: a PNG of %d×%d", ErrMalformed, i.Width, i.Height)
	}
	return i, err
}
