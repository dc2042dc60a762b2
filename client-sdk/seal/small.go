package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

const maxSmallBytes = 16 << 20 // a scanned form of some pages; opened whole in memory

// Seal makes a whole age file for small things: forms, notes, key envelopes.
// plaintext is at most 16 MiB less what age adds.
func Seal(plaintext []byte, to ...Recipient) ([]byte, error) {
	if len(to) == 0 || len(to) > maxStanzas {
		return nil, fmt.Errorf("seal: %d recipients, want 1 to %d", len(to), maxStanzas)
	}
	rs := make([]age.Recipient, len(to))
	for i, r := range to {
		if r.hybrid == nil {
			return nil, errors.New("seal: empty recipient")
		}
		rs[i] = r.hybrid
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, rs...)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if out.Len() > maxSmallBytes {
		return nil, fmt.Errorf("seal: %d bytes sealed, at most %d", out.Len(), maxSmallBytes)
	}
	return out.Bytes(), nil
}

// Open opens what [Seal] or stock age made. Errors are those of [OpenHeader]
// and [OpenPayload]; more than 16 MiB is [ErrHeader] without being read.
func Open(sealed []byte, with ...Identity) ([]byte, error) {
	if len(sealed) > maxSmallBytes {
		return nil, fmt.Errorf("%w: file of %d bytes, at most %d", ErrHeader, len(sealed), maxSmallBytes)
	}
	header, payload, err := split(sealed)
	if err != nil {
		return nil, err
	}
	key, err := OpenHeader(header, with...)
	if err != nil {
		return nil, err
	}
	return openWhole(key, payload)
}

// split finds the border of a stored age file. The closing line is the first
// that begins with three dashes: no base64 line can.
func split(file []byte) (header, payload []byte, err error) {
	head := file[:min(len(file), maxHeaderBytes)]
	dashes := bytes.Index(head, []byte("\n---"))
	if dashes < 0 {
		return nil, nil, fmt.Errorf("%w: no closing line", ErrHeader)
	}
	end := bytes.IndexByte(head[dashes+1:], '\n')
	if end < 0 {
		return nil, nil, fmt.Errorf("%w: closing line cut", ErrHeader)
	}
	n := dashes + 1 + end + 1
	return file[:n], file[n:], nil
}

func openWhole(key FileKey, payload []byte) ([]byte, error) {
	r, n, err := OpenPayload(key, bytes.NewReader(payload), int64(len(payload)))
	if err != nil {
		return nil, err
	}
	plain := make([]byte, n)
	if _, err := r.ReadAt(plain, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return plain, nil
}
