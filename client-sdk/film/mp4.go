package film

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// movie gathers what the boxes say.
type movie struct {
	walker
	info             Info
	brand            string
	moov, mdat, moof box // moof: the last
	tracks           []*track
	movieTime        mediaTime
	still            bool // the brand is a picture's (HEIC, AVIF)
}

type track struct {
	id            uint32
	handler       string // vide, soun, …
	codec         string
	width, height int
	time          mediaTime
	frameTicks    uint32 // default of a fragment's samples (trex)
}

// mediaTime is a length in ticks of a clock.
type mediaTime struct {
	ticks     uint64
	perSecond uint32
}

func (m mediaTime) duration() time.Duration {
	const longest = 1000 * time.Hour // beyond that, the file says "unknown" or lies
	if m.perSecond == 0 {
		return 0
	}
	seconds := float64(m.ticks) / float64(m.perSecond)
	if seconds > longest.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
}

func inspectMP4(r io.ReaderAt, size int64) (Info, error) {
	m := &movie{walker: walker{r: r}}
	if err := m.each(0, size, 0, m.top); err != nil {
		return Info{}, err
	}
	if m.still {
		return Info{}, fmt.Errorf("%w: it looks like a HEIC picture, which has to be converted to JPEG", ErrNotVideo)
	}
	if m.moov.size == 0 {
		return Info{}, fmt.Errorf("no index was written: %w", ErrTruncated)
	}
	if m.moof.size > 0 && m.info.Duration == 0 {
		if err := m.lastFragment(); err != nil {
			return Info{}, err
		}
	}
	return m.result()
}

func (m *movie) top(b box, depth int) error {
	switch b.kind {
	case "ftyp":
		c, err := m.content(b, 8)
		m.brand = fields(c).text(0, 4)
		m.still = slices.Contains([]string{"heic", "heix", "hevc", "mif1", "msf1", "avif"}, m.brand)
		return err
	case "moov":
		if m.moov.size > 0 {
			return fmt.Errorf("%w: two indexes", ErrMalformed)
		}
		m.moov = b
		m.info.MoovFirst = m.mdat.size == 0
		return m.each(b.start(), b.end(), depth, m.inMoov)
	case "mdat":
		if m.mdat.size == 0 {
			m.mdat = b
		}
	case "moof":
		m.info.Fragmented = true
		m.moof = b
	case "sidx", "mfra":
		m.info.Indexed = true
	}
	return nil
}

func (m *movie) inMoov(b box, depth int) error {
	switch b.kind {
	case "mvhd":
		c, err := m.content(b, 64)
		m.movieTime = headerTime(c)
		m.info.Duration = m.movieTime.duration()
		return err
	case "mvex":
		m.info.Fragmented = true
		return m.each(b.start(), b.end(), depth, m.inMvex)
	case "trak":
		t := &track{}
		m.tracks = append(m.tracks, t)
		return m.each(b.start(), b.end(), depth, func(b box, d int) error { return m.inTrak(t, b, d) })
	}
	return nil
}

func (m *movie) inMvex(b box, _ int) error {
	c, err := m.content(b, 32)
	if err != nil {
		return err
	}
	f := fields(c)
	switch b.kind {
	case "mehd":
		ticks := uint64(f.u32(4))
		if f.u8(0) == 1 {
			ticks = f.u64(4)
		}
		m.info.Duration = mediaTime{ticks, m.movieTime.perSecond}.duration()
	case "trex":
		if t := m.track(f.u32(4)); t != nil {
			t.frameTicks = f.u32(12)
		}
	}
	return nil
}

