package accesslog_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/attune-vf/attune/storage/accesslog"
)

// prune deletes the leaves below kept and says so in an event, as a store does. The
// tiles and the proofs stay.
func (l *memLog) prune(t testing.TB, kept int64) {
	t.Helper()
	e := event(l.edge.Size())
	e.Action, e.Outcome = accesslog.PruneAction, accesslog.Done
	e.Range = accesslog.Pruned{Kept: kept, Size: l.edge.Size(), Root: l.edge.Root()}.String()
	leaf, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	l.append(leaf)
	l.rows = l.rows[kept-l.rows[0].Index:]
}

// After pruning, the hashes of the rows that are gone stand in for them.
func TestVerifyPrunedLog(t *testing.T) {
	l := newLog(t, 700)
	before := l.edge.Checkpoint(origin)
	l.prune(t, 512)
	for range 30 {
		leaf, _ := event(l.edge.Size()).Encode()
		l.append(leaf)
	}
	signed := l.edge.Checkpoint(origin)
	verify := func(o accesslog.Options) accesslog.Report {
		t.Helper()
		r, err := accesslog.VerifyRows(l.all(), l, signed, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	o := accesslog.Options{From: 512}
	if r := verify(o); !r.OK() || r.Rows != 219 || r.Root != signed.Root {
		t.Errorf("report = %+v", r)
	}
	expect(t, "rows cut off where nothing was pruned", verify(accesslog.Options{}), want{0, 511, accesslog.Missing})
	if _, err := accesslog.VerifyRows(l.all(), l, signed, accesslog.Options{From: 500}); err == nil {
		t.Error("pruned within a tile")
	}
	proof, err := l.edge.ProveConsistency(l, 3)
	if err != nil {
		t.Fatal(err)
	}
	small, err := accesslog.Load(l, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := accesslog.VerifyConsistency(proof, signed.Size, signed.Root, 3, small.Root()); err != nil {
		t.Errorf("of a tree whose rows are gone: %v", err)
	}
	if proof, err = l.edge.ProveConsistency(l, before.Size); err != nil || accesslog.VerifyConsistency(proof, signed.Size, signed.Root, before.Size, before.Root) != nil {
		t.Errorf("of the tree before: %v", err)
	}
	l.alter(t, 600-512)
	expect(t, "an altered row beside", verify(o), want{600, 600, accesslog.OutOfStep}, want{600, 600, accesslog.Altered})
	l = newLog(t, 700)
	l.rows, signed = l.rows[512:], l.edge.Checkpoint(origin)
	expect(t, "nobody says so", verify(o), want{0, 511, accesslog.Missing})
	l.prune(t, 512)
	expect(t, "nobody signed it", verify(o), want{0, 511, accesslog.Missing})
}

func TestParsePruned(t *testing.T) {
	p := accesslog.Pruned{Kept: 512, Size: 700, Root: accesslog.Hash{1}}
	if got, ok := accesslog.ParsePruned(p.String()); !ok || got != p {
		t.Errorf("%q is read as %+v, %v", p, got, ok)
	}
	for _, s := range []string{
		"", p.String() + " ", strings.Replace(p.String(), "512", "511", 1), strings.Replace(p.String(), "512", "1024", 1),
		strings.Replace(p.String(), "512", "0", 1), strings.Replace(p.String(), "512", "0512", 1), strings.Replace(p.String(), "=", "", 1),
	} {
		if got, ok := accesslog.ParsePruned(s); ok {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

// wholePruned is an export of a log whose oldest leaves are gone.
func (l *memLog) wholePruned(t testing.TB, by string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{accesslog.EventsFile: {Data: l.export()}}
	static := accesslog.NewStatic(func(path string, data []byte) error {
		files[path] = &fstest.MapFile{Data: bytes.Clone(data)}
		return nil
	})
	for n := int64(0); n < l.rows[0].Index; n += accesslog.TileWidth {
		if err := static.Skip(l.hashes[n : n+accesslog.TileWidth]); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range l.rows {
		if err := static.Append(r.Leaf); err != nil {
			t.Fatal(err)
		}
	}
	if err := static.Close(); err != nil {
		t.Fatal(err)
	}
	files[accesslog.CheckpointFile] = &fstest.MapFile{Data: []byte(sign(t, l.edge.Checkpoint(by), by))}
	return files
}

func TestVerifyWholePruned(t *testing.T) {
	_, v := signer(t, origin)
	l := newLog(t, 66_000)
	l.prune(t, 65_536+256)
	files := l.wholePruned(t, origin)
	o := accesslog.Options{From: 65_536 + 256}
	if files["tile/entries/000"] != nil || files["tile/entries/256"] != nil || files["tile/entries/257.p/209"] == nil || files["tile/0/000"] == nil {
		t.Error("the wrong bundles or tiles are there")
	}
	c, r, err := accesslog.VerifyWhole(files, v, o)
	if err != nil || !r.OK() || c.Root != l.edge.Root() {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, lie := range []lie{
		{"TileOfPrunedRows", func(f fstest.MapFS) { f["tile/0/003"].Data[5] ^= 1 }, 3*256 + 0},
		{"TileOfPrunedRowsGone", func(f fstest.MapFS) { delete(f, "tile/0/003") }, 3 * 256},
		{"MoreCutOff", func(f fstest.MapFS) {
			f[accesslog.EventsFile].Data = bytes.Join(bytes.SplitAfter(f[accesslog.EventsFile].Data, []byte("\n"))[5:], nil)
		}, 65_536 + 256},
		{"PruningDenied", func(f fstest.MapFS) {
			d := f[accesslog.EventsFile].Data
			f[accesslog.EventsFile].Data = bytes.Replace(d, []byte(`"act":"log.prune"`), []byte(`"act":"log.quiet"`), 1)
		}, 66_000},
	} {
		lie.hold(t, l.wholePruned(t, origin), func(f fstest.MapFS) (accesslog.Report, error) {
			_, r, err := accesslog.VerifyWhole(f, v, o)
			return r, err
		})
	}
	for _, from := range []int64{0, 256, 65_536, 65_536 + 512} {
		if _, r, err := accesslog.VerifyWhole(files, v, accesslog.Options{From: from}); err == nil && r.OK() {
			t.Errorf("from row %d: %+v", from, r)
		}
	}
}
