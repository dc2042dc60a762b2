package accesslog_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/storage/accesslog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const origin = "attune/org-of-invented-town/1"

// memLog is a log in memory, kept as a store keeps it: rows, a hash beside each
// row, and full tiles.
type memLog struct {
	rows   []accesslog.Row
	hashes []accesslog.Hash
	tiles  map[[2]int64][]byte
	edge   accesslog.Frontier
	reads  int // tiles read
}

func newLog(t testing.TB, size int) *memLog {
	t.Helper()
	l := &memLog{tiles: map[[2]int64][]byte{}}
	for i := range size {
		leaf, err := event(int64(i)).Encode()
		if err != nil {
			t.Fatal(err)
		}
		l.append(leaf)
	}
	return l
}

func (l *memLog) append(leaf []byte) {
	l.rows = append(l.rows, accesslog.Row{Index: l.edge.Size(), Leaf: leaf})
	l.hashes = append(l.hashes, accesslog.LeafHash(leaf))
	var full []accesslog.FullTile
	l.edge, full = l.edge.Append(leaf)
	for _, tile := range full {
		l.tiles[[2]int64{int64(tile.Level), tile.Index}] = tile.Data
	}
}

func (l *memLog) Tile(level int, index int64) ([]byte, error) {
	l.reads++
	data, ok := l.tiles[[2]int64{int64(level), index}]
	if !ok {
		return nil, fmt.Errorf("%d/%d: %w", level, index, accesslog.ErrNoTile)
	}
	return data, nil
}

func (l *memLog) LeafHashes(from, to int64) ([]accesslog.Hash, error) {
	if from/256 != (to-1)/256 {
		return nil, fmt.Errorf("leaf hashes %d to %d cross a tile", from, to)
	}
	size := int64(len(l.hashes))
	return l.hashes[min(from, size):min(to, size)], nil
}

func (l *memLog) all() iter.Seq2[accesslog.Row, error] {
	return func(yield func(accesslog.Row, error) bool) {
		for _, r := range l.rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *memLog) export() []byte {
	var out bytes.Buffer
	for _, r := range l.rows {
		out.Write(r.Leaf)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// event is an invented event, different for each n.
func event(n int64) accesslog.Event {
	h := func(label string) [32]byte {
		return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(label), uint64(n)))
	}
	short := func(label string) (b [16]byte) { h := h(label); copy(b[:], h[:]); return b }
	return accesslog.Event{
		Version: 1, Index: n, At: 1_790_000_000_000_000 + n, Action: "clip.view", Outcome: accesslog.Allowed,
		Subject: short("subject"), Family: short("family"), Object: short("object"),
		Rules: []string{"VIEW-1", "VIEW-3"}, Bundle: accesslog.Digest(h("bundle")).String(),
		Range: "eighth 3", Request: "req-1", Nonce: short("nonce"), Commitment: h("detail"),
	}
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("test key " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func signer(t testing.TB, name string) (*accesslog.Signer, *accesslog.Verifier) {
	t.Helper()
	s, err := accesslog.NewSigner(name, key(name))
	if err != nil {
		t.Fatal(err)
	}
	v, err := accesslog.ParseVerifier(s.VKey())
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}
