package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
)

// Complete implements [Store]. In order, with what a crash leaves:
//
//  1. check the parts           an upload, unchanged
//  2. mode 0400, fsync          a sealed upload: Complete again goes on here
//  3. link into objects/, fsync the same file under both names: done, but for 4
//  4. unlink from staging/      done
//
// Linking fails when the name is taken, also by another process, which renaming
// would not: that is what makes an object written once.
func (d *Dir) Complete(ctx context.Context, key Key, ref Ref, parts []Part, size int64) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("complete object: %w", err)
	}
	if err := CheckParts(parts, size, PartBytes); err != nil {
		return fmt.Errorf("complete object %s: %w", key, err)
	}
	defer d.exclusive(key)()
	if err := d.complete(key, ref, parts, size); err != nil {
		return fmt.Errorf("complete object %s: %w", key, err)
	}
	return nil
}

func (d *Dir) complete(key Key, ref Ref, parts []Part, size int64) error {
	f, name, err := d.open(key, ref, os.O_RDONLY)
	if errors.Is(err, ErrNoUpload) {
		return d.completed(key, parts, size)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.checkStaged(f, name, parts, size); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(modeSealed), f.Sync()); err != nil {
		return err
	}
	err = d.root.Link(name, objectName(key))
	if errors.Is(err, fs.ErrExist) {
		err = d.sameAsObject(f, key)
	}
	if err != nil {
		return err
	}
	if err := d.objects.Sync(); err != nil {
		return err
	}
	return d.drop(name)
}

// completed answers a Complete whose upload is gone: nil when an earlier call
// made the object of the same parts.
func (d *Dir) completed(key Key, parts []Part, size int64) error {
	f, err := d.root.Open(objectName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoUpload
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = checkFile(f, parts, size)
	if errors.Is(err, ErrParts) {
		return ErrExists
	}
	if err != nil {
		return err
	}
	return d.objects.Sync() // the earlier call may have been cut off before its own
}

// sameAsObject lets a second name or a second upload of the same bytes pass.
func (d *Dir) sameAsObject(staged *os.File, key Key) error {
	object, err := d.root.Open(objectName(key))
	if err != nil {
		return err
	}
	defer object.Close()
	a, errA := staged.Stat()
	b, errB := object.Stat()
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if os.SameFile(a, b) {
		return nil
	}
	if a.Size() != b.Size() {
		return ErrExists
	}
	return sameBytes(io.NewSectionReader(staged, 0, a.Size()), io.NewSectionReader(object, 0, b.Size()))
}

func sameBytes(a, b io.Reader) error {
	bufA, bufB := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(a, bufA)
		if _, errB := io.ReadFull(b, bufB[:n]); errB != nil {
			return errB
		}
		if !bytes.Equal(bufA[:n], bufB[:n]) {
			return ErrExists
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// checkStaged holds the list against what was written. Parts that this handle
// wrote it remembers; those from before a restart it reads again, which also
// finds the hole of a part that never came.
func (d *Dir) checkStaged(f *os.File, name string, parts []Part, size int64) error {
	var unseen []Part
	for _, p := range parts {
		if !d.remembers(name, p) {
			unseen = append(unseen, p)
		}
	}
	return checkFile(f, unseen, size)
}

func checkFile(f *os.File, parts []Part, size int64) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Size() != size {
		return fmt.Errorf("%w: the file has %d bytes, not %d", ErrParts, st.Size(), size)
	}
	for _, p := range parts {
		crc := crc32.New(crc32.MakeTable(crc32.Castagnoli))
		if _, err := io.Copy(crc, io.NewSectionReader(f, p.Offset, p.Bytes)); err != nil {
			return err
		}
		if got := etag(crc.Sum32()); got != p.ETag {
			return fmt.Errorf("%w: part at %d has ETag %s, not %s", ErrParts, p.Offset, got, p.ETag)
		}
	}
	return nil
}

func (d *Dir) remember(name string, p Part) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.etags[name] == nil {
		d.etags[name] = map[int64]Part{}
	}
	d.etags[name][p.Offset] = p
}

func (d *Dir) remembers(name string, p Part) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.etags[name][p.Offset] == p
}

func (d *Dir) forget(name string, offset int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.etags[name], offset)
}
