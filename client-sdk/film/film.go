// Package film is what a device does to a recording before it is sealed.
//
// It promises two things about MP4, QuickTime and WebM films and JPEG and PNG
// stills, both without a byte of picture or sound being read: [Inspect] says
// what the file is and whether a cheap phone will play it, and [Clean] gives a
// reader of the same length in which the places that say where it was filmed
// are blanked. Once sealed, no server can do either.
//
// What it leaves to others: it converts nothing, and it cannot see what the
// picture itself shows. Who is told what, and the removal of the source, belong
// to the program that calls.
//
// Both functions are for files that a stranger may have made: they are bounded
// in depth, in boxes and in memory, and a file that cannot be understood is
// refused and not passed on half cleaned.
//
// Source: ISO/IEC 14496-12, -14, -15; RFC 6381 (codecs); RFC 8794 and 9559
// (Matroska); CIPA DC-008 (Exif); QuickTime File Format.
package film

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

var (
	// ErrNotVideo means a file of some other kind; the error's text says what it
	// looks like, in words for a person.
	ErrNotVideo = errors.New("not a film or picture")

	// ErrEmpty means a file without bytes: the camera never wrote.
	ErrEmpty = errors.New("the file is empty")

	// ErrTruncated means that the file ends before it says it does, or that its
	// index was never written: the camera stopped early or the copy broke off.
	ErrTruncated = errors.New("the end of the film is missing")

	// ErrMalformed means a file that contradicts itself or passes the limits.
	ErrMalformed = errors.New("the file is not put together as it should be")
)

// Info is what Inspect found.
type Info struct {
	MediaType  string        // video/mp4, video/quicktime, video/webm, video/x-matroska, image/jpeg, image/png
	Codec      string        // as in the codecs parameter: "avc1.42C01E, mp4a.40.2"; empty for stills
	Duration   time.Duration // 0 for stills, and where the file does not say
	Fragmented bool          // the index is spread over the film (MP4), as browsers record it
	Indexed    bool          // a player can seek without reading all of it
	MoovFirst  bool          // MP4: the index stands before the film, so playing starts at once
	Width      int           // pixels as shown, after the camera's rotation
	Height     int
}

// Inspect reads the structure of a file of size bytes, never its film. Errors
// wrap [ErrNotVideo], [ErrEmpty], [ErrTruncated] or [ErrMalformed], or come from r.
func Inspect(r io.ReaderAt, size int64) (Info, error) {
	kind, err := kindOf(r, size)
	if err != nil {
		return Info{}, err
	}
	var i Info
	switch kind {
	case isoMedia:
		i, err = inspectMP4(r, size)
	case matroska:
		i, err = inspectWebM(r, size)
	case jpegStill:
		i, err = inspectJPEG(r, size)
	case pngStill:
		i, err = inspectPNG(r, size)
	}
	if err != nil {
		return Info{}, err
	}
	return i, nil
}

type kind int

const (
	isoMedia kind = iota + 1
	matroska
	jpegStill
	pngStill
)

func kindOf(r io.ReaderAt, size int64) (kind, error) {
	if size <= 0 {
		return 0, ErrEmpty
	}
	head := make([]byte, min(size, 512))
	if err := readAt(r, head, 0); err != nil {
		return 0, err
	}
	for _, k := range []struct {
		at    int
		magic string
		kind  kind
	}{
		{4, "ftyp", isoMedia}, {4, "moov", isoMedia}, {4, "mdat", isoMedia}, {4, "wide", isoMedia},
		{4, "free", isoMedia}, {4, "skip", isoMedia}, {4, "pnot", isoMedia}, {4, "styp", isoMedia},
		{0, "\x1a\x45\xdf\xa3", matroska}, {0, "\xff\xd8\xff", jpegStill}, {0, "\x89PNG\r\n\x1a\n", pngStill},
	} {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) {
			return k.kind, nil
		}
	}
	return 0, fmt.Errorf("%w: it looks like %s", ErrNotVideo, looksLike(head))
}

// looksLike names what people pick by mistake.
func looksLike(head []byte) string {
	for _, k := range []struct {
		at          int
		magic, name string
	}{
		{0, "%PDF", "a PDF document"}, {0, "PK\x03\x04", "a ZIP archive or an Office document"},
		{0, "age-encryption.org/", "a file that is already sealed"}, {8, "AVI ", "an AVI film, which has to be converted to MP4"},
		{8, "WAVE", "a sound recording (WAV)"}, {8, "WEBP", "a WebP picture"}, {0, "GIF8", "a GIF picture"},
		{0, "ID3", "a sound recording (MP3)"}, {0, "\xff\xfb", "a sound recording (MP3)"}, {0, "OggS", "an Ogg recording"},
		{0, "fLaC", "a sound recording (FLAC)"}, {0, "\x30\x26\xb2\x75", "a Windows Media film, which has to be converted to MP4"},
		{0, "\x00\x00\x01\xba", "an MPEG film, which has to be converted to MP4"},
		{0, "G", "a camcorder film (MPEG-TS), which has to be converted to MP4"},
	} {
		if len(head) >= k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) &&
			(k.magic != "G" || (len(head) > 188 && head[188] == 'G')) {
			return k.name
		}
	}
	if !bytes.ContainsFunc(head, func(c rune) bool { return c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == '\uFFFD' }) {
		return "text"
	}
	return "a file of an unknown kind"
}

// readAt reads all of b; a source that ends early is ErrTruncated.
func readAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("file ends at %d: %w", off+int64(n), ErrTruncated)
	default:
		return fmt.Errorf("read at %d: %w", off, err)
	}
}
