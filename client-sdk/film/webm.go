package film

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strings"
	"time"
)

// Matroska element IDs, as RFC 9559 writes them.
const (
	idEBML        = 0x1A45DFA3
	idDocType     = 0x4282
	idSegment     = 0x18538067
	idInfo        = 0x1549A966
	idScale       = 0x2AD7B1
	idDuration    = 0x4489
	idTracks      = 0x1654AE6B
	idTrackEntry  = 0xAE
	idTrackType   = 0x83
	idCodecID     = 0x86
	idPrivate     = 0x63A2
	idVideo       = 0xE0
	idPixelWidth  = 0xB0
	idPixelHeight = 0xBA
	idCues        = 0x1C53BB6B
	idTags        = 0x1254C367
	idCluster     = 0x1F43B675
)

// element is one EBML element.
type element struct {
	id             uint32
	off, head, len int64 // len is the content's; -1 means "until something else begins"
}

func (e element) start() int64 { return e.off + e.head }

// elements calls do for every element between start and end. Elements of unknown
// length, as recorders in browsers write them, are opened in place: what they
// hold follows as if it stood beside them, which is enough to find the index.
func (w *walker) elements(start, end int64, do func(element) error) error {
	for off := start; off < end; {
		e, err := w.element(off, end)
		if err != nil {
			return err
		}
		if err := do(e); err != nil {
			return err
		}
		off = e.start() + max(e.len, 0)
	}
	return nil
}

func (w *walker) element(off, end int64) (element, error) {
	if w.boxes++; w.boxes > maxBoxes {
		return element{}, fmt.Errorf("%w: more than %d elements", ErrMalformed, maxBoxes)
	}
	var h [12]byte
	n := min(end-off, int64(len(h)))
	if err := readAt(w.r, h[:n], off); err != nil {
		return element{}, err
	}
	idLen := bits.LeadingZeros8(h[0]) + 1
	if idLen > 4 {
		return element{}, fmt.Errorf("%w: element at %d has no ID", ErrMalformed, off)
	}
	sizeLen := bits.LeadingZeros8(h[idLen]) + 1
	if sizeLen > 8 || int64(idLen+sizeLen) > n {
		return element{}, fmt.Errorf("element at %d: %w", off, ErrTruncated)
	}
	var id, size [8]byte
	copy(id[8-idLen:], h[:idLen])
	copy(size[8-sizeLen:], h[idLen:idLen+sizeLen])
	e := element{id: uint32(binary.BigEndian.Uint64(id[:])), off: off, head: int64(idLen + sizeLen)}
	all := uint64(1)<<(7*sizeLen) - 1
	v := binary.BigEndian.Uint64(size[:]) & all
	switch {
	case v == all:
		e.len = -1
	case v > uint64(end-e.start()):
		return element{}, fmt.Errorf("element %X at %d runs past the end: %w", e.id, off, ErrTruncated)
	default:
		e.len = int64(v)
	}
	return e, nil
}

// bytes reads a small element's content.
func (w *walker) bytes(e element, limit int64) ([]byte, error) {
	b := make([]byte, min(max(e.len, 0), limit))
	return b, readAt(w.r, b, e.start())
}

func (w *walker) number(e element) (n uint64, err error) {
	b, err := w.bytes(e, 8)
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, err
}

type webm struct {
	walker
	info     Info
	scale    uint64 // nanoseconds per tick
	duration float64
	codecs   []string
	film     bool
}

func inspectWebM(r io.ReaderAt, size int64) (Info, error) {
	m := &webm{walker: walker{r: r}, scale: 1_000_000}
	m.info.MediaType = "video/x-matroska"
	if err := m.elements(0, size, m.top); err != nil {
		return Info{}, err
	}
	if !m.film {
		return Info{}, fmt.Errorf("%w: it has no picture, only sound", ErrNotVideo)
	}
	if d := m.duration * float64(m.scale); d > 0 && d < float64(1000*time.Hour) {
		m.info.Duration = time.Duration(d).Round(time.Millisecond)
	}
	m.info.Codec = strings.Join(m.codecs, ", ")
	return m.info, nil
}

// top sees the file's elements, and those of the segment too.
func (m *webm) top(e element) error {
	switch e.id {
	case idEBML, idInfo, idTracks, idTrackEntry, idVideo:
		if e.len < 0 {
			return fmt.Errorf("%w: element %X without a length", ErrMalformed, e.id)
		}
		if e.id == idTrackEntry {
			return m.track(e)
		}
		return m.elements(e.start(), e.start()+e.len, m.top)
	case idSegment:
		if e.len < 0 {
			return nil
		}
		return m.elements(e.start(), e.start()+e.len, m.top)
	case idDocType:
		b, err := m.bytes(e, 16)
		if strings.TrimRight(string(b), "\x00") == "webm" {
			m.info.MediaType = "video/webm"
		}
		return err
	case idScale:
		n, err := m.number(e)
		m.scale = n
		return err
	case idDuration:
		n, err := m.number(e)
		if m.duration = math.Float64frombits(n); e.len == 4 {
			m.duration = float64(math.Float32frombits(uint32(n)))
		}
		return err
	case idCues:
		m.info.Indexed = true
	}
	return nil
}

func (m *webm) track(entry element) error {
	var kind uint64
	var id string
	var private fields
	err := m.elements(entry.start(), entry.start()+entry.len, func(e element) (err error) {
		switch e.id {
		case idTrackType:
			kind, err = m.number(e)
		case idCodecID:
			var b []byte
			b, err = m.bytes(e, 64)
			id = strings.TrimRight(string(b), "\x00")
		case idPrivate:
			private, err = m.bytes(e, 64)
		case idVideo:
			if !m.film && e.len > 0 {
				err = m.elements(e.start(), e.start()+e.len, m.size)
			}
		}
		return err
	})
	if kind == 1 {
		m.film = true
	}
	if kind == 1 || kind == 2 {
		m.codecs = append(m.codecs, webmCodec(id, private))
	}
	return err
}

func (m *webm) size(e element) error {
	n, err := m.number(e)
	switch {
	case n > 1<<16: // no camera
	case e.id == idPixelWidth:
		m.info.Width = int(n)
	case e.id == idPixelHeight:
		m.info.Height = int(n)
	}
	return err
}

func webmCodec(id string, private fields) string {
	switch id {
	case "V_VP8":
		return "vp8"
	case "V_VP9":
		return "vp9"
	case "V_AV1":
		return "av01"
	case "V_MPEG4/ISO/AVC":
		return fmt.Sprintf("avc1.%02X%02X%02X", private.u8(1), private.u8(2), private.u8(3))
	case "A_OPUS":
		return "opus"
	case "A_VORBIS":
		return "vorbis"
	case "A_AAC":
		return "mp4a.40.2"
	}
	return cleanName(id)
}
