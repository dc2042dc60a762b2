package objects

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxAnchorBytes is far more than a signed checkpoint has; what is longer is not read.
const maxAnchorBytes = 16 << 10

// Anchors keeps small notes that are added and never changed: signed states of the access
// log, out of reach of whoever can write in the service's database.
//
// Whatever lay under a key first is what Get returns for good, and a key that was ever put
// is listed. Every call may be repeated.
type Anchors interface {
	// Put keeps data under key, durably on return, and where the store can lock it
	// unremovable by anybody before until. The same bytes again are done; ErrExists when
	// others were there first.
	Put(ctx context.Context, key Key, data []byte, until time.Time) error

	// Get returns what was put under key first. ErrNotFound when nothing ever was.
	Get(ctx context.Context, key Key) ([]byte, error)

	// Keys lists every key, ascending.
	Keys(ctx context.Context) ([]Key, error)
}

// DirAnchors is [Anchors] in a folder: a file for each key, mode 0400. It locks nothing:
// whoever owns the folder can remove what is in it, so that it protects from such only on a
// disk, a share or a machine of somebody else's, or once it was copied there.
//
// Paths go through [os.Root]. The file system must tell upper case from lower.
type DirAnchors struct {
	root *os.Root
	self *os.File // open for its fsync
}

// OpenDirAnchors opens or makes a folder of anchors, whose parent exists.
func OpenDirAnchors(path string) (*DirAnchors, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("open anchors: %w", err)
	}
	root, err := os.OpenRoot(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("open anchors: %w", err)
	}
	d := &DirAnchors{root: root}
	if d.self, err = root.Open("."); err == nil {
		err = syncNames(root, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open anchors: %w", err), d.Close())
	}
	return d, nil
}

// Close releases the folder.
func (d *DirAnchors) Close() error {
	err := d.root.Close()
	if d.self != nil {
		err = errors.Join(err, d.self.Close())
	}
	return err
}

// Put implements [Anchors]. The note gets its name only once its bytes are on disk, and the
// name only if nobody has it: a link is never made over a file, as a rename would be.
func (d *DirAnchors) Put(ctx context.Context, key Key, data []byte, _ time.Time) (err error) {
	if err := anchorable(ctx, key, data); err != nil {
		return err
	}
	draft := "." + rand.Text() // no key begins with a dot
	defer func() {
		if gone := d.root.Remove(draft); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		if err != nil {
			err = fmt.Errorf("anchor %s: %w", key, err)
		}
	}()
	f, err := d.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = d.root.Link(draft, fileName(key))
	if errors.Is(err, fs.ErrExist) {
		if err = d.same(ctx, key, data); err != nil {
			return err
		}
	}
	return errors.Join(err, d.self.Sync())
}

func (d *DirAnchors) same(ctx context.Context, key Key, data []byte) error {
	was, err := d.Get(ctx, key)
	if err == nil && string(was) != string(data) {
		return ErrExists
	}
	return err
}

// Get implements [Anchors].
func (d *DirAnchors) Get(ctx context.Context, key Key) ([]byte, error) {
	if err := ready(ctx, key); err != nil {
		return nil, fmt.Errorf("read anchor: %w", err)
	}
	f, err := d.root.Open(fileName(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read anchor %s: %w", key, err)
	}
	defer f.Close()
	return readAnchor(key, f)
}

// Keys implements [Anchors].
func (d *DirAnchors) Keys(ctx context.Context) (keys []Key, err error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	for _, e := range entries {
		if key, bad := NewKey(strings.ReplaceAll(e.Name(), ",", "/")); bad == nil {
			keys = append(keys, key)
		}
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return nil, fmt.Errorf("list anchors: %w", err)
	}
	slices.Sort(keys)
	return keys, nil
}

func anchorable(ctx context.Context, key Key, data []byte) error {
	err := ready(ctx, key)
	if err == nil && len(data) > maxAnchorBytes {
		err = fmt.Errorf("%d bytes, at most %d", len(data), maxAnchorBytes)
	}
	if err != nil {
		return fmt.Errorf("anchor %s: %w", key, err)
	}
	return nil
}

func readAnchor(key Key, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxAnchorBytes+1))
	if err == nil && len(b) > maxAnchorBytes {
		err = fmt.Errorf("more than %d bytes", maxAnchorBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("read anchor %s: %w", key, err)
	}
	return b, nil
}
