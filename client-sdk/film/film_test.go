package film

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func inspect(b []byte) (Info, error) { return Inspect(bytes.NewReader(b), int64(len(b))) }

// The expected values are what ffprobe says of the same files.
func TestInspect(t *testing.T) {
	const seconds = time.Second
	for _, c := range []struct {
		file string
		want Info
	}{
		{"visit.mp4", Info{"video/mp4", "avc1.42C01E, mp4a.40.2", 12 * seconds, false, true, true, 640, 360}},
		{"moov-last.mp4", Info{"video/mp4", "avc1.42C01E, mp4a.40.2", 3 * seconds, false, true, false, 160, 90}},
		{"fragmented.mp4", Info{"video/mp4", "avc1.42C01E, mp4a.40.2", 3046 * time.Millisecond, true, false, true, 160, 90}},
		{"indexed.mp4", Info{"video/mp4", "avc1.42C00A, mp4a.40.2", 3046 * time.Millisecond, true, true, true, 160, 90}},
		{"phone.mov", Info{"video/quicktime", "avc1.64000A, mp4a.40.2", 3 * seconds, false, true, false, 160, 90}},
		{"hevc.mp4", Info{"video/mp4", "hvc1.1.6.L30.90", 1 * seconds, false, true, false, 160, 90}},
		{"plain.webm", Info{"video/webm", "vp8", 2 * seconds, false, true, false, 160, 90}},
		{"still.png", Info{MediaType: "image/png", Width: 64, Height: 36}},
	} {
		t.Run(c.file, func(t *testing.T) {
			if got, err := inspect(testdata(t, c.file)); err != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestPlayable(t *testing.T) {
	for _, c := range []struct {
		media, codec string
		why          string // a word of the sentence; empty when it plays
	}{
		{"video/mp4", "avc1.42C01E, mp4a.40.2", ""},
		{"video/mp4", "avc1.64001F", ""},
		{"video/quicktime", "avc1.4D401F, mp4a.40.2", ""},
		{"image/jpeg", "", ""},
		{"video/mp4", "avc1.7A1029, mp4a.40.2", "studios"},
		{"video/mp4", "hvc1.1.6.L93.B0, mp4a.40.2", "most compatible"},
		{"video/mp4", "avc1.42C01E, sowt", "sound"},
		{"video/mp4", "avc1.42C01E, opus", "sound"},
		{"video/mp4", "av01.0.04M.08", "older phones"},
		{"video/mp4", "mp4v.20", "mp4v"},
		{"video/webm", "vp8, opus", "iPhones"},
	} {
		ok, why := Info{MediaType: c.media, Codec: c.codec}.Playable()
		if ok != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s %q: %v, %q; want a sentence with %q", c.media, c.codec, ok, why, c.why)
		}
	}
}

func TestNotAFilm(t *testing.T) {
	whole := testdata(t, "visit.mp4")
	last := testdata(t, "moov-last.mp4")
	for _, c := range []struct {
		name string
		file []byte
		want error
		says string
	}{
		{"Empty", nil, ErrEmpty, "empty"},
		{"PDF", []byte("%PDF-1.7 something"), ErrNotVideo, "PDF"},
		{"Notes", []byte("Visit notes, all invented"), ErrNotVideo, "text"},
		{"Sealed", []byte("age-encryption.org/v1\n"), ErrNotVideo, "sealed"},
		{"AVI", []byte("RIFF\x00\x00\x00\x00AVI LIST"), ErrNotVideo, "AVI"},
		{"Noise", bytes.Repeat([]byte{0x8e, 0x01, 0xf3}, 50), ErrNotVideo, "unknown"},
		{"HEIC", []byte("\x00\x00\x00\x10ftypheic\x00\x00\x00\x00"), ErrNotVideo, "HEIC"},
		{"CopyBrokeOff", whole[:len(whole)-1000], ErrTruncated, "past the end"},
		{"CutInBoxHeader", append(bytes.Clone(whole), 0, 0, 1), ErrTruncated, "behind the last box"},
		{"CameraStoppedEarly", last[:bytes.Index(last, []byte("moov"))-4], ErrTruncated, "no index"},
		{"SizeTooSmall", []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x04moov"), ErrMalformed, "size"},
		{"WebMCut", testdata(t, "plain.webm")[:3000], ErrTruncated, "past the end"},
		{"PNGCut", testdata(t, "still.png")[:300], ErrTruncated, "missing"},
		{"NestedTooDeep", deep(40), ErrMalformed, "deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := inspect(c.file)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Inspect: %v; want %v saying %q", err, c.want, c.says)
			}
		})
	}
}

// deep nests n boxes of one kind in an index.
func deep(n int) []byte {
	var b []byte
	for range n {
		b = mkbox("mdia", b)
	}
	return append(mkbox("ftyp", []byte("isom\x00\x00\x00\x00")), mkbox("moov", mkbox("trak", b))...)
}

func mkbox(kind string, content []byte) []byte {
	n := len(content) + 8
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), kind[0], kind[1], kind[2], kind[3]}, content...)
}

// countingReader fails the test when film is read.
type countingReader struct {
	t          *testing.T
	file       []byte
	start, end int64
}

func (c countingReader) ReadAt(b []byte, off int64) (int, error) {
	if off < c.end && off+int64(len(b)) > c.start {
		c.t.Errorf("read %d bytes at %d, inside the film", len(b), off)
	}
	return bytes.NewReader(c.file).ReadAt(b, off)
}

func TestFilmItselfIsNotRead(t *testing.T) {
	for _, name := range []string{"visit.mp4", "phone.mov"} {
		b := testdata(t, name)
		mdat := int64(bytes.Index(b, []byte("mdat"))) + 4
		size := int64(b[mdat-8])<<24 | int64(b[mdat-7])<<16 | int64(b[mdat-6])<<8 | int64(b[mdat-5])
		end := mdat - 8 + size
		r := countingReader{t, b, max(mdat+8, 512), end} // the first 512 bytes tell the kind
		if _, err := Inspect(r, int64(len(b))); err != nil {
			t.Error(err)
		}
		if _, _, err := Clean(r, int64(len(b))); err != nil {
			t.Error(err)
		}
	}
}

func TestCodecsOfOtherCameras(t *testing.T) {
	for _, c := range []struct{ kind, box, content, want string }{
		{"vp09", "vpcC", "\x01\x00\x00\x00\x00\x1f\x80\x02", "vp09.00.31.08"},
		{"av01", "av1C", "\x81\x04\x0c\x00", "av01.0.04M.08"},
		{"hvc1", "hvcC", "\x01\x02\x20\x00\x00\x00\xb0\x00\x00\x00\x00\x00\x99", "hvc1.2.4.L153.B0"},
		{"apch", "none", "", "apch"},
	} {
		entry := mkbox(c.kind, append(make([]byte, 78), mkbox(c.box, []byte(c.content))...))
		stsd := mkbox("stsd", append(make([]byte, 8), entry...))
		m := &movie{walker: walker{r: bytes.NewReader(stsd)}}
		got, err := m.sampleEntry(box{"stsd", 0, 8, int64(len(stsd))}, 1)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.kind, got, err, c.want)
		}
	}
}
