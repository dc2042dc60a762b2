package ledger

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// TestLedgerFull: on a full disk an entry takes what it needs from the reserve; when
// that is used up it is refused and leaves nothing behind, and with room it is taken.
func TestLedgerFull(t *testing.T) {
	l, err := Open(t.TempDir(), "org", "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	file := l.file
	l.file = full
	if err := l.Append(Entry{ID: "one", Kind: "consent.withdraw"}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("append on a full disk: %v, want %v", err, syscall.ENOSPC)
	}
	if l.Has("one") {
		t.Error("it is said to be there")
	}
	if info, err := os.Stat(l.path + ".reserve"); err != nil || info.Size() != 0 {
		t.Errorf("the reserve was not given back: %v, %v", info, err)
	}
	l.file = file
	if err := l.Append(Entry{ID: "one", Kind: "consent.withdraw"}); err != nil || !l.Has("one") {
		t.Errorf("append with room: %v, there: %v", err, l.Has("one"))
	}
}
