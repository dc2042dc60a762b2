package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// Each calls fn for every complete object, in no order, with when it was completed. One
// that comes or goes meanwhile may be left out. An S3 store has no such method: a server's
// key there may not list what it cannot name.
func (d *Dir) Each(ctx context.Context, fn func(Key, Info, time.Time) error) error {
	entries, err := fs.ReadDir(d.root.FS(), objectsDir)
	if err != nil {
		return fmt.Errorf("list objects: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		key, err := NewKey(strings.ReplaceAll(filepath.Base(e.Name()), ",", "/"))
		if err != nil {
			continue // nothing that this store made
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		if err := fn(key, Info{Bytes: info.Size()}, info.ModTime()); err != nil {
			return err
		}
	}
	return nil
}
