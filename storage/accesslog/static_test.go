package accesslog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/attune-vf/attune/storage/accesslog"
)

// whole is an export of the log as files, signed by key.
func (l *memLog) whole(t testing.TB, by string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{accesslog.EventsFile: {Data: l.export()}}
	static := accesslog.NewStatic(func(path string, data []byte) error {
		if files[path] != nil {
			return fmt.Errorf("%s is written twice", path)
		}
		files[path] = &fstest.MapFile{Data: bytes.Clone(data)}
		return nil
	})
	for _, r := range l.rows {
		if err := static.Append(r.Leaf); err != nil {
			t.Fatal(err)
		}
	}
	if err := static.Close(); err != nil {
		t.Fatal(err)
	}
	if static.Tree().Root() != l.edge.Root() {
		t.Fatal("the export's tree is another")
	}
	files[accesslog.CheckpointFile] = &fstest.MapFile{Data: []byte(sign(t, l.edge.Checkpoint(by), by))}
	return files
}

// part is an export of some rows with their proofs.
func (l *memLog) part(t testing.TB, by string, rows ...int64) fstest.MapFS {
	t.Helper()
	var events, proofs bytes.Buffer
	for place, n := range rows {
		path, err := l.edge.ProveInclusion(l, n)
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(accesslog.NewProven(int64(place), n, path))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&events, "%s\n", l.rows[n].Leaf)
		fmt.Fprintf(&proofs, "%s\n", line)
	}
	return fstest.MapFS{
		accesslog.EventsFile: {Data: events.Bytes()}, accesslog.ProofsFile: {Data: proofs.Bytes()},
		accesslog.CheckpointFile: {Data: []byte(sign(t, l.edge.Checkpoint(by), by))},
	}
}

