package rows

import (
	"context"
	"fmt"

	"github.com/attune-vf/attune/storage/accesslog"
)

// loadEdge reads the frontier and refuses a database whose log is not as long as
// its authority row says.
func (db *DB) loadEdge(ctx context.Context) error {
	return db.Read(ctx, func(v *View) error {
		var size int64
		if err := v.row(`SELECT size FROM authority WHERE id = 1`).Scan(&size); err != nil {
			return fmt.Errorf("read log size: %w", err)
		}
		edge, err := accesslog.Load(tiles{v.q}, size)
		if err != nil {
			return fmt.Errorf("load frontier: %w", err)
		}
		db.edge = edge
		db.committed.Store(&edge)
		return nil
	})
}

// LogSize is how many leaves of the log are committed.
func (q q) LogSize() (size int64, err error) {
	if err = q.row(`SELECT size FROM authority WHERE id = 1`).Scan(&size); err != nil {
		err = fmt.Errorf("read log size: %w", err)
	}
	return size, err
}

// Edge is the log's frontier in this snapshot.
func (v *View) Edge() (accesslog.Frontier, error) {
	var size int64
	if err := v.row(`SELECT size FROM authority WHERE id = 1`).Scan(&size); err != nil {
		return accesslog.Frontier{}, fmt.Errorf("read log size: %w", err)
	}
	if v.committed != nil && v.committed.Size() == size {
		return *v.committed, nil // the log only grows: of one size there is one tree
	}
	return accesslog.Load(tiles{v.q}, size)
}

// Tiles reads the tree's stored hashes in this snapshot.
func (v *View) Tiles() accesslog.Tiles { return tiles{v.q} }

type tiles struct{ q }

// Tile implements accesslog.Tiles.
func (t tiles) Tile(level int, index int64) ([]byte, error) {
	var data []byte
	ok, err := found(t.row(`SELECT data FROM tiles WHERE level = $1 AND idx = $2`, level, index).Scan(&data))
	if err == nil && !ok {
		err = accesslog.ErrNoTile
	}
	return data, err
}

// LeafHashes implements accesslog.Tiles.
func (t tiles) LeafHashes(from, to int64) ([]accesslog.Hash, error) {
	kept, err := t.Kept()
	if err != nil {
		return nil, err
	}
	if from < kept { // of a tree of long ago: a bundle is pruned once its tile is full
		return accesslog.TileHashes(t, from, to)
	}
	var out []accesslog.Hash
	err = t.each(func(scan func(...any) error) error {
		var b []byte
		if err := scan(&b); err != nil {
			return err
		}
		if len(b) != len(accesslog.Hash{}) {
			return fmt.Errorf("leaf hash of %d bytes", len(b))
		}
		out = append(out, accesslog.Hash(b))
		return nil
	}, `SELECT hash FROM events WHERE n >= $1 AND n < $2 ORDER BY n`, from, to)
	return out, err
}

// Checkpoint returns the newest stored checkpoint, "" for none.
func (v *View) Checkpoint() (size int64, note string, err error) {
	_, err = found(v.row(`SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1`).Scan(&size, &note))
	return size, note, err
}

// PutCheckpoint keeps a signed checkpoint.
func (tx *Tx) PutCheckpoint(size int64, note string) error {
	return tx.exec(`INSERT INTO checkpoints (size, note) VALUES ($1, $2) ON CONFLICT (size) DO NOTHING`, size, note)
}
