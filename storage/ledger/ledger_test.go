package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/attune-vf/attune/storage/ledger"
)

func open(t *testing.T, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, "org", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func entry(i int) ledger.Entry {
	return ledger.Entry{ID: fmt.Sprint("statement ", i), Record: "family", Kind: "consent.withdraw", At: int64(i), Log: "log", Size: int64(10 * i),
		Statement: "a.b.c", Attachments: []ledger.Attachment{{Name: "form", Body: []byte{0, 10, 32}}}}
}

// TestLedgerKeeps: what was appended is read back by the next process, each once.
func TestLedgerKeeps(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for _, i := range []int{1, 2, 2, 3} {
		if err := l.Append(entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, dir)
	if !again.Has("statement 2") || again.Has("statement 4") || again.Size("log") != 30 || again.Empty() {
		t.Errorf("has 2: %v, has 4: %v, size %d", again.Has("statement 2"), again.Has("statement 4"), again.Size("log"))
	}
	got, damaged, err := ledger.Read(ledger.File(dir, "org"))
	if err != nil || len(damaged) > 0 || len(got) != 3 {
		t.Fatalf("%d entries, %v, %v; want 3", len(got), damaged, err)
	}
	if got[1].ID != "statement 2" || !bytes.Equal(got[1].Attachments[0].Body, []byte{0, 10, 32}) {
		t.Errorf("entry 2 = %+v", got[1])
	}
}

// TestLedgerTorn: a crash may leave any beginning of the last line. The lines before it
// stand, and what is written next is whole.
func TestLedgerTorn(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	l, err := ledger.Open(whole, "org", "")
	if err != nil {
		t.Fatal(err)
	}
	var first int
	for i := range 2 {
		if err := l.Append(entry(i)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(l.Path()); err == nil && i == 0 {
			first = len(b)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	for cut := first; cut < len(b); cut++ {
		dir := t.TempDir()
		if err := os.WriteFile(ledger.File(dir, "org"), b[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(dir, "org", "")
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if !l.Has("statement 0") || l.Has("statement 1") {
			t.Fatalf("cut at %d: has 0 %v, has 1 %v", cut, l.Has("statement 0"), l.Has("statement 1"))
		}
		if err := errors.Join(l.Append(entry(2)), l.Close()); err != nil {
			t.Fatal(err)
		}
		got, damaged, err := ledger.Read(ledger.File(dir, "org"))
		if err != nil || len(damaged) > 0 || len(got) != 2 || got[1].ID != "statement 2" {
			t.Fatalf("cut at %d: %d entries, %v, %v", cut, len(got), damaged, err)
		}
	}
}

// TestLedgerDamaged: a line that was changed is named, and hides none of the others.
func TestLedgerDamaged(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 3 {
		if err := l.Append(entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte("statement 1"), []byte("statement 9"), 1)
	if err := os.WriteFile(l.Path(), b, 0o600); err != nil {
		t.Fatal(err)
	}
	got, damaged, err := ledger.Read(l.Path())
	if err != nil || len(got) != 2 || len(damaged) != 1 || damaged[0].Line != 3 || !errors.Is(damaged[0].Err, ledger.ErrDamaged) {
		t.Errorf("%d entries, %v, %v; want two, and line 3 damaged, behind the one that names the ledger", len(got), damaged, err)
	}
}

// TestLedgerLost: a ledger that a database knows is never begun anew by itself.
func TestLedgerLost(t *testing.T) {
	first, other, empty := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "unmounted")
	begin := func(how func(dir, org, known string) (*ledger.Ledger, error), dir, known string) string {
		t.Helper()
		l, err := how(dir, "org", known)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return l.Name()
	}
	name, stranger := begin(ledger.Open, first, ""), begin(ledger.Open, other, "")
	if again := begin(ledger.Open, first, name); name == "" || again != name || stranger == name {
		t.Fatalf("names %q, %q, and %q of another", name, again, stranger)
	}
	for what, dir := range map[string]string{"None": empty, "Another": other} {
		if _, err := ledger.Open(dir, "org", name); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("%s: %v, want %v", what, err, ledger.ErrLost)
		}
	}
	if _, err := os.Stat(empty); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was made where no disk was: %v", err)
	}
	next := begin(ledger.Begin, empty, name)
	if next == name {
		t.Error("what was begun has the name of what was lost")
	}
	// A backup knows the lost one: what was begun after it is taken for it.
	if got := begin(ledger.Open, empty, name); got != next {
		t.Errorf("opened %q, want %q", got, next)
	}
}

// FuzzRead: whatever lies in a ledger file, every entry that is read was written whole.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	l, err := ledger.Open(dir, "org", "")
	if err != nil {
		f.Fatal(err)
	}
	for i := range 2 {
		if err := l.Append(entry(i)); err != nil {
			f.Fatal(err)
		}
	}
	b, err := os.ReadFile(l.Path())
	if err != nil {
		f.Fatal(err)
	}
	l.Close()
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add([]byte("\n \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		entries, damaged, err := ledger.Read(path)
		if err == nil && len(entries)+len(damaged) > bytes.Count(b, []byte{'\n'}) {
			t.Errorf("%d entries and %d damaged of %d lines", len(entries), len(damaged), bytes.Count(b, []byte{'\n'}))
		}
	})
}
