package accesslog_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/attune-vf/attune/storage/accesslog"
)

// The eight leaves and roots that Certificate Transparency's own tests use for
// the tree of RFC 6962 section 2.1.
func TestRootsOfRFC6962(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var f accesslog.Frontier
	for i, want := range roots {
		if root := f.Root(); hex.EncodeToString(root[:]) != want {
			t.Errorf("root of %d leaves = %x, want %s", i, root, want)
		}
		if i < len(leaves) {
			leaf, err := hex.DecodeString(leaves[i])
			if err != nil {
				t.Fatal(err)
			}
			f, _ = f.Append(leaf)
		}
	}
}

// oracle stores every node, as tlog's documentation has it.
type oracle []tlog.Hash

func (o *oracle) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, (*o)[i])
	}
	return out, nil
}

func newOracle(t testing.TB, l *memLog) *oracle {
	t.Helper()
	o := &oracle{}
	for _, r := range l.rows {
		hashes, err := tlog.StoredHashes(r.Index, r.Leaf, o)
		if err != nil {
			t.Fatal(err)
		}
		*o = append(*o, hashes...)
	}
	return o
}

func TestAgreesWithTlog(t *testing.T) {
	l := newLog(t, 2000)
	o := newOracle(t, l)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 2000).Draw(t, "size")
		old := rapid.Int64Range(0, size).Draw(t, "old")
		f, err := accesslog.Load(l, size)
		if err != nil {
			t.Fatal(err)
		}
		root, _ := tlog.TreeHash(size, o)
		if f.Root() != root || f.Size() != size {
			t.Fatalf("loaded root of %d = %v, want %v", size, f.Root(), root)
		}
		oldRoot, _ := tlog.TreeHash(old, o)
		consistency, err := accesslog.ProveConsistency(l, old, size)
		if err != nil {
			t.Fatal(err)
		}
		if old > 0 {
			want, _ := tlog.ProveTree(size, old, o)
			same(t, "consistency", consistency, want)
		}
		fromEdge, err := f.ProveConsistency(l, old)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "consistency from the edge", fromEdge, consistency)
		if err := accesslog.VerifyConsistency(consistency, size, root, old, oldRoot); err != nil {
			t.Fatal(err)
		}
		if old == size {
			return
		}
		inclusion, err := accesslog.ProveInclusion(l, size, old)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := tlog.ProveRecord(size, old, o)
		same(t, "inclusion", inclusion, want)
		fromEdge, err = f.ProveInclusion(l, old)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "inclusion from the edge", fromEdge, inclusion)
		if err := accesslog.VerifyInclusion(inclusion, size, root, old, l.rows[old].Leaf); err != nil {
			t.Fatal(err)
		}
		if err := accesslog.VerifyInclusion(inclusion, size, root, old, l.rows[(old+1)%2000].Leaf); !errors.Is(err, accesslog.ErrProof) {
			t.Fatalf("another leaf verified: %v", err)
		}
		other := root
		other[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		if err := accesslog.VerifyConsistency(consistency, size, other, old, oldRoot); old > 0 && !errors.Is(err, accesslog.ErrProof) {
			t.Fatalf("another root verified: %v", err)
		}
	})
}

func same(t *rapid.T, what string, got, want []accesslog.Hash) {
	if len(got) != len(want) {
		t.Fatalf("%s proof of %d hashes, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s proof differs at %d", what, i)
		}
	}
}

// A job that is rolled back drops its copy; the committed frontier and any other
// copy must not notice.
func TestFrontierIsAValue(t *testing.T) {
	l := newLog(t, 300)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 299).Draw(t, "size")
		base, err := accesslog.Load(l, size)
		if err != nil {
			t.Fatal(err)
		}
		lost := base
		for range rapid.IntRange(1, 300).Draw(t, "lost") {
			lost, _ = lost.Append([]byte("rolled back"))
		}
		for _, r := range l.rows[size:] {
			base, _ = base.Append(r.Leaf)
		}
		if base.Root() != l.edge.Root() {
			t.Fatalf("root after a rolled-back branch = %v, want %v", base.Root(), l.edge.Root())
		}
	})
}

// Past 65,536 leaves the tree has three levels of tiles, two of them with an
// unfinished tile that is not stored.
func TestThreeTileLevels(t *testing.T) {
	const size = 70_000
	l := &memLog{tiles: map[[2]int64][]byte{}}
	for i := range size {
		l.append([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	o := newOracle(t, l)
	if _, ok := l.tiles[[2]int64{1, 0}]; !ok || len(l.tiles) != size/256+1 {
		t.Fatalf("%d tiles stored, level 1 = %v; want %d and true", len(l.tiles), ok, size/256+1)
	}
	for level, count := range []int64{size / 256, 1} {
		for i := range count {
			want, err := tlog.ReadTileData(tlog.Tile{H: 8, L: level, N: i, W: 256}, o)
			if err != nil {
				t.Fatal(err)
			}
			if string(l.tiles[[2]int64{int64(level), i}]) != string(want) {
				t.Errorf("tile %d/%d differs from tlog's", level, i)
			}
		}
	}
	for _, n := range []int64{1, 255, 256, 257, 65_535, 65_536, 65_537, 65_792, size} {
		f, err := accesslog.Load(l, n)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := tlog.TreeHash(n, o); f.Root() != want {
			t.Errorf("root of %d = %v, want %v", n, f.Root(), want)
		}
		for _, i := range []int64{0, n / 2, n - 1} {
			proof, err := accesslog.ProveInclusion(l, n, i)
			if err != nil {
				t.Fatal(err)
			}
			if err := accesslog.VerifyInclusion(proof, n, f.Root(), i, l.rows[i].Leaf); err != nil {
				t.Error(err)
			}
		}
		for _, r := range l.rows[n:] {
			f, _ = f.Append(r.Leaf)
		}
		if f.Root() != l.edge.Root() {
			t.Errorf("loaded at %d and grown to %d: root = %v, want %v", n, size, f.Root(), l.edge.Root())
		}
	}
	l.reads = 0
	if _, err := l.edge.ProveConsistency(l, 40_000); err != nil || l.reads > 4 {
		t.Errorf("proof from the edge read %d tiles (%v), want at most 4", l.reads, err)
	}
}

func TestProofsOutOfRange(t *testing.T) {
	l := newLog(t, 3)
	for _, c := range [][2]int64{{-1, 0}, {3, -1}, {3, 3}, {1 << 60, 1}} {
		if _, err := accesslog.ProveInclusion(l, c[0], c[1]); err == nil {
			t.Errorf("inclusion of %d in %d proved", c[1], c[0])
		}
		if err := accesslog.VerifyInclusion(nil, c[0], accesslog.Hash{}, c[1], nil); !errors.Is(err, accesslog.ErrProof) {
			t.Errorf("inclusion of %d in %d = %v, want ErrProof", c[1], c[0], err)
		}
	}
	for _, c := range [][2]int64{{-1, 3}, {4, 3}, {1, 1 << 60}} {
		if _, err := accesslog.ProveConsistency(l, c[0], c[1]); err == nil {
			t.Errorf("consistency of %d and %d proved", c[0], c[1])
		}
		if err := accesslog.VerifyConsistency(nil, c[1], accesslog.Hash{}, c[0], accesslog.Hash{}); !errors.Is(err, accesslog.ErrProof) {
			t.Errorf("consistency of %d and %d = %v, want ErrProof", c[0], c[1], err)
		}
	}
	if _, err := accesslog.Load(l, -1); err == nil {
		t.Error("frontier of size -1 loaded")
	}
}
