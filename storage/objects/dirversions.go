package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// Dir keeps one version of a key, named by when its last byte was written: another that
// came to the same key later has another name. A hold is a file of its own beside it, so
// that it outlives whatever becomes of the object's; it is the key's, and keeps whichever
// version there is.
//
// There are no keys here that could do one thing and not another: whoever may write in the
// folder can do everything, and a hold stops programs, not people. An S3 store is the one
// to have where that is not enough.

func (d *Dir) version(key Key) (v Version, ok bool, err error) {
	st, err := d.root.Lstat(objectName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	return Version{ID: versionID(st.ModTime()), Bytes: st.Size()}, true, nil
}

func versionID(written time.Time) string { return strconv.FormatInt(written.UnixNano(), 36) }

// Versions implements [Disposer] and [Holder].
func (d *Dir) Versions(ctx context.Context, key Key) ([]Version, error) {
	if err := ready(ctx, key); err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	v, ok, err := d.version(key)
	if err != nil {
		return nil, fmt.Errorf("list versions of %s: %w", key, err)
	}
	if !ok {
		return nil, nil
	}
	return []Version{v}, nil
}

// AllVersions implements [Holder].
func (d *Dir) AllVersions(ctx context.Context, fn func(Key, Version) error) error {
	return d.Each(ctx, func(key Key, info Info, written time.Time) error {
		return fn(key, Version{ID: versionID(written), Bytes: info.Bytes})
	})
}

// AbortAll implements [Disposer].
func (d *Dir) AbortAll(ctx context.Context, key Key) (n int, err error) {
	if err := ready(ctx, key); err != nil {
		return 0, fmt.Errorf("abort uploads: %w", err)
	}
	defer d.exclusive(key)()
	uploads, err := d.uploads(key)
	for _, name := range uploads {
		if err == nil {
			err = d.drop(name)
			n++
		}
	}
	if err != nil {
		return n, fmt.Errorf("abort uploads of %s: %w", key, err)
	}
	return n, d.staging.Sync() // an earlier call may have been cut off before its own
}

// DeleteVersion implements [Disposer].
func (d *Dir) DeleteVersion(ctx context.Context, key Key, id string) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("delete version: %w", err)
	}
	if id == "" {
		return fmt.Errorf("delete version of %s: %w", key, ErrVersion)
	}
	defer d.exclusive(key)()
	v, ok, err := d.version(key)
	if err == nil && ok && v.ID == id {
		err = d.removeObject(key)
	} else if err == nil {
		err = d.objects.Sync() // gone; by a call, perhaps, that was cut off before its fsync
	}
	if err != nil {
		return fmt.Errorf("delete version %s of %s: %w", id, key, err)
	}
	return nil
}

// removeObject removes the object unless a hold keeps it. The caller has the key's lock.
func (d *Dir) removeObject(key Key) error {
	if held, err := d.held(key); err != nil || held {
		if err == nil {
			err = ErrHeld
		}
		return err
	}
	return d.remove(d.objects, objectName(key))
}

// Remains implements [Disposer].
func (d *Dir) Remains(ctx context.Context, key Key) (r Remains, err error) {
	if err := ready(ctx, key); err != nil {
		return r, fmt.Errorf("look what remains: %w", err)
	}
	defer d.exclusive(key)()
	uploads, err := d.uploads(key)
	_, ok, vErr := d.version(key)
	if err := errors.Join(err, vErr); err != nil {
		return r, fmt.Errorf("look what remains of %s: %w", key, err)
	}
	r.Uploads = len(uploads)
	if ok {
		r.Versions = 1
	}
	return r, nil
}

func holdName(key Key) string { return holdsDir + "/" + fileName(key) }

func (d *Dir) held(key Key) (bool, error) {
	_, err := d.root.Lstat(holdName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Hold implements [Holder].
func (d *Dir) Hold(ctx context.Context, key Key, id string, on bool) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	defer d.exclusive(key)()
	v, ok, err := d.version(key)
	switch {
	case err == nil && (!ok || v.ID != id):
		err = ErrNotFound
	case err == nil && on:
		err = d.placeHold(key)
	case err == nil:
		err = d.remove(d.holds, holdName(key))
	}
	if err != nil {
		return fmt.Errorf("hold version %s of %s: %w", id, key, err)
	}
	return nil
}

func (d *Dir) placeHold(key Key) error {
	f, err := d.root.OpenFile(holdName(key), os.O_CREATE|os.O_RDONLY, modeSealed)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), d.holds.Sync())
}

// Held implements [Holder].
func (d *Dir) Held(ctx context.Context, key Key, id string) (bool, error) {
	if err := ready(ctx, key); err != nil {
		return false, fmt.Errorf("read hold: %w", err)
	}
	v, ok, err := d.version(key)
	if err == nil && (!ok || v.ID != id) {
		err = ErrNotFound
	}
	held := false
	if err == nil {
		held, err = d.held(key)
	}
	if err != nil {
		return false, fmt.Errorf("read hold of version %s of %s: %w", id, key, err)
	}
	return held, nil
}
