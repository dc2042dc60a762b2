package film

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
	"testing/iotest"
)

// clean returns the cleaned file, after checking what holds for every file: the
// size is kept, Inspect says the same, and bytes differ only where Blanked says.
func clean(t testing.TB, b []byte) ([]byte, []Blanked) {
	t.Helper()
	r, blanked, err := Clean(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || len(got) != len(b) {
		t.Fatalf("%d bytes, %v; want %d", len(got), err, len(b))
	}
	listed := make([]bool, len(b))
	for _, x := range blanked {
		for i := x.Offset; i < x.Offset+x.Bytes; i++ {
			listed[i] = true
		}
	}
	for i := range b {
		if b[i] != got[i] && !listed[i] {
			t.Fatalf("byte %d changed and no Blanked says so: %v", i, blanked)
		}
	}
	return got, blanked
}

func TestLocationIsBlanked(t *testing.T) {
	for _, c := range []struct {
		file, box string
		gone      []byte // stands in the file before
	}{
		{"visit.mp4", "moov/udta/loci", []byte("\xff\xff\xe6\x67\x00\x33\x80\x00")}, // -0.1, 51.5 in 16.16
		{"xyz.mov", "moov/udta/©xyz", []byte("+51.5")},
		{"phone.mov", "moov/udta/meta/ilst/1", []byte("+51.5")},
		{"plain.webm", "Segment/Tags", []byte("+51.5")},
	} {
		t.Run(c.file, func(t *testing.T) {
			b := testdata(t, c.file)
			if !bytes.Contains(b, c.gone) {
				t.Fatalf("%s does not hold the location that this test is about", c.file)
			}
			got, blanked := clean(t, b)
			if len(blanked) != 1 || blanked[0].Box != c.box {
				t.Errorf("blanked %v, want one %s", blanked, c.box)
			}
			if bytes.Contains(got, c.gone) {
				t.Error("the location is still there")
			}
			before, err := inspect(b)
			if err != nil {
				t.Fatal(err)
			}
			if after, err := inspect(got); err != nil || after != before {
				t.Errorf("Inspect = %+v, %v; want %+v", after, err, before)
			}
			if _, again := clean(t, got); c.file != "phone.mov" && len(again) != 0 {
				t.Errorf("cleaning twice blanks %v", again)
			}
		})
	}
}

func TestFilmWithoutLocationStaysAsItIs(t *testing.T) {
	for _, name := range []string{"moov-last.mp4", "fragmented.mp4", "indexed.mp4", "hevc.mp4", "still.png"} {
		b := testdata(t, name)
		if got, blanked := clean(t, b); len(blanked) != 0 || !bytes.Equal(got, b) {
			t.Errorf("%s: blanked %v", name, blanked)
		}
	}
}

func TestCleanReadsInAnyPortions(t *testing.T) {
	b := testdata(t, "visit.mp4")
	want, _ := clean(t, b)
	for name, wrap := range map[string]func(io.Reader) io.Reader{"OneByte": iotest.OneByteReader, "Half": iotest.HalfReader} {
		r, _, err := Clean(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(wrap(r)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: differs, %v", name, err)
		}
	}
}

// TestPositionTrack turns the sound track of a small film into one of Google's
// position tracks: what was sound must be zeros wherever it lay.
func TestPositionTrack(t *testing.T) {
	b := testdata(t, "xyz.mov")
	at := bytes.Index(b, []byte("mp4a"))
	copy(b[at:], "camm")
	got, blanked := clean(t, b)
	info, err := inspect(got)
	if err != nil || info.Codec != "avc1.42C01E" {
		t.Errorf("codec = %q, %v; want only the picture's", info.Codec, err)
	}
	var samples int64
	for _, x := range blanked {
		if x.Box != "moov/trak samples" {
			continue
		}
		samples += x.Bytes
		if part := got[x.Offset : x.Offset+x.Bytes]; !bytes.Equal(part, make([]byte, x.Bytes)) {
			t.Fatalf("samples at %d are still there", x.Offset)
		}
	}
	if samples < 1000 {
		t.Errorf("%d bytes of samples blanked, want thousands", samples)
	}
}

func TestMakersBoxes(t *testing.T) {
	xmp := append([]byte("\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"), "<exif:GPSLatitude>51,30N"...)
	free := mkbox("----", append(mkbox("name", []byte("\x00\x00\x00\x00GPSCoordinates")), mkbox("data", []byte("\x00\x00\x00\x01\x00\x00\x00\x0051N"))...))
	meta := mkbox("meta", append(make([]byte, 4), append(mkbox("hdlr", make([]byte, 24)), mkbox("ilst", free)...)...))
	udta := mkbox("udta", append(append(mkbox("GPMF", []byte("51N 0W")), mkbox("uuid", xmp)...), append(meta, 0, 0, 0, 0)...))
	file := append(testdata(t, "moov-last.mp4"), mkbox("uuid", xmp)...)
	moov := bytes.Index(file, []byte("moov")) - 4
	size := binary.BigEndian.Uint32(file[moov:])
	// The index is last but for the new uuid box, so it can grow in place.
	grown := append(bytes.Clone(file[:moov+int(size)]), udta...)
	binary.BigEndian.PutUint32(grown[moov:], size+uint32(len(udta)))
	grown = append(grown, file[moov+int(size):]...)

	got, blanked := clean(t, grown)
	var names []string
	for _, x := range blanked {
		names = append(names, x.Box)
	}
	want := []string{"moov/udta/GPMF", "moov/udta/uuid", "moov/udta/meta/ilst/----", "uuid"}
	if len(names) != len(want) {
		t.Fatalf("blanked %q, want %q", names, want)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Errorf("blanked %q, want %q", names, want)
		}
	}
	for _, place := range []string{"51N", "51,30N", "0W"} {
		if bytes.Contains(got, []byte(place)) {
			t.Errorf("%q is still there", place)
		}
	}
}

func TestCleanRefusesWhatItCannotFollow(t *testing.T) {
	b := testdata(t, "visit.mp4")
	loci := bytes.Index(b, []byte("loci"))
	binary.BigEndian.PutUint32(b[loci-4:], 4000) // larger than udta
	if _, _, err := Clean(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrMalformed) {
		t.Errorf("err = %v, want %v", err, ErrMalformed)
	}
	whole := testdata(t, "visit.mp4")
	if _, _, err := Clean(bytes.NewReader(whole), int64(len(whole))-100); !errors.Is(err, ErrTruncated) {
		t.Errorf("err = %v, want %v", err, ErrTruncated)
	}
}

// exifJPEG is a real JPEG with Exif: orientation, and a GPS directory.
func exifJPEG(t testing.TB, order binary.AppendByteOrder, mark string) []byte {
	t.Helper()
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	entry := func(b []byte, tag, kind uint16, n, value uint32) []byte {
		return order.AppendUint32(order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), n), value)
	}
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 2)      // IFD0 at 8: two entries
	tiff = entry(tiff, 0x0112, 3, 1, 6<<16) // orientation
	tiff = entry(tiff, 0x8825, 4, 1, 38)    // GPS directory
	tiff = order.AppendUint32(tiff, 0)      // no next
	tiff = order.AppendUint16(tiff, 1)      // GPS IFD at 38
	tiff = entry(tiff, 2, 5, 3, 56)         // latitude: three fractions
	tiff = order.AppendUint32(tiff, 0)      // to 56
	for _, v := range []uint32{51, 1, 30, 1, 1234, 100} {
		tiff = order.AppendUint32(tiff, v)
	}
	seg := append([]byte("Exif\x00\x00"), tiff...)
	xmp := []byte("http://ns.adobe.com/xap/1.0/\x00<GPSLatitude>51,30N")
	out := append([]byte{}, plain.Bytes()[:2]...)
	for _, s := range [][]byte{seg, xmp} {
		out = append(binary.BigEndian.AppendUint16(append(out, 0xFF, 0xE1), uint16(len(s)+2)), s...)
	}
	return append(out, plain.Bytes()[2:]...)
}

