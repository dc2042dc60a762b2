package accesslog_test

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/attune-vf/attune/storage/accesslog"
)

// alter gives row n another subject: well-formed, and a lie.
func (l *memLog) alter(t testing.TB, n int) {
	e := event(int64(n))
	e.Subject = accesslog.Pseudonym{9}
	l.rows[n].Leaf = encode(t, e)
}

func (l *memLog) check(t *testing.T, c accesslog.Checkpoint) (lines, rows accesslog.Report) {
	t.Helper()
	lines, err := accesslog.Verify(bytes.NewReader(l.export()), c, accesslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err = accesslog.VerifyRows(l.all(), l, c, accesslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return lines, rows
}

// want is a fault without its prose.
type want struct {
	index, last int64
	kind        accesslog.FaultKind
}

func expect(t *testing.T, what string, r accesslog.Report, faults ...want) {
	t.Helper()
	var got []want
	for _, f := range r.Faults {
		got = append(got, want{f.Index, f.Last, f.Kind})
	}
	if !slices.Equal(got, faults) {
		t.Errorf("%s: faults = %v, want %v", what, r.Faults, faults)
	}
}

func TestVerifyUntouchedLog(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 700} {
		l := newLog(t, size)
		lines, rows := l.check(t, l.edge.Checkpoint(origin))
		for _, r := range []accesslog.Report{lines, rows} {
			if !r.OK() || r.Rows != int64(size) || r.Signed != int64(size) || r.Unsigned != 0 || r.Root != l.edge.Root() {
				t.Errorf("size %d: report = %+v", size, r)
			}
		}
	}
}

func TestVerifyNamesAlteredRow(t *testing.T) {
	for _, n := range []int{0, 255, 300, 699} {
		l := newLog(t, 700)
		l.alter(t, n)
		lines, rows := l.check(t, l.edge.Checkpoint(origin))
		expect(t, "lines", lines, want{0, 699, accesslog.WrongRoot})
		expect(t, "rows", rows, want{int64(n), int64(n), accesslog.Altered})
	}
}

func TestVerifyNamesUndecodableRow(t *testing.T) {
	l := newLog(t, 700)
	l.rows[5].Leaf = append(slices.Clone(l.rows[5].Leaf), '\r')
	lines, rows := l.check(t, l.edge.Checkpoint(origin))
	expect(t, "lines", lines, want{5, 5, accesslog.Undecodable}, want{0, 699, accesslog.WrongRoot})
	expect(t, "rows", rows, want{5, 5, accesslog.Undecodable}, want{5, 5, accesslog.Altered})
}

func TestVerifyDroppedRow(t *testing.T) {
	l := newLog(t, 700)
	c := l.edge.Checkpoint(origin)
	l.rows = slices.Delete(l.rows, 300, 302)
	lines, rows := l.check(t, c)
	expect(t, "lines", lines, want{300, 301, accesslog.Missing}, want{0, 699, accesslog.WrongRoot})
	expect(t, "rows", rows, want{300, 301, accesslog.Missing})
}

func TestVerifyTruncatedLog(t *testing.T) {
	l := newLog(t, 700)
	c := l.edge.Checkpoint(origin)
	l.rows = l.rows[:600]
	lines, rows := l.check(t, c)
	for _, r := range []accesslog.Report{lines, rows} {
		expect(t, "report", r, want{600, 699, accesslog.Missing}, want{0, 699, accesslog.WrongRoot})
		if r.Signed != 600 {
			t.Errorf("signed rows present = %d, want 600", r.Signed)
		}
	}
}

func TestVerifySwappedRows(t *testing.T) {
	l := newLog(t, 700)
	l.rows[400].Leaf, l.rows[401].Leaf = l.rows[401].Leaf, l.rows[400].Leaf
	lines, rows := l.check(t, l.edge.Checkpoint(origin))
	expect(t, "lines", lines, want{400, 400, accesslog.Missing}, want{400, 400, accesslog.OutOfStep}, want{0, 699, accesslog.WrongRoot})
	expect(t, "rows", rows,
		want{400, 400, accesslog.OutOfStep}, want{400, 400, accesslog.Altered},
		want{401, 401, accesslog.OutOfStep}, want{401, 401, accesslog.Altered})
}

func TestVerifyRepeatedRow(t *testing.T) {
	l := newLog(t, 10)
	l.rows = slices.Insert(l.rows, 4, l.rows[3])
	lines, rows := l.check(t, l.edge.Checkpoint(origin))
	expect(t, "lines", lines, want{3, 3, accesslog.OutOfStep}, want{0, 9, accesslog.WrongRoot})
	expect(t, "rows", rows, want{3, 3, accesslog.OutOfStep})
}

// Rows that came after the checkpoint are no fault; they are only not signed.
func TestVerifyUnsignedTail(t *testing.T) {
	l := newLog(t, 200)
	c := l.edge.Checkpoint(origin)
	for i := int64(200); i < 900; i++ {
		l.append(encode(t, event(i)))
	}
	lines, rows := l.check(t, c)
	for _, r := range []accesslog.Report{lines, rows} {
		if !r.OK() || r.Signed != 200 || r.Unsigned != 700 || r.Root != c.Root {
			t.Errorf("report = %+v, want 200 signed, 700 unsigned", r)
		}
	}
	l.alter(t, 300) // unsigned, but its hash was stored
	_, rows = l.check(t, c)
	expect(t, "altered after the checkpoint", rows, want{300, 300, accesslog.Altered})
}

// When the hash was changed and the row was not, the signature acquits the row.
func TestVerifyNamesAlteredHash(t *testing.T) {
	l := newLog(t, 700)
	l.tiles[[2]int64{0, 1}][32*44] ^= 1
	_, rows := l.check(t, l.edge.Checkpoint(origin))
	expect(t, "rows", rows, want{300, 300, accesslog.BadTile})
}

func TestVerifyTileAbsentOrTorn(t *testing.T) {
	for name, spoil := range map[string]func(*memLog){
		"Absent": func(l *memLog) { delete(l.tiles, [2]int64{0, 1}) },
		"Torn":   func(l *memLog) { l.tiles[[2]int64{0, 1}] = l.tiles[[2]int64{0, 1}][:40] },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, 700)
			spoil(l)
			_, rows := l.check(t, l.edge.Checkpoint(origin))
			expect(t, "rows", rows, want{256, 511, accesslog.BadTile})
		})
	}
}

