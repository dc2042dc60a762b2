package objects

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Dir is a [Store] in a folder of a local file system that honours fsync.
//
//	objects/<name>         complete; mode 0400
//	staging/<name>.<ref>   one upload: its parts at their offsets
//	holds/<name>           a legal hold: who deletes looks for it first
//
// <name> is the key with a comma for each slash, so that a key can be the
// beginning of another, as on S3. The file system must tell upper case from
// lower. Removing a file is not erasing it from the disk: that a disposed clip
// cannot be opened is the work of its deleted header.
//
// All paths go through [os.Root]: neither a key nor a symbolic link planted in
// the folder leads out of it. Other processes may read, begin and delete in the
// same folder; one upload is written by one process.
type Dir struct {
	root                    *os.Root
	objects, staging, holds *os.File // open for their fsync

	// seed picks a key's lock.
	seed maphash.Seed
	// locks keep parts (shared) apart from Begin, Complete, Abort and Delete
	// (exclusive) of the same key. Keys that share a lock wait for each other.
	locks [64]sync.RWMutex

	// mu guards the fields below.
	mu sync.Mutex
	// etags are of the parts written through this handle, which Complete
	// therefore need not read again.
	etags map[string]map[int64]Part
}

const objectsDir, stagingDir, holdsDir = "objects", "staging", "holds"

// OpenDir opens or makes a store in the folder at path, whose parent exists.
func OpenDir(path string) (*Dir, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	d := &Dir{root: root, seed: maphash.MakeSeed(), etags: map[string]map[int64]Part{}}
	if d.objects, err = openFolder(root, objectsDir); err == nil {
		d.staging, err = openFolder(root, stagingDir)
	}
	if err == nil {
		d.holds, err = openFolder(root, holdsDir)
	}
	if err == nil {
		err = syncNames(root, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open object store: %w", err), d.Close())
	}
	return d, nil
}

func openFolder(root *os.Root, name string) (*os.File, error) {
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return root.Open(name)
}

// syncNames makes the new folders' own names durable, and the store's name in
// its parent: without it the first power cut may take the whole store.
func syncNames(root *os.Root, path string) error {
	self, err := root.Open(".")
	if err != nil {
		return err
	}
	defer self.Close()
	parent, err := os.Open(filepath.Dir(filepath.Clean(path)))
	if err != nil {
		return err
	}
	defer parent.Close()
	return errors.Join(self.Sync(), parent.Sync())
}

// Close releases the folder. Readers that are open stay good.
func (d *Dir) Close() error {
	errs := []error{d.root.Close()}
	for _, f := range []*os.File{d.objects, d.staging, d.holds} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// PartBytes implements [Store].
func (d *Dir) PartBytes() int64 { return PartBytes }

// Stat implements [Store].
func (d *Dir) Stat(ctx context.Context, key Key) (Info, error) {
	if err := ready(ctx, key); err != nil {
		return Info{}, fmt.Errorf("stat object: %w", err)
	}
	st, err := d.root.Lstat(objectName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, fmt.Errorf("stat object %s: %w", key, ErrNotFound)
	}
	if err == nil && !st.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return Info{}, fmt.Errorf("stat object %s: %w", key, err)
	}
	return Info{Bytes: st.Size()}, nil
}

// Abort implements [Store]. The part of an upload that is already the object has
// a second name there and stays.
func (d *Dir) Abort(ctx context.Context, key Key, ref Ref) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("abort upload: %w", err)
	}
	name, err := stagingName(key, ref)
	if err != nil {
		return nil // what was never a reference is surely absent
	}
	defer d.exclusive(key)()
	if err := d.drop(name); err != nil {
		return fmt.Errorf("abort upload of %s: %w", key, err)
	}
	return nil
}

// Delete implements [Store]. The object goes first: a crash halfway leaves
// uploads, which no reader can see, and the next Delete finds them.
func (d *Dir) Delete(ctx context.Context, key Key) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	defer d.exclusive(key)()
	if err := d.removeObject(key); err != nil {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	// Twice: an upload that another process begins between listing and removing
	// is seen by the second look, which must find nothing.
	for range 2 {
		uploads, err := d.uploads(key)
		if err != nil {
			return fmt.Errorf("delete object %s: %w", key, err)
		}
		for _, name := range uploads {
			if err := d.drop(name); err != nil {
				return fmt.Errorf("delete uploads of %s: %w", key, err)
			}
		}
	}
	return d.gone(key)
}

// gone looks again, and fails when anything of the key is still there.
func (d *Dir) gone(key Key) error {
	uploads, err := d.uploads(key)
	if err != nil {
		return fmt.Errorf("verify deletion of %s: %w", key, err)
	}
	if _, err := d.root.Lstat(objectName(key)); !errors.Is(err, fs.ErrNotExist) || len(uploads) > 0 {
		return fmt.Errorf("verify deletion of %s: still there, with %d uploads", key, len(uploads))
	}
	return nil
}

// uploads lists the staging names of exactly this key: a name ends at its only
// dot, so no key's list holds another's.
func (d *Dir) uploads(key Key) (names []string, err error) {
	dir, err := d.root.Open(stagingDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	all, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	for _, name := range all {
		if strings.HasPrefix(name, fileName(key)+".") {
			names = append(names, stagingDir+"/"+name)
		}
	}
	return names, nil
}

func (d *Dir) drop(name string) error {
	d.mu.Lock()
	delete(d.etags, name)
	d.mu.Unlock()
	return d.remove(d.staging, name)
}

// remove unlinks a name durably. Absent is done, but is made durable too: the
// call that removed it may have been cut off before its fsync.
func (d *Dir) remove(folder *os.File, name string) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return folder.Sync()
}

func (d *Dir) lock(key Key) *sync.RWMutex {
	return &d.locks[maphash.String(d.seed, string(key))%uint64(len(d.locks))]
}

func (d *Dir) exclusive(key Key) (unlock func()) {
	l := d.lock(key)
	l.Lock()
	return l.Unlock
}

func ready(ctx context.Context, key Key) error {
	if err := key.Check(); err != nil {
		return err
	}
	return ctx.Err()
}

// fileName is one-to-one: no key holds a comma or a dot.
func fileName(key Key) string { return strings.ReplaceAll(string(key), "/", ",") }

func objectName(key Key) string { return objectsDir + "/" + fileName(key) }

func newRef() Ref {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return Ref(base64.RawURLEncoding.EncodeToString(b[:]))
}

// stagingName refuses whatever newRef cannot have made: a reference comes back
// from a database, but it becomes part of a path.
func stagingName(key Key, ref Ref) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(ref))
	if err != nil || len(b) != 16 || len(ref) != 22 {
		return "", ErrNoUpload
	}
	return stagingDir + "/" + fileName(key) + "." + string(ref), nil
}
