package attune

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// FuzzNotices: whatever a server says on its stream, a device hears numbers or gives up.
func FuzzNotices(f *testing.F) {
	f.Add(": here\n\ndata: {\"head\":7}\n\n:\n\ndata: {\"head\":9}\n\n")
	f.Add("data: {\"head\":7,\"head\":8}\n\n")
	f.Add("data: " + strings.Repeat("[", 10_000))
	f.Add("data: {\"head\":1e9}\r\n\r\nevent: x\nretry: 1\n")
	f.Fuzz(func(t *testing.T, stream string) {
		var heard []int64
		err := notices(strings.NewReader(stream), func() {}, func(head int64) error {
			if heard = append(heard, head); len(heard) > 100 {
				return errors.New("enough")
			}
			return nil
		})
		if err == nil && len(heard) > strings.Count(stream, "data: ") {
			t.Errorf("%q: heard %v", stream, heard)
		}
	})
}

func TestNoticesRead(t *testing.T) {
	t.Parallel()
	var heard []int64
	err := notices(strings.NewReader(": here\n\ndata: {\"head\":7}\n\n:\n\ndata: {\"head\":9}\n\n"), func() {}, func(head int64) error {
		heard = append(heard, head)
		return nil
	})
	if err != nil || !slices.Equal(heard, []int64{7, 9}) {
		t.Errorf("heard %v, %v", heard, err)
	}
	if err := notices(strings.NewReader(":"+strings.Repeat("a", 100_000)), func() {}, nil); err == nil {
		t.Error("a line without end is read to its end")
	}
}
