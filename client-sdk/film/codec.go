package film

import (
	"fmt"
	"math/bits"
	"strings"
)

// sampleEntry names the codec of a track's first sample entry, as RFC 6381 has
// it. An entry that it does not know keeps its four characters.
func (m *movie) sampleEntry(stsd box, depth int) (codec string, err error) {
	if stsd.size-stsd.head < 16 {
		return "", nil
	}
	err = m.each(stsd.start()+8, stsd.end(), depth, func(entry box, depth int) error {
		if codec != "" {
			return nil
		}
		codec = cleanName(entry.kind)
		c, err := m.content(entry, 64)
		if err != nil {
			return err
		}
		skip := int64(78) // a visual sample entry's fields
		if isSound(entry.kind) {
			skip = 28
			switch fields(c).u16(8) { // QuickTime's longer sound entries
			case 1:
				skip += 16
			case 2:
				skip += 36
			}
		}
		if entry.size-entry.head < skip {
			return nil
		}
		return m.each(entry.start()+skip, entry.end(), depth, func(b box, depth int) error {
			return m.codecBox(&codec, b, depth)
		})
	})
	return codec, err
}

func isSound(kind string) bool {
	switch kind {
	case "mp4a", "Opus", "ac-3", "ec-3", "alac", "fLaC", "sowt", "twos", "lpcm", "in24", "in32", "samr", "sawb", "ulaw", "alaw", ".mp3", "raw ":
		return true
	}
	return false
}

func (m *movie) codecBox(codec *string, b box, depth int) error {
	if b.kind == "wave" { // QuickTime puts esds one deeper
		return m.each(b.start(), b.end(), depth, func(b box, depth int) error { return m.codecBox(codec, b, depth) })
	}
	c, err := m.content(b, 4096)
	if err != nil {
		return err
	}
	f := fields(c)
	switch b.kind {
	case "avcC":
		*codec = fmt.Sprintf("%s.%02X%02X%02X", *codec, f.u8(1), f.u8(2), f.u8(3))
	case "hvcC":
		*codec += hevcSuffix(f)
	case "vpcC":
		*codec = fmt.Sprintf("%s.%02d.%02d.%02d", *codec, f.u8(4), f.u8(5), f.u8(6)>>4)
	case "av1C":
		tier, depth := "M", 8
		if f.u8(2)&0x80 != 0 {
			tier = "H"
		}
		if f.u8(2)&0x40 != 0 {
			depth = 10
		}
		*codec = fmt.Sprintf("%s.%d.%02d%s.%02d", *codec, f.u8(1)>>5, f.u8(1)&31, tier, depth)
	case "esds":
		*codec += esdsSuffix(f)
	}
	if *codec == "Opus" {
		*codec = "opus"
	}
	return nil
}

// hevcSuffix follows ISO/IEC 14496-15, Annex E: profile, compatibility flags in
// reverse, tier and level, constraint bytes without trailing zeros.
func hevcSuffix(f fields) string {
	var s strings.Builder
	space := []string{"", "A", "B", "C"}[f.u8(1)>>6]
	tier := "L"
	if f.u8(1)&0x20 != 0 {
		tier = "H"
	}
	fmt.Fprintf(&s, ".%s%d.%X.%s%d", space, f.u8(1)&31, bits.Reverse32(f.u32(2)), tier, f.u8(12))
	last := 11
	for ; last >= 6 && f.u8(last) == 0; last-- {
	}
	for at := 6; at <= last; at++ {
		fmt.Fprintf(&s, ".%X", f.u8(at))
	}
	return s.String()
}

// esdsSuffix reads MPEG-4 descriptors: the object type, and for AAC (0x40) the
// audio object type of its configuration: "mp4a.40.2" is AAC-LC.
func esdsSuffix(f fields) string {
	at := 4
	next := func() (tag int) { // descriptor lengths have 7 bits in each byte
		tag = f.u8(at)
		at++
		for n := 0; n < 4; n++ {
			at++
			if f.u8(at-1)&0x80 == 0 {
				break
			}
		}
		return tag
	}
	if next() != 3 {
		return ""
	}
	flags := f.u8(at + 2)
	at += 3
	if flags&0x80 != 0 {
		at += 2
	}
	if flags&0x40 != 0 {
		at += 1 + f.u8(at)
	}
	if flags&0x20 != 0 {
		at += 2
	}
	if next() != 4 {
		return ""
	}
	object := f.u8(at)
	at += 13
	if object != 0x40 || next() != 5 {
		return fmt.Sprintf(".%X", object)
	}
	audio := f.u8(at) >> 3
	if audio == 31 {
		audio = 32 + (f.u16(at)>>5)&63
	}
	return fmt.Sprintf(".%X.%d", object, audio)
}

// cleanName keeps a codec's four characters printable: they go on screens and
// into signed statements.
func cleanName(kind string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == ',' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, kind), " ")
}
