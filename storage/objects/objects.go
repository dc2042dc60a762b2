// Package objects keeps ciphertext: bytes under a key, written once and never
// changed.
//
// A [Store] promises three things. What it has acknowledged survives a power
// cut. A reader sees a whole object or none. A repeated call after a lost answer
// does no harm, so that every caller's recovery is its normal path run again.
// [Dir] keeps the promises on a file system and [S3], whose comment says what
// lies in which bucket, on an S3 server; package objectstest holds every backend
// to them.
//
// It leaves to others what the bytes mean, who may read them, when they go, and
// which uploads are open: references and part lists live in the caller's
// database, for no store's listing of unfinished uploads can be trusted.
package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// PartBytes is the part size of the stores here: held in memory per upload in
// flight; S3 needs at least 5 MiB and takes 10,000 parts, so 78 GiB a clip.
const PartBytes = 8 << 20

// maxKeyBytes leaves room for an upload reference in a 255-byte file name.
const maxKeyBytes = 200

// Errors that callers branch on; every other error means try again later.
var (
	ErrKey      = errors.New("not an object key")          // caller's mistake
	ErrNotFound = errors.New("no such object")             // absent, or not complete yet
	ErrNoUpload = errors.New("no such upload")             // aborted, expired or never begun: start anew
	ErrExists   = errors.New("object exists, and differs") // the key holds other bytes for good
	ErrParts    = errors.New("parts do not make the object")
	ErrRange    = errors.New("range outside the object")
	ErrFull     = errors.New("the object store has no room")
	ErrHeld     = errors.New("a legal hold keeps it") // until a [Holder] releases it
)

// Key names an object: path segments of letters, digits, _ and -, such as
// "clips/<base64url id>", at most 200 bytes. Keys are built from ids only, never
// from anything that a person typed.
type Key string

// NewKey returns s as a key or an error that wraps [ErrKey].
func NewKey(s string) (Key, error) {
	if err := Key(s).Check(); err != nil {
		return "", err
	}
	return Key(s), nil
}

// Check wraps [ErrKey]. Stores call it on every key, since a conversion from
// string goes round [NewKey].
func (k Key) Check() error {
	if len(k) > maxKeyBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrKey, len(k), maxKeyBytes)
	}
	for segment := range strings.SplitSeq(string(k), "/") {
		// Without a dot in the alphabet there is no "..", hidden or temporary
		// name, and without an empty segment no absolute path.
		if segment == "" || strings.Trim(segment, keyAlphabet) != "" {
			return fmt.Errorf("%w: %q", ErrKey, k)
		}
	}
	return nil
}

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// Ref names one upload of a key. It is opaque, and kept by the caller.
type Ref string

// Part is what the caller keeps of each part written, for Complete.
type Part struct {
	Offset int64  // a multiple of PartBytes
	Bytes  int64  // PartBytes, or less in the last part
	ETag   string // as WritePart returned it
}

// Info describes a complete object.
type Info struct{ Bytes int64 }

// Store keeps objects. Its methods may be called from many goroutines. A
// cancelled context may have had its effect or not, like a lost answer. Every
// method returns an error wrapping [ErrKey] for a key that is none.
type Store interface {
	// PartBytes returns the fixed size of every part but the last.
	PartBytes() int64

	// Begin opens an upload, invisible to readers and durable on return. Called
	// twice it opens two; the one whose reference was lost goes with Delete.
	Begin(ctx context.Context, key Key) (Ref, error)

	// WritePart stores p at offset, a multiple of PartBytes, durably on return. p
	// holds 1 to PartBytes bytes. Parts may come in any order and at once, but
	// one offset from one caller at a time.
	//
	// The same bytes may be written again. A part shorter than PartBytes may be
	// replaced by a longer one that begins with it: so a connection that dies
	// keeps what it delivered. ErrNoUpload when the upload is gone, ErrParts for
	// another offset or length.
	WritePart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) (etag string, err error)

	// ReadPart fills p with the first bytes of the part at offset, which is
	// shorter than PartBytes, so that it can be made longer after a restart. Full
	// parts need not be readable before Complete. ErrNoUpload when the upload is
	// gone, ErrParts when the part is shorter than p.
	ReadPart(ctx context.Context, key Key, ref Ref, offset int64, p []byte) error

	// Complete makes the object of the parts, which cover size bytes without gap,
	// and is durable on return: from then on it is readable and immutable.
	//
	// Safe to call twice: once the object is complete with these parts, nil.
	// ErrParts when parts, sizes or ETags do not fit what was written, and the
	// upload goes on; ErrExists when the key holds other bytes; ErrNoUpload when
	// there is neither upload nor object. A list that leaves out the last parts
	// written, with the size to match, is the caller's mistake: not every store
	// notices.
	Complete(ctx context.Context, key Key, ref Ref, parts []Part, size int64) error

	// Abort removes an upload durably, never the object. Absent is done.
	Abort(ctx context.Context, key Key, ref Ref) error

	// Stat returns ErrNotFound until the object is complete.
	Stat(ctx context.Context, key Key) (Info, error)

	// ReadRange returns exactly length bytes from offset; the reader fails with
	// io.ErrUnexpectedEOF rather than end early. ErrNotFound, or ErrRange when
	// the range is empty or goes past the object's end.
	ReadRange(ctx context.Context, key Key, offset, length int64) (io.ReadCloser, error)

	// Delete removes every version of exactly this key and every upload of it,
	// durably, and looks again before it says so. Absent is done. A reader that
	// was open may read on. An error when a hold keeps a version.
	Delete(ctx context.Context, key Key) error
}

// CheckParts refuses, wrapping [ErrParts], a
// list that does not cover size bytes in ascending parts of partBytes.
func CheckParts(parts []Part, size, partBytes int64) error {
	next := int64(0)
	for i, p := range parts {
		want := min(partBytes, size-next)
		if p.Offset != next || p.Bytes != want || want <= 0 {
			return fmt.Errorf("%w: part %d is %d bytes at %d, want %d at %d", ErrParts, i, p.Bytes, p.Offset, want, next)
		}
		next += p.Bytes
	}
	if next != size || size == 0 {
		return fmt.Errorf("%w: they cover %d bytes of %d", ErrParts, next, size)
	}
	return nil
}
