package film

import (
	"fmt"
	"strings"
)

func (c *cleaner) cleanMP4() error {
	return c.each(0, c.size, 0, func(b box, depth int) error { return c.cleanBox("", b, depth) })
}

// cleanBox goes down the boxes that hold metadata, in the film's index and in
// its fragments, and blanks those that say where.
func (c *cleaner) cleanBox(path string, b box, depth int) error {
	path = strings.TrimPrefix(path+"/"+boxName(b.kind), "/")
	inside := func(b box, depth int) error { return c.cleanBox(path, b, depth) }
	switch b.kind {
	case "moov", "udta", "moof", "traf":
		return c.each(b.start(), b.end(), depth, inside)
	case "trak":
		if gone, err := c.cleanPositionTrack(path, b, depth); gone || err != nil {
			return err
		}
		return c.each(b.start(), b.end(), depth, inside)
	case "mdia":
		return c.each(b.start(), b.end(), depth, inside)
	case "meta":
		return c.cleanMeta(path, b, depth)
	case "\xa9xyz", "\xa9loc", "\xa9gps", "loci", "gps ", "gps0", "GPMF", "XMP_", "uuid":
		return c.blank(path, b)
	case "\x00\x00\x00\x00": // what follows a size of 0 inside a box; no reader looks there
		return c.zero(b.start(), b.size-b.head)
	}
	return nil
}

// blank makes a free box of b. Every uuid box is a maker's own or XMP: nothing
// in them is needed to play, and cameras put positions there.
func (c *cleaner) blank(path string, b box) error {
	c.note(path, b.off, b.size)
	if err := c.overwrite(b.off+4, 4, []byte("free")); err != nil {
		return err
	}
	return c.zero(b.start(), b.size-b.head)
}

// cleanMeta reads one metadata box: keys and ilst by index (QuickTime), ilst by
// four characters or by name (iTunes). In ISO files it begins with a version.
func (c *cleaner) cleanMeta(path string, meta box, depth int) error {
	start, err := c.metaStart(meta)
	if err != nil {
		return err
	}
	var places map[uint32]bool
	var list box
	err = c.each(start, meta.end(), depth, func(b box, _ int) error {
		switch b.kind {
		case "keys":
			places, err = c.placeKeys(b)
			return err
		case "ilst":
			list = b
		case "xml ", "bxml", "uuid", "XMP_":
			return c.blank(path+"/"+boxName(b.kind), b)
		}
		return nil
	})
	if err != nil || list.size == 0 {
		return err
	}
	return c.each(list.start(), list.end(), depth+1, func(item box, depth int) error {
		name := path + "/ilst/" + boxName(item.kind)
		switch index := fields(item.kind).u32(0); {
		case places[index]:
			return c.blankValue(fmt.Sprintf("%s/ilst/%d", path, index), item, depth)
		case item.kind == "\xa9xyz" || item.kind == "\xa9loc" || item.kind == "loci":
			return c.blank(name, item)
		case item.kind == "----":
			text, err := c.content(item, 4096)
			if err != nil || !speaksOfPlace(string(text)) {
				return err
			}
			return c.blank(name, item)
		}
		return nil
	})
}

func (c *cleaner) metaStart(meta box) (int64, error) {
	b, err := c.content(meta, 8)
	if err != nil {
		return 0, err
	}
	if fields(b).text(4, 4) == "hdlr" { // QuickTime: boxes from the first byte
		return meta.start(), nil
	}
	return min(meta.start()+4, meta.end()), nil
}

// placeKeys returns the numbers, from 1, of the keys that speak of a place.
func (c *cleaner) placeKeys(keys box) (map[uint32]bool, error) {
	if keys.size-keys.head > maxLeafBytes {
		return nil, fmt.Errorf("%w: keys of %d bytes", ErrMalformed, keys.size)
	}
	b, err := c.content(keys, maxLeafBytes)
	if err != nil {
		return nil, err
	}
	places := map[uint32]bool{}
	f, at := fields(b), 8
	for n := uint32(1); n <= f.u32(4); n++ {
		size := int(f.u32(at))
		if size < 8 || size > len(f)-at {
			return nil, fmt.Errorf("%w: key %d runs past its box", ErrMalformed, n)
		}
		if speaksOfPlace(f.text(at+8, size-8)) {
			places[n] = true
		}
		at += size
	}
	return places, nil
}

// blankValue zeroes what stands in an item's data boxes and leaves the item, so
// that keys keep their numbers.
func (c *cleaner) blankValue(path string, item box, depth int) error {
	return c.each(item.start(), item.end(), depth, func(b box, _ int) error {
		skip := int64(8) // type and locale
		if b.kind != "data" || b.size-b.head < skip {
			skip = 0
		}
		c.note(path, b.start()+skip, b.end()-b.start()-skip)
		return c.zero(b.start()+skip, b.end()-b.start()-skip)
	})
}

// boxName spells a box's type for a person: QuickTime's 0xA9 is ©.
func boxName(kind string) string {
	if rest, ok := strings.CutPrefix(kind, "\xa9"); ok {
		return "©" + cleanName(rest)
	}
	return cleanName(kind)
}
