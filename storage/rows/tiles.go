package rows

import (
	"sync"

	"github.com/attune-vf/attune/storage/accesslog"
)

// maxKeptTiles is 2 MiB: the tiles that hold the newest 50,000 leaves or so, and all above.
const maxKeptTiles = 256

// keptTiles are full tiles that proofs were made of lately. A full tile never changes, in
// no snapshot; what must be read from the disk itself, to verify it, goes by [View.Tiles].
type keptTiles struct {
	// mu guards the fields below.
	mu   sync.Mutex
	full map[tileAt][]byte
}

type tileAt struct {
	level int
	index int64
}

func newKeptTiles() *keptTiles { return &keptTiles{full: map[tileAt][]byte{}} }

// ProofTiles is Tiles for making proofs: full tiles may come from memory.
func (v *View) ProofTiles() accesslog.Tiles { return proofTiles{tiles{v.q}, v.kept} }

type proofTiles struct {
	tiles
	kept *keptTiles
}

// Tile implements [accesslog.Tiles].
func (t proofTiles) Tile(level int, index int64) ([]byte, error) {
	at := tileAt{level, index}
	t.kept.mu.Lock()
	data, ok := t.kept.full[at]
	t.kept.mu.Unlock()
	if ok {
		return data, nil
	}
	data, err := t.tiles.Tile(level, index)
	if err == nil {
		t.kept.put(at, data)
	}
	return data, err
}

func (k *keptTiles) put(at tileAt, data []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for other := range k.full { // any one: whoever asks in vain reads it again
		if len(k.full) < maxKeptTiles {
			break
		}
		delete(k.full, other)
	}
	k.full[at] = data
}
