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

// modeOpen is an upload's mode until Complete seals it.
const modeOpen, modeSealed fs.FileMode = 0o600, 0o400

// errSealed says that Complete has passed its second step.
var errSealed = errors.New("upload is being completed")

// Begin implements [Store].
func (d *Dir) Begin(ctx context.Context, key Key) (Ref, error) {
	if err := ready(ctx, key); err != nil {
		return "", fmt.Errorf("begin upload: %w", err)
	}
	defer d.exclusive(key)()
	ref := newRef()
	name, err := stagingName(key, ref)
	if err != nil {
		return "", fmt.Errorf("begin upload of %s: %w", key, err)
	}
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, modeOpen)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close(), d.staging.Sync())
	}
	if err != nil {
		return "", fmt.Errorf("begin upload of %s: %w", key, err)
	}
	return ref, nil
}

// WritePart implements [Store]: bytes, then fsync, then the answer. A cut before
// the fsync leaves old, new or torn bytes at offsets that nobody was told are
// safe, and the same part written again mends them. The ETag is the CRC-32C.
func (d *Dir) WritePart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) (string, error) {
	if err := ready(ctx, key); err != nil {
		return "", fmt.Errorf("write part: %w", err)
	}
	if offset < 0 || offset%PartBytes != 0 || len(p) == 0 || len(p) > PartBytes {
		return "", fmt.Errorf("write part of %s: %w: %d bytes at %d", key, ErrParts, len(p), offset)
	}
	l := d.lock(key)
	l.RLock()
	defer l.RUnlock()
	f, name, err := d.open(key, ref, os.O_RDWR)
	if errors.Is(err, errSealed) {
		return d.rewrite(key, ref, offset, p)
	}
	if err != nil {
		return "", fmt.Errorf("write part of %s: %w", key, err)
	}
	_, err = f.WriteAt(p, offset)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		// After a failed fsync the page cache may claim bytes that the disk lacks.
		d.forget(name, offset)
		return "", fmt.Errorf("write part of %s at %d: %w", key, offset, err)
	}
	part := Part{Offset: offset, Bytes: int64(len(p)), ETag: etag(checksum(p))}
	d.remember(name, part)
	return part.ETag, nil
}

// rewrite answers a part that is written again after Complete sealed the upload
// and was cut off: the bytes are there, and nothing may change them.
func (d *Dir) rewrite(key Key, ref Ref, offset int64, p []byte) (string, error) {
	f, _, err := d.open(key, ref, os.O_RDONLY)
	if err != nil {
		return "", fmt.Errorf("write part of %s: %w", key, err)
	}
	defer f.Close()
	err = sameBytes(bytes.NewReader(p), io.NewSectionReader(f, offset, int64(len(p))))
	if err != nil {
		return "", fmt.Errorf("write part of %s at %d: %w: the upload is being completed", key, offset, ErrParts)
	}
	return etag(checksum(p)), nil
}

// ReadPart implements [Store].
func (d *Dir) ReadPart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) error {
	if err := ready(ctx, key); err != nil {
		return fmt.Errorf("read part: %w", err)
	}
	if offset < 0 || offset%PartBytes != 0 || len(p) == 0 || len(p) >= PartBytes {
		return fmt.Errorf("read part of %s: %w: %d bytes at %d", key, ErrParts, len(p), offset)
	}
	l := d.lock(key)
	l.RLock()
	defer l.RUnlock()
	f, _, err := d.open(key, ref, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("read part of %s: %w", key, err)
	}
	defer f.Close()
	if _, err = f.ReadAt(p, offset); err == io.EOF {
		err = fmt.Errorf("%w: shorter than %d bytes", ErrParts, len(p))
	}
	if err != nil {
		return fmt.Errorf("read part of %s at %d: %w", key, offset, err)
	}
	return nil
}

// open opens an upload's file. The seal is tested here and not left to the
// file's mode, which does not stop a process that runs as root.
func (d *Dir) open(key Key, ref Ref, flag int) (*os.File, string, error) {
	name, err := stagingName(key, ref)
	if err != nil {
		return nil, "", err
	}
	st, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", ErrNoUpload
	}
	if err != nil {
		return nil, "", err
	}
	if flag == os.O_RDWR && st.Mode().Perm() == modeSealed {
		return nil, "", errSealed
	}
	f, err := d.root.OpenFile(name, flag, 0)
	return f, name, err
}

// checksum is CRC-32C, for which processors have an instruction. It guards
// against accidents; what the bytes must be is the manifest's SHA-256.
func checksum(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

func etag(crc uint32) string { return fmt.Sprintf("%08x", crc) }