// A thorough forger changes row and hash together: no row can be named, but the
// tile above the leaves narrows it to 256 and the root still gives it away.
func TestVerifyRowAndHashAlteredTogether(t *testing.T) {
	l := newLog(t, 70_000)
	l.alter(t, 1000)
	h := accesslog.LeafHash(l.rows[1000].Leaf)
	copy(l.tiles[[2]int64{0, 3}][32*(1000-768):], h[:])
	_, rows := l.check(t, l.edge.Checkpoint(origin))
	expect(t, "rows", rows, want{768, 1023, accesslog.BadTile}, want{0, 69_999, accesslog.WrongRoot})
}

func TestVerifyProgressAndReadErrors(t *testing.T) {
	l := newLog(t, 9000)
	var told []int64
	o := accesslog.Options{Progress: func(n int64) { told = append(told, n) }}
	if _, err := accesslog.Verify(bytes.NewReader(l.export()), l.edge.Checkpoint(origin), o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, []int64{4096, 8192}) {
		t.Errorf("progress = %v", told)
	}
	broken := errors.New("disk gone")
	if _, err := accesslog.Verify(iotest.ErrReader(broken), accesslog.Checkpoint{}, o); !errors.Is(err, broken) {
		t.Errorf("error = %v, want the reader's", err)
	}
	rows := iter.Seq2[accesslog.Row, error](func(yield func(accesslog.Row, error) bool) { yield(accesslog.Row{}, broken) })
	if _, err := accesslog.VerifyRows(rows, l, l.edge.Checkpoint(origin), o); !errors.Is(err, broken) {
		t.Errorf("error = %v, want the rows'", err)
	}
}

func TestVerifyNoiseIsBounded(t *testing.T) {
	noise := strings.Repeat("x\n", 500)
	r, err := accesslog.Verify(strings.NewReader(noise), accesslog.Checkpoint{}, accesslog.Options{})
	if err != nil || len(r.Faults) != 100 || r.More == 0 {
		t.Errorf("%d faults and %d more, %v; want 100 and some", len(r.Faults), r.More, err)
	}
	r, err = accesslog.Verify(strings.NewReader(strings.Repeat("x", 200_000)), accesslog.Checkpoint{}, accesslog.Options{})
	if err != nil || r.OK() || r.Faults[0].Kind != accesslog.Undecodable {
		t.Errorf("endless line: %+v, %v", r, err)
	}
}
