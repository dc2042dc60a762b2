package wire_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/attune-vf/attune/client-sdk/wire"
)

var all = []wire.Encoding{wire.Plain, wire.Gzip, wire.Zstd}

func TestPackedReadsBack(t *testing.T) {
	p := wire.NewPacker()
	body := []byte(strings.Repeat(`{"kind":"statement"}`, 5000))
	for _, e := range all {
		packed, err := p.Pack(e, body)
		if err != nil {
			t.Fatal(err)
		}
		if e != wire.Plain && len(packed) > len(body)/10 {
			t.Errorf("%q: %d bytes of %d", e, len(packed), len(body))
		}
		r, err := wire.Unpack(e, bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, body) || r.Close() != nil {
			t.Errorf("%q: %d bytes, %v", e, len(got), err)
		}
	}
}

func TestParseAccepted(t *testing.T) {
	for accept, want := range map[string]wire.Encoding{
		"": wire.Plain, "gzip": wire.Gzip, "zstd, gzip": wire.Zstd, "gzip, zstd": wire.Zstd, "br;q=1.0, GZIP;q=0.8, *;q=0.1": wire.Gzip,
		"zstd;q=0, gzip": wire.Gzip, "gzip; q=0.000": wire.Plain, "identity": wire.Plain, "zstdx": wire.Plain, "*": wire.Plain,
	} {
		if got := wire.ParseAccepted(accept); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	for _, s := range []string{"br", "gzip, gzip", "zstd,gzip", "deflate"} {
		if _, err := wire.ParseEncoding(s); !errors.Is(err, wire.ErrEncoding) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// bombs are a few bytes that stand for very many.
func bombs(t testing.TB) map[string]struct {
	e    wire.Encoding
	body []byte
} {
	t.Helper()
	const size = 1 << 30
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var g, z, wide, skips bytes.Buffer
	gw := gzip.NewWriter(&g)
	_, err := io.CopyN(gw, zeros{}, size)
	must(errors.Join(err, gw.Close()))
	zw, err := zstd.NewWriter(&z, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(1<<20))
	must(err)
	_, err = io.CopyN(zw, zeros{}, size)
	must(errors.Join(err, zw.Close()))
	// A frame whose window is to be 512 MiB, by its header alone.
	wide.Write([]byte{0x28, 0xB5, 0x2F, 0xFD, 0x00, 19 << 3, 0x01, 0x00, 0x00})
	// Frames that hold nothing, without end.
	for skips.Len() < 1<<20 {
		skips.Write([]byte{0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0})
	}
	return map[string]struct {
		e    wire.Encoding
		body []byte
	}{"Gzip": {wire.Gzip, g.Bytes()}, "Zstd": {wire.Zstd, z.Bytes()}, "WideWindow": {wire.Zstd, wide.Bytes()}, "NothingButFrames": {wire.Zstd, skips.Bytes()}}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestBombs: what a body unpacks to is bounded as what travels is, in memory too.
func TestBombs(t *testing.T) {
	const limit = 1 << 20
	for name, bomb := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			if len(bomb.body) > 2<<20 {
				t.Fatalf("%d bytes are no bomb", len(bomb.body))
			}
			var before, after runtime.MemStats
			debug.FreeOSMemory()
			runtime.ReadMemStats(&before)
			var v any
			err := wire.DecodePacked(bomb.e, bytes.NewReader(bomb.body), limit, &v)
			runtime.ReadMemStats(&after)
			if code := wire.CodeOf(err); code != wire.CodeTooLarge && code != wire.CodeBadRequest {
				t.Errorf("%v, want too large", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 && !(raced && name == "NothingButFrames") {
				t.Errorf("took %d MiB for a limit of one", used>>20)
			}
			held := func(m runtime.MemStats) int64 { return int64(m.HeapSys - m.HeapReleased) }
			if grew := held(after) - held(before); grew > 32<<20 {
				t.Errorf("held %d MiB for a limit of one", grew>>20)
			}
		})
	}
}

// FuzzUnpack: whatever is sent as compressed is read within its bound or refused as what
// it is, and no goroutine stays behind.
func FuzzUnpack(f *testing.F) {
	p := wire.NewPacker()
	for _, e := range all {
		packed, err := p.Pack(e, []byte(`{"statements":[],"checkpoint":0}`))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(e), packed)
		f.Add(string(e), packed[:len(packed)/2])
	}
	f.Add("zstd", []byte{0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xFF, 0x01, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		e, err := wire.ParseEncoding(name)
		if err != nil {
			e = wire.ParseAccepted(name)
		}
		var in wire.PushRequest
		if err := wire.DecodePacked(e, bytes.NewReader(body), 4096, &in); err != nil {
			if code := wire.CodeOf(err); code != wire.CodeTooLarge && code != wire.CodeBadRequest {
				t.Errorf("%v", err)
			}
		}
	})
}
