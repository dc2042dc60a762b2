package filmtest

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/attune-vf/attune/client-sdk/film"
)

func TestEnlargedFilmHasTheSameSamples(t *testing.T) {
	clip, err := os.ReadFile("../testdata/visit.mp4")
	if err != nil {
		t.Fatal(err)
	}
	const pad = 8 << 20
	large, err := Enlarge(clip, pad)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(clip) + pad + 16; len(large) != want {
		t.Fatalf("%d bytes, want %d", len(large), want)
	}
	before, err := film.Inspect(bytes.NewReader(clip), int64(len(clip)))
	if err != nil {
		t.Fatal(err)
	}
	after, err := film.Inspect(bytes.NewReader(large), int64(len(large)))
	if err != nil || after != before {
		t.Errorf("Inspect = %+v, %v; want %+v", after, err, before)
	}
	was, is := chunkStarts(t, clip), chunkStarts(t, large)
	if len(was) != len(is) || len(was) == 0 {
		t.Fatalf("%d chunks, want %d", len(is), len(was))
	}
	moved := 0
	for i := range was {
		if !bytes.Equal(clip[was[i]:was[i]+16], large[is[i]:is[i]+16]) {
			t.Fatalf("chunk %d begins with other bytes", i)
		}
		if is[i] != was[i] {
			moved++
		}
	}
	if moved == 0 || moved == len(was) {
		t.Errorf("%d of %d chunks moved, want about half", moved, len(was))
	}
}

func chunkStarts(t *testing.T, clip []byte) []int64 {
	t.Helper()
	moov, _, err := firstTwo(clip)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := chunkTables(clip[moov.start+8 : moov.end])
	if err != nil {
		t.Fatal(err)
	}
	var all []int64
	for _, c := range tables {
		all = append(all, c.all()...)
	}
	return all
}

// firstTwo allows the two mdat boxes that Enlarge makes.
func firstTwo(clip []byte) (moov, mdat span, err error) {
	err = boxes(clip, func(kind string, s span) error {
		if kind == "moov" {
			moov = s
		}
		return nil
	})
	return moov, mdat, err
}

func TestEnlargeRefuses(t *testing.T) {
	for name, file := range map[string]string{"IndexBehind": "moov-last.mp4", "Fragmented": "fragmented.mp4"} {
		clip, err := os.ReadFile("../testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Enlarge(clip, 1000); err == nil {
			t.Errorf("%s: enlarged", name)
		}
	}
	if _, err := Enlarge(binary.BigEndian.AppendUint32(nil, 99), 1); err == nil {
		t.Error("half a box: enlarged")
	}
	clip, err := os.ReadFile("../testdata/visit.mp4")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Enlarge(clip, -1); err == nil {
		t.Error("negative padding: enlarged")
	}
}
