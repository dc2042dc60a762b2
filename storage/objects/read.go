package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadRange implements [Store].
func (d *Dir) ReadRange(ctx context.Context, key Key, offset, length int64) (io.ReadCloser, error) {
	if err := ready(ctx, key); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	f, err := d.root.Open(objectName(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read object %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	if err := seekRange(f, offset, length); err != nil {
		return nil, errors.Join(fmt.Errorf("read object %s: %w", key, err), f.Close())
	}
	return &rangeReader{file: f, left: io.LimitedReader{R: f, N: length}}, nil
}

func seekRange(f *os.File, offset, length int64) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if offset < 0 || length <= 0 || offset > st.Size() || length > st.Size()-offset {
		return fmt.Errorf("%w: %d bytes at %d of %d", ErrRange, length, offset, st.Size())
	}
	_, err = f.Seek(offset, io.SeekStart)
	return err
}

// rangeReader reads one range of an open object.
type rangeReader struct {
	file *os.File
	left io.LimitedReader
}

// Read reports a file cut short beneath us, which a plain limit takes for the
// end of the range.
func (r *rangeReader) Read(p []byte) (int, error) {
	n, err := r.left.Read(p)
	if err == io.EOF && r.left.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// WriteTo hands the kernel a limited file, from which it sends to a socket
// without the bytes passing through here.
func (r *rangeReader) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, &r.left)
	if err == nil && r.left.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close releases the file.
func (r *rangeReader) Close() error { return r.file.Close() }
