package rows

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

// Proofs are made of the same tiles from memory as from the disk; what is verified is
// read from the disk all the same, and memory keeps no more than its bound.
func TestProofTiles(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "attune.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Write(ctx, func(tx *Tx) error {
		for i := range 3 * accesslog.TileWidth {
			if _, _, err := tx.Log(Event{At: int64(i), Action: "clip.watch", Outcome: accesslog.Allowed}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Read(ctx, func(v *View) error {
		for range 2 {
			for i := range int64(3) {
				kept, err := v.ProofTiles().Tile(0, i)
				if err != nil {
					return err
				}
				if read, err := v.Tiles().Tile(0, i); err != nil || !bytes.Equal(kept, read) {
					t.Errorf("tile %d differs, %v", i, err)
				}
			}
		}
		if _, err := v.ProofTiles().Tile(0, 3); err == nil {
			t.Error("a tile that was never filled is there")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(db.tiles.full); n != 3 {
		t.Errorf("%d tiles are kept, want 3", n)
	}
	db.tiles.put(tileAt{0, 1}, make([]byte, accesslog.TileBytes)) // as if memory had gone bad
	err = db.Read(ctx, func(v *View) error {
		if read, err := v.Tiles().Tile(0, 1); err != nil || bytes.Equal(read, make([]byte, accesslog.TileBytes)) {
			t.Errorf("a verifier reads from memory, %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(2 * maxKeptTiles) {
		db.tiles.put(tileAt{1, i}, nil)
	}
	if n := len(db.tiles.full); n != maxKeptTiles {
		t.Errorf("%d tiles are kept, want %d", n, maxKeptTiles)
	}
}
