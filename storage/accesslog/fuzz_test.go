package accesslog_test

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

// FuzzParseVerifier: a key that came with an export is read in one spelling, and
// gives the bytes that it was made of.
func FuzzParseVerifier(f *testing.F) {
	_, v := signer(f, origin)
	f.Add(v.VKey())
	f.Add(strings.Replace(v.VKey(), "+", "-", 1))
	f.Add("a+00000000+")
	f.Fuzz(func(t *testing.T, vkey string) {
		v, err := accesslog.ParseVerifier(vkey)
		if err != nil {
			return
		}
		pub, err := v.PublicKey()
		if err != nil {
			t.Fatalf("%q has no key: %v", vkey, err)
		}
		if again, err := accesslog.NewVerifier(v.Name(), pub); err != nil || !strings.EqualFold(again.VKey(), vkey) {
			t.Errorf("%q is written %q, %v", vkey, again.VKey(), err)
		}
	})
}

// FuzzVerifyProof: no proof but the right one holds, whatever sizes and hashes a
// server or an export gives.
func FuzzVerifyProof(f *testing.F) {
	l := newLog(f, 20)
	for _, n := range []int64{0, 7, 19} {
		proof, err := l.edge.ProveInclusion(l, n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(int64(20), n, join(proof))
	}
	proof, err := l.edge.ProveConsistency(l, 13)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(int64(20), int64(13), join(proof))
	f.Fuzz(func(t *testing.T, size, n int64, raw []byte) {
		var proof []accesslog.Hash
		for ; len(raw) >= 32; raw = raw[32:] {
			proof = append(proof, accesslog.Hash(raw[:32]))
		}
		leaf := l.rows[7].Leaf
		if accesslog.VerifyInclusion(proof, size, l.edge.Root(), n, leaf) == nil && n != 7 {
			t.Errorf("leaf 7 of 20 is proved to be %d of %d", n, size)
		}
		if n == 0 {
			return // every tree begins with the empty one, whose root is its own
		}
		forged := accesslog.Hash{1}
		if accesslog.VerifyConsistency(proof, size, l.edge.Root(), n, forged) == nil {
			t.Errorf("a tree of %d that never was begins one of %d", n, size)
		}
	})
}

func join(hashes []accesslog.Hash) (b []byte) {
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// What is accepted of an event's range is what String writes, and nothing beside it.
func FuzzParsePruned(f *testing.F) {
	f.Add(accesslog.Pruned{Kept: 512, Size: 700}.String())
	f.Add("rows below 256 of 256 ")
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := accesslog.ParsePruned(s)
		if ok && (p.String() != s || p.Kept < accesslog.TileWidth || p.Kept%accesslog.TileWidth != 0 || p.Kept > p.Size) {
			t.Errorf("%q is read as %+v", s, p)
		}
	})
}
