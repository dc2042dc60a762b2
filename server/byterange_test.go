package server

import (
	"errors"
	"fmt"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
)

func TestRange(t *testing.T) {
	const size = 1000
	for _, tt := range []struct {
		header         string
		offset, length int64 // length 0: refused
	}{
		{"bytes=0-0", 0, 1},
		{"bytes=0-499", 0, 500},
		{"bytes=500-999", 500, 500},
		{"bytes=999-999", 999, 1},
		{"bytes=900-5000", 900, 100}, // cut at the end, RFC 9110 §14.1.2
		{"bytes=10-", 10, 990},
		{"bytes=999-", 999, 1},
		{"bytes=-1", 999, 1},
		{"bytes=-1000", 0, 1000},
		{"bytes=-5000", 0, 1000},
		{"bytes=1000-", 0, 0},
		{"bytes=1000-1001", 0, 0},
		{"bytes=-0", 0, 0},
		{"bytes=-", 0, 0},
		{"bytes=5-4", 0, 0},
		{"bytes=0-1,5-6", 0, 0},
		{"bytes=0-0,", 0, 0},
		{"bytes= 0-1", 0, 0},
		{"bytes=0 - 1", 0, 0},
		{"bytes=+1-2", 0, 0},
		{"bytes=01-2", 0, 0},
		{"bytes=0x1-2", 0, 0},
		{"bytes=1--2", 0, 0},
		{"bytes", 0, 0},
		{"bytes=", 0, 0},
		{"", 0, 0},
		{"Bytes=0-1", 0, 0},
		{"items=0-1", 0, 0},
		{"bytes=0-9223372036854775807", 0, 0},
		{"bytes=0-99999999999999999999", 0, 0},
		{"bytes=99999999999999999999-", 0, 0},
	} {
		t.Run(tt.header, func(t *testing.T) {
			r, err := parseRange([]string{tt.header})
			var offset, length int64
			if err == nil {
				offset, length, err = r.within(size)
			}
			if refused := tt.length == 0; refused != (err != nil) || refused && !errors.Is(err, wire.NewError(wire.CodeRange, nil)) {
				t.Fatalf("err = %v, refused should be %v", err, refused)
			}
			if offset != tt.offset || length != tt.length {
				t.Errorf("range = %d+%d, want %d+%d", offset, length, tt.offset, tt.length)
			}
		})
	}
}

func TestRangeHeaders(t *testing.T) {
	if r, err := parseRange(nil); err != nil || !r.whole {
		t.Errorf("no header: %+v, %v, want the whole", r, err)
	}
	if _, err := parseRange([]string{"bytes=0-1", "bytes=2-3"}); err == nil {
		t.Error("two headers were taken for one range")
	}
}

// FuzzRange: whatever is taken lies inside the payload, and is what the header
// says in exactly one spelling.
func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=5-", "bytes=-7", "bytes=1-0", "bytes=0-1,2-3", "bytes=9007199254740990-"} {
		f.Add(s, int64(1000))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size <= 0 {
			return
		}
		r, err := parseRange([]string{header})
		if err != nil {
			return
		}
		if again := spell(r); again != header {
			t.Fatalf("%q was read as %q", header, again)
		}
		offset, length, err := r.within(size)
		if err == nil && (offset < 0 || length <= 0 || offset > size-length) {
			t.Fatalf("%q of %d gives %d+%d", header, size, offset, length)
		}
	})
}

func spell(r byteRange) string {
	switch {
	case r.first < 0:
		return fmt.Sprintf("bytes=-%d", r.length)
	case r.length < 0:
		return fmt.Sprintf("bytes=%d-", r.first)
	}
	return fmt.Sprintf("bytes=%d-%d", r.first, r.first+r.length-1)
}
