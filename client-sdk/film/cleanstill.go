package film

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

func (c *cleaner) cleanJPEG() error {
	end, err := jpegSegments(c.r, c.size, func(s segment) error {
		if s.marker != 0xE1 && s.marker != 0xED { // APP1: Exif, XMP; APP13: IPTC
			return nil
		}
		b := make([]byte, s.size-4)
		if err := readAt(c.r, b, s.off+4); err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(b, []byte("Exif\x00\x00")):
			return c.cleanExif(s, b[6:])
		case s.marker == 0xED, bytes.HasPrefix(b, []byte("http://ns.adobe.com/")):
			// Whole: XMP and IPTC repeat the place in many spellings.
			c.note("JPEG XMP or IPTC", s.off+4, s.size-4)
			return c.zero(s.off+4, s.size-4)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.dropTail(end)
}

// dropTail zeroes what phones hide behind a picture: a second picture with its
// own Exif, or a short film with its own location.
func (c *cleaner) dropTail(end int64) error {
	if end < c.size {
		c.note("behind the picture", end, c.size-end)
	}
	return c.zero(end, c.size-end)
}

// cleanExif empties the GPS directory and what it points to; the rest of Exif,
// such as which way up the picture is, stays. Exif that does not add up is
// blanked whole.
func (c *cleaner) cleanExif(s segment, tiff []byte) error {
	base := s.off + 10
	spans, ok := gpsSpans(tiff)
	if !ok {
		c.note("Exif", base, int64(len(tiff)))
		return c.zero(base, int64(len(tiff)))
	}
	for _, span := range spans {
		c.note("Exif GPS", base+span[0], span[1])
		if err := c.zero(base+span[0], span[1]); err != nil {
			return err
		}
	}
	return nil
}

// gpsSpans returns offset and length, within the TIFF part of Exif, of every GPS
// directory's entries and of the values outside of it. ok is false when the
// directories cannot be followed. A directory of no entries is left behind.
func gpsSpans(tiff []byte) (spans [][2]int64, ok bool) {
	var order binary.ByteOrder = binary.BigEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case !bytes.HasPrefix(tiff, []byte("MM\x00*")):
		return nil, false
	}
	if len(tiff) < 8 {
		return nil, false
	}
	next := int64(order.Uint32(tiff[4:]))
	for range 8 { // IFD0, the thumbnail's IFD1, and then some
		if next == 0 {
			return spans, true
		}
		dir, after, ok := directory(tiff, next, order)
		if !ok {
			return nil, false
		}
		for _, e := range dir {
			if order.Uint16(e) != 0x8825 {
				continue
			}
			at := int64(order.Uint32(e[8:]))
			gps, _, ok := directory(tiff, at, order)
			if !ok {
				return nil, false
			}
			spans = append(spans, [2]int64{at, 2 + 12*int64(len(gps))})
			for _, e := range gps {
				span, ok := outside(tiff, e, order)
				if !ok {
					return nil, false
				}
				if span[1] > 4 {
					spans = append(spans, span)
				}
			}
		}
		next = after
	}
	return nil, false
}

// directory returns the 12-byte entries of the IFD at off and the next IFD's
// offset.
func directory(tiff []byte, off int64, order binary.ByteOrder) (entries [][]byte, next int64, ok bool) {
	if off < 8 || off+2 > int64(len(tiff)) {
		return nil, 0, false
	}
	n := int64(order.Uint16(tiff[off:]))
	end := off + 2 + 12*n
	if end > int64(len(tiff)) {
		return nil, 0, false
	}
	for i := range n {
		entries = append(entries, tiff[off+2+12*i:off+14+12*i])
	}
	if end+4 <= int64(len(tiff)) { // some writers leave the last pointer out
		next = int64(order.Uint32(tiff[end:]))
	}
	return entries, next, true
}

// outside returns where an entry's value lies; up to 4 bytes stand in the entry.
func outside(tiff, e []byte, order binary.ByteOrder) (span [2]int64, ok bool) {
	sizes := [...]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
	kind := order.Uint16(e[2:])
	if kind == 0 || int(kind) >= len(sizes) {
		return span, false
	}
	n := sizes[kind] * int64(order.Uint32(e[4:]))
	at := int64(order.Uint32(e[8:]))
	if n > 4 && at+n > int64(len(tiff)) {
		return span, false
	}
	return [2]int64{at, n}, true
}

// cleanPNG turns Exif and XMP chunks into private ones of zeros: a chunk's CRC
// covers its type, so both change.
func (c *cleaner) cleanPNG() error {
	end, err := pngChunks(c.r, c.size, func(p chunk) error {
		switch p.kind {
		case "eXIf", "zxIf":
		case "iTXt", "tEXt", "zTXt":
			head := make([]byte, min(p.size-12, 32))
			if err := readAt(c.r, head, p.off+8); err != nil {
				return err
			}
			key := string(head)
			if !bytes.HasPrefix(head, []byte("XML:com.adobe.xmp")) && !bytes.HasPrefix(head, []byte("Raw profile type")) && !speaksOfPlace(key) {
				return nil
			}
		default:
			return nil
		}
		c.note("PNG "+cleanName(p.kind), p.off, p.size)
		return c.emptyChunk(p)
	})
	if err != nil {
		return err
	}
	return c.dropTail(end)
}

func (c *cleaner) emptyChunk(p chunk) error {
	const name = "atFr" // ancillary, private, safe to copy
	sum := crc32.NewIEEE()
	sum.Write([]byte(name))
	zeros := make([]byte, 4096)
	for n := p.size - 12; n > 0; n -= int64(len(zeros)) {
		sum.Write(zeros[:min(n, int64(len(zeros)))])
	}
	if err := c.overwrite(p.off+4, p.size-8, []byte(name)); err != nil {
		return err
	}
	return c.overwrite(p.off+p.size-4, 4, binary.BigEndian.AppendUint32(nil, sum.Sum32()))
}