func TestStillsLoseTheirPlace(t *testing.T) {
	for name, order := range map[string]struct {
		order binary.AppendByteOrder
		mark  string
	}{"Intel": {binary.LittleEndian, "II"}, "Motorola": {binary.BigEndian, "MM"}} {
		t.Run(name, func(t *testing.T) {
			b := append(exifJPEG(t, order.order, order.mark), "a short film behind, at 51N"...)
			got, blanked := clean(t, b)
			if len(blanked) != 4 { // directory, its fractions, XMP, what follows
				t.Errorf("blanked %v, want 4 places", blanked)
			}
			fraction := order.order.AppendUint32(nil, 1234)
			for _, gone := range [][]byte{[]byte("51,30N"), []byte("at 51N"), fraction} {
				if !bytes.Contains(b, gone) || bytes.Contains(got, gone) {
					t.Errorf("%q is still there, or never was", gone)
				}
			}
			if turn := bytes.Index(got, order.order.AppendUint16(nil, 0x0112)); turn < 0 {
				t.Error("which way up the picture is was lost")
			}
			if m, err := jpeg.Decode(bytes.NewReader(got)); err != nil || m.Bounds().Dx() != 40 {
				t.Errorf("the picture no longer opens: %v", err)
			}
			if i, err := inspect(got); err != nil || i != (Info{MediaType: "image/jpeg", Width: 40, Height: 30}) {
				t.Errorf("Inspect = %+v, %v", i, err)
			}
		})
	}
	t.Run("DamagedExif", func(t *testing.T) {
		b := exifJPEG(t, binary.LittleEndian, "II")
		at := bytes.Index(b, []byte("II*\x00"))
		b[at+4] = 0xFF // the first directory lies outside
		got, _ := clean(t, b)
		if bytes.Contains(got, binary.LittleEndian.AppendUint32(nil, 1234)) {
			t.Error("Exif that cannot be followed was left in")
		}
	})
	t.Run("PNG", func(t *testing.T) {
		b := testdata(t, "still.png")
		const ihdr = 8 + 25
		exif := []byte("\x00\x00\x00\x08eXIfMM 51,30N"[:16])
		exif = binary.BigEndian.AppendUint32(exif, crc32.ChecksumIEEE(exif[4:]))
		b = append(append(append([]byte{}, b[:ihdr]...), exif...), b[ihdr:]...)
		got, blanked := clean(t, b)
		if len(blanked) != 1 || bytes.Contains(got, []byte("51,30")) {
			t.Errorf("blanked %v", blanked)
		}
		if _, err := png.Decode(bytes.NewReader(got)); err != nil { // checks every CRC
			t.Errorf("the picture no longer opens: %v", err)
		}
	})
}

func FuzzInspectAndClean(f *testing.F) {
	for _, name := range []string{"fragmented.mp4", "moov-last.mp4", "phone.mov", "xyz.mov", "plain.webm", "still.png", "hevc.mp4"} {
		b := testdata(f, name)
		f.Add(b[:min(len(b), 4000)])
		if at := bytes.Index(b, []byte("moov")); at > 4000 { // the index without the film
			f.Add(append(mkbox("ftyp", []byte("qt  \x00\x00\x00\x00")), b[at-4:]...))
		}
	}
	f.Add(exifJPEG(f, binary.LittleEndian, "II"))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := inspect(b)
		if err == nil {
			i.Playable()
		} else if !errors.Is(err, ErrNotVideo) && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrMalformed) {
			t.Errorf("Inspect: error without a kind: %v", err)
		}
		r, _, err := Clean(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if got, err := io.ReadAll(r); err != nil || len(got) != len(b) {
			t.Errorf("Clean gives %d bytes, %v; want %d", len(got), err, len(b))
		}
	})
}
