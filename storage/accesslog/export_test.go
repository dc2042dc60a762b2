package accesslog_test

import (
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Worked by hand from the path rules of C2SP tlog-tiles.
func TestExportPaths(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{accesslog.TilePath(0, 1234067, 256), "tile/0/x001/x234/067"},
		{accesslog.TilePath(1, 0, 1), "tile/1/000.p/1"},
		{accesslog.TilePath(0, 273, 112), "tile/0/273.p/112"},
		{accesslog.BundlePath(273, 112), "tile/entries/273.p/112"},
		{accesslog.BundlePath(1234067, 256), "tile/entries/x001/x234/067"},
	} {
		if c.got != c.want {
			t.Errorf("path = %s, want %s", c.got, c.want)
		}
	}
}

func TestEntryBundle(t *testing.T) {
	bundle, err := accesslog.AppendEntry(nil, []byte("ab"))
	if err == nil {
		bundle, err = accesslog.AppendEntry(bundle, make([]byte, 0x102))
	}
	if err != nil || string(bundle[:6]) != "\x00\x02ab\x01\x02" || len(bundle) != 6+0x102 {
		t.Errorf("bundle = %q, %v", bundle, err)
	}
	if _, err := accesslog.AppendEntry(nil, make([]byte, 1<<16)); err == nil {
		t.Error("an entry longer than its length field can say")
	}
}