func (m *movie) track(id uint32) *track {
	for _, t := range m.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (m *movie) inTrak(t *track, b box, depth int) error {
	switch b.kind {
	case "mdia", "minf", "stbl":
		return m.each(b.start(), b.end(), depth, func(b box, d int) error { return m.inTrak(t, b, d) })
	case "tkhd":
		c, err := m.content(b, 128)
		t.readHeader(c)
		return err
	case "mdhd":
		c, err := m.content(b, 64)
		t.time = headerTime(c)
		return err
	case "hdlr":
		c, err := m.content(b, 16)
		if h := fields(c).text(8, 4); t.handler == "" { // QuickTime writes a second one in minf
			t.handler = h
		}
		return err
	case "stsd":
		codec, err := m.sampleEntry(b, depth)
		t.codec = codec
		return err
	}
	return nil
}

// headerTime reads mvhd and mdhd, which differ only behind these fields.
func headerTime(c fields) mediaTime {
	if c.u8(0) == 1 {
		return mediaTime{c.u64(24), c.u32(20)}
	}
	if c.u32(16) == 1<<32-1 { // unknown, as recorders write it
		return mediaTime{0, c.u32(12)}
	}
	return mediaTime{uint64(c.u32(16)), c.u32(12)}
}

func (t *track) readHeader(c fields) {
	at := 0
	if c.u8(0) == 1 {
		at = 12 // three 64-bit fields
	}
	t.id = c.u32(12 + at)
	if c.u8(0) == 1 {
		t.id = c.u32(20)
	}
	matrix := 40 + at
	t.width, t.height = c.u16(matrix+36), c.u16(matrix+40) // 16.16 fixed point
	if c.u32(matrix) == 0 && c.u32(matrix+16) == 0 {       // a phone held upright: turned by 90°
		t.width, t.height = t.height, t.width
	}
}

// lastFragment finds how long an unindexed fragmented film is: where its last
// fragment begins, plus the lengths of that fragment's samples.
func (m *movie) lastFragment() error {
	return m.each(m.moof.start(), m.moof.end(), 1, func(b box, depth int) error {
		if b.kind != "traf" {
			return nil
		}
		var of *track
		var ticks uint64
		err := m.each(b.start(), b.end(), depth, func(b box, _ int) error {
			c, err := m.content(b, maxLeafBytes)
			if err != nil {
				return err
			}
			switch f := fields(c); b.kind {
			case "tfhd":
				if of = m.track(f.u32(4)); of != nil {
					of.readFragmentHeader(f)
				}
			case "tfdt":
				if ticks = uint64(f.u32(4)); f.u8(0) == 1 {
					ticks = f.u64(4)
				}
			case "trun":
				if of != nil {
					ticks += of.runTicks(f)
				}
			}
			return nil
		})
		if of != nil {
			m.info.Duration = max(m.info.Duration, mediaTime{ticks, of.time.perSecond}.duration())
		}
		return err
	})
}

// readFragmentHeader takes this fragment's default sample length from tfhd.
func (t *track) readFragmentHeader(f fields) {
	at, flags := 8, f.u32(0)
	if flags&1 != 0 {
		at += 8
	}
	if flags&2 != 0 {
		at += 4
	}
	if flags&8 != 0 {
		t.frameTicks = f.u32(at)
	}
}

// runTicks adds up the sample lengths of a trun.
func (t *track) runTicks(f fields) (sum uint64) {
	flags, count := f.u32(0), int(f.u32(4))
	if flags&0x100 == 0 {
		return uint64(count) * uint64(t.frameTicks)
	}
	at, step := 8, 0
	for _, flag := range []uint32{0x1, 0x4} {
		if flags&flag != 0 {
			at += 4
		}
	}
	for _, flag := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if flags&flag != 0 {
			step += 4
		}
	}
	for range min(count, (len(f)-min(at, len(f)))/step) {
		sum += uint64(f.u32(at))
		at += step
	}
	return sum
}

func (m *movie) result() (Info, error) {
	i := m.info
	i.MediaType = "video/mp4"
	if m.brand == "qt  " || m.brand == "" {
		i.MediaType = "video/quicktime"
	}
	i.Indexed = i.Indexed || !i.Fragmented
	var codecs []string
	film := false
	for _, t := range m.tracks {
		switch t.handler {
		case "vide":
			if !film {
				film, i.Width, i.Height = true, t.width, t.height
				codecs = append([]string{t.codec}, codecs...)
			}
		case "soun":
			codecs = append(codecs, t.codec)
		}
	}
	if !film {
		return Info{}, fmt.Errorf("%w: it has no picture, only sound", ErrNotVideo)
	}
	i.Codec = strings.Join(slices.Compact(codecs), ", ")
	return i, nil
}