func sign(t testing.TB, c accesslog.Checkpoint, by string) string {
	t.Helper()
	s, _ := signer(t, by)
	note, err := accesslog.Sign(c, s)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func TestStaticPaths(t *testing.T) {
	files := newLog(t, 700).whole(t, origin)
	for _, path := range []string{
		"tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2",
		"tile/entries/000", "tile/entries/001", "tile/entries/002.p/188", "checkpoint", "events.ndjson",
	} {
		if files[path] == nil {
			t.Errorf("no %s", path)
		}
		delete(files, path)
	}
	if len(files) > 0 {
		t.Errorf("also %v", files)
	}
	if got := newLog(t, 512).whole(t, origin); got["tile/0/002.p/0"] != nil || len(got) != 7 {
		t.Errorf("512 rows give %d files, want 2 tiles, 2 bundles, one tile above, events and checkpoint", len(got))
	}
}

func TestVerifyWholeUntouched(t *testing.T) {
	_, v := signer(t, origin)
	for _, size := range []int{0, 1, 255, 256, 257, 700, 65536 + 3} {
		l := newLog(t, size)
		c, r, err := accesslog.VerifyWhole(l.whole(t, origin), v, accesslog.Options{})
		if err != nil || !r.OK() || r.Rows != int64(size) || c.Root != l.edge.Root() {
			t.Errorf("size %d: %+v, %v", size, r, err)
		}
	}
}

// lie is one thing that somebody did to an export, and the first row that the
// verifier must name for it.
type lie struct {
	name string
	do   func(f fstest.MapFS)
	row  int64
}

func (l lie) hold(t *testing.T, files fstest.MapFS, verify func(fstest.MapFS) (accesslog.Report, error)) {
	t.Run(l.name, func(t *testing.T) {
		l.do(files)
		r, err := verify(files)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Faults {
			if f.Index <= l.row && l.row <= f.Last {
				return
			}
		}
		t.Errorf("faults = %v, want row %d named", r.Faults, l.row)
	})
}

// edit changes the lines of a file.
func edit(name string, how func(lines []string) []string) func(fstest.MapFS) {
	return func(f fstest.MapFS) {
		lines := strings.SplitAfter(string(f[name].Data), "\n")
		f[name].Data = []byte(strings.Join(how(lines[:len(lines)-1]), ""))
	}
}

func without(n int) func([]string) []string {
	return func(s []string) []string { return append(s[:n:n], s[n+1:]...) }
}

func swapped(n int) func([]string) []string {
	return func(s []string) []string { s[n], s[n+1] = s[n+1], s[n]; return s }
}

func changed(n int, from, to string) func([]string) []string {
	return func(s []string) []string { s[n] = strings.Replace(s[n], from, to, 1); return s }
}

func flipped(name string, at int) func(fstest.MapFS) {
	return func(f fstest.MapFS) { f[name].Data[at] ^= 1 }
}

func gone(name string) func(fstest.MapFS) { return func(f fstest.MapFS) { delete(f, name) } }

func cut(name string, bytes int) func(fstest.MapFS) {
	return func(f fstest.MapFS) { f[name].Data = f[name].Data[:len(f[name].Data)-bytes] }
}

func TestVerifyWholeNamesTheRow(t *testing.T) {
	_, v := signer(t, origin)
	events := accesslog.EventsFile
	for _, l := range []lie{
		{"RowAltered", edit(events, changed(300, `"clip.view"`, `"clip.copy"`)), 300},
		{"LastRowAltered", edit(events, changed(699, `"clip.view"`, `"clip.copy"`)), 699},
		{"RowUnreadable", edit(events, changed(5, `{"v":1`, `{"v":2`)), 5},
		{"CarriageReturn", edit(events, changed(5, "}\n", "}\r\n")), 5},
		{"RowDropped", edit(events, without(300)), 300},
		{"LastRowDropped", edit(events, without(699)), 699},
		{"RowsReordered", edit(events, swapped(300)), 300},
		{"RowTwice", edit(events, func(s []string) []string { return append(s[:300:300], append([]string{s[299]}, s[300:]...)...) }), 299},
		{"RowAdded", edit(events, func(s []string) []string {
			return append(s, strings.Replace(s[699], `"n":699`, `"n":700`, 1))
		}), 700},
		{"RowFarAway", edit(events, changed(699, `"n":699`, `"n":9007199254740991`)), 699},
		{"EventsCut", cut(events, 40), 699},
		{"LineFeedCut", cut(events, 1), 699},
		{"EventsEmpty", func(f fstest.MapFS) { f[events].Data = nil }, 0},
		{"LineTooLong", func(f fstest.MapFS) { f[events].Data = bytes.Repeat([]byte("x"), 1<<17) }, 0},
		{"TileFlipped", flipped("tile/0/001", 44*32), 300},
		{"TileAbove", flipped("tile/1/000.p/2", 32), 256},
		{"TileGone", gone("tile/0/001"), 300},
		{"LastTileFlipped", flipped("tile/0/002.p/188", 187*32), 699},
		{"LastTileGone", gone("tile/0/002.p/188"), 699},
		{"TileAboveGone", gone("tile/1/000.p/2"), 0},
		{"TileCut", cut("tile/0/000", 1), 0},
		{"TileLong", func(f fstest.MapFS) { f["tile/1/000.p/2"].Data = append(f["tile/1/000.p/2"].Data, 0) }, 0},
		{"BundleFlipped", func(f fstest.MapFS) {
			b := f["tile/entries/001"].Data
			b[bytes.Index(b, []byte(`"n":300,`))] ^= 1
		}, 300},
		{"BundleCut", cut("tile/entries/002.p/188", 1), 699},
		{"BundleGone", gone("tile/entries/000"), 0},
		{"BundleLong", func(f fstest.MapFS) { f["tile/entries/000"].Data = append(f["tile/entries/000"].Data, 0, 0) }, 255},
	} {
		l.hold(t, newLog(t, 700).whole(t, origin), func(f fstest.MapFS) (accesslog.Report, error) {
			_, r, err := accesslog.VerifyWhole(f, v, accesslog.Options{})
			return r, err
		})
	}
}

func TestVerifyPartNamesTheRow(t *testing.T) {
	_, v := signer(t, origin)
	events, proofs := accesslog.EventsFile, accesslog.ProofsFile
	verify := func(f fstest.MapFS) (accesslog.Report, error) {
		_, r, err := accesslog.VerifyPart(f, v, accesslog.Options{})
		return r, err
	}
	export := func() fstest.MapFS { return newLog(t, 700).part(t, origin, 3, 300, 301, 699) }
	if r, err := verify(export()); err != nil || !r.OK() || r.Rows != 4 {
		t.Fatalf("untouched: %+v, %v", r, err)
	}
	if r, err := verify(newLog(t, 700).part(t, origin)); err != nil || !r.OK() {
		t.Fatalf("no rows: %+v, %v", r, err)
	}
	both := func(how func([]string) []string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { edit(events, how)(f); edit(proofs, how)(f) }
	}
	for _, l := range []lie{
		{"RowAltered", edit(events, changed(1, `"clip.view"`, `"clip.copy"`)), 300},
		{"RowUnreadable", edit(events, changed(1, `{"v":1`, `{"v":2`)), 4},
		{"RowDropped", edit(events, without(1)), 301},
		{"RowAndProofDropped", both(without(1)), 301},
		{"RowsReordered", edit(events, swapped(1)), 300},
		{"RowsAndProofsReordered", both(swapped(1)), 300},
		{"ProofsSwapped", edit(proofs, swapped(1)), 300},
		{"ProofOfAnother", edit(proofs, func(s []string) []string {
			s[1] = strings.Replace(strings.Replace(s[2], `"n":301`, `"n":300`, 1), `"i":2`, `"i":1`, 1)
			return s
		}), 300},
		{"ProofFlipped", edit(proofs, changed(1, `"proof":["`, `"proof":["A`)), 300},
		{"ProofUnreadable", edit(proofs, changed(1, `{`, `[`)), 300},
		{"ProofDropped", edit(proofs, without(3)), 699},
		{"LastRowDropped", edit(events, without(3)), 699},
		{"EventsCut", cut(events, 1), 302},
		{"ProofsCut", cut(proofs, 1), 699},
	} {
		l.hold(t, export(), verify)
	}
}

func TestVerifyExportOfAnotherLog(t *testing.T) {
	_, v := signer(t, origin)
	l := newLog(t, 300)
	for name, note := range map[string]string{
		"OtherLog":  sign(t, l.edge.Checkpoint("attune/other/1"), "attune/other/1"),
		"Flipped":   strings.Replace(sign(t, l.edge.Checkpoint(origin), origin), "\n300\n", "\n301\n", 1),
		"Truncated": sign(t, l.edge.Checkpoint(origin), origin)[:150],
		"Empty":     "",
		"Long":      strings.Repeat("x", 1<<20),
	} {
		for _, files := range []fstest.MapFS{l.whole(t, origin), l.part(t, origin, 5)} {
			files[accesslog.CheckpointFile].Data = []byte(note)
			_, _, whole := accesslog.VerifyWhole(files, v, accesslog.Options{})
			_, _, part := accesslog.VerifyPart(files, v, accesslog.Options{})
			if !errors.Is(whole, accesslog.ErrCheckpoint) || !errors.Is(part, accesslog.ErrCheckpoint) {
				t.Errorf("%s: %v, %v", name, whole, part)
			}
		}
	}
	// Signed by the right key, and of a tree that these rows are not.
	files := l.whole(t, origin)
	files[accesslog.CheckpointFile].Data = []byte(sign(t, newLog(t, 299).edge.Checkpoint(origin), origin))
	if _, r, err := accesslog.VerifyWhole(files, v, accesslog.Options{}); err != nil || r.OK() {
		t.Errorf("a checkpoint of fewer rows: %+v, %v", r, err)
	}
}

// Whatever a folder holds, a verifier neither panics nor calls it whole unless it
// is the export that was signed.
func FuzzVerifyWhole(f *testing.F) {
	_, v := signer(f, origin)
	good := newLog(f, 3).whole(f, origin)
	f.Add(good[accesslog.EventsFile].Data, good["tile/0/000.p/3"].Data, good["tile/entries/000.p/3"].Data)
	f.Add([]byte("{}\n"), []byte{}, []byte{0, 1})
	f.Fuzz(func(t *testing.T, events, tile, bundle []byte) {
		files := fstest.MapFS{}
		for name, file := range good {
			files[name] = file
		}
		same := true
		for name, data := range map[string][]byte{accesslog.EventsFile: events, "tile/0/000.p/3": tile, "tile/entries/000.p/3": bundle} {
			same = same && bytes.Equal(data, good[name].Data)
			files[name] = &fstest.MapFile{Data: data}
		}
		if _, r, err := accesslog.VerifyWhole(files, v, accesslog.Options{}); (err == nil && r.OK()) != same {
			t.Errorf("same = %v, report %v, %v", same, r.Faults, err)
		}
	})
}

func FuzzVerifyPart(f *testing.F) {
	_, v := signer(f, origin)
	good := newLog(f, 300).part(f, origin, 3, 299)
	f.Add(good[accesslog.EventsFile].Data, good[accesslog.ProofsFile].Data)
	f.Add([]byte("{}\n"), []byte(`{"i":0,"n":3,"proof":["A"]}`))
	f.Fuzz(func(t *testing.T, events, proofs []byte) {
		files := fstest.MapFS{
			accesslog.CheckpointFile: good[accesslog.CheckpointFile],
			accesslog.EventsFile:     {Data: events}, accesslog.ProofsFile: {Data: proofs},
		}
		_, r, err := accesslog.VerifyPart(files, v, accesslog.Options{})
		if err != nil || !r.OK() {
			return
		}
		// What is left over can only be rows that were signed.
		for line := range bytes.Lines(events) {
			if !bytes.Contains(good[accesslog.EventsFile].Data, line) {
				t.Errorf("an invented row passes: %q", line)
			}
		}
	})
}

// An export gives the root of every smaller log that it goes on from.
func TestExportedTiles(t *testing.T) {
	l := newLog(t, 700)
	tiles := accesslog.ExportedTiles(l.whole(t, origin), 700)
	for _, size := range []int64{0, 1, 255, 256, 300, 512, 513, 699, 700} {
		f, err := accesslog.Load(tiles, size)
		if want := newLog(t, int(size)).edge.Root(); err != nil || f.Root() != want {
			t.Errorf("root of %d: %s, %v; want %s", size, f.Root(), err, want)
		}
	}
}

// A prover's paths are those of the tree, in whatever order they are asked for.
func TestProver(t *testing.T) {
	l := newLog(t, 3_000)
	p := accesslog.NewProver(l.edge)
	for _, from := range []int64{0, 2_000, 250, 2_550, 2_990} {
		for n := from; n < from+10; n++ {
			path, err := p.ProveInclusion(l, n)
			if err != nil {
				t.Fatal(err)
			}
			if err := accesslog.VerifyInclusion(path, 3_000, l.edge.Root(), n, l.rows[n].Leaf); err != nil {
				t.Error(err)
			}
		}
	}
	l.reads = 0
	for n := range int64(2_000) {
		if _, err := p.ProveInclusion(l, n); err != nil {
			t.Fatal(err)
		}
	}
	if l.reads > 40 {
		t.Errorf("2000 neighbours cost %d reads of tiles", l.reads)
	}
}
