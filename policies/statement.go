package policies

import (
	"errors"
	"time"
)

// Kind is the kind of a statement, such as "consent.sign".
type Kind string

// Micros is an instant in microseconds since 1970 UTC. A statement carries it
// as an integer below 2^53, so that every language reads the same number.
type Micros int64

// Durations, in the unit of the instants that they are added to.
const (
	Second Micros = 1_000_000
	Minute        = 60 * Second
	Hour          = 60 * Minute
)

// At converts a time to Micros.
func At(t time.Time) Micros { return Micros(t.UnixMicro()) }

// Time is the instant in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Class says who may see a statement in its record. Control statements are never
// hidden from anyone in the record, so nobody can be shown a record without its
// withdrawals; for content that a caller may not see the digest stands in.
type Class byte

// The classes, as the byte that goes into a record head.
const (
	Control Class = 1
	Content Class = 2
)

// Seen is what the author knew: the record's head and the log's checkpoint.
// Zero before the first contact. It is evidence of forks and a floor for the
// time of capture.
type Seen struct {
	Head Digest `json:"head"`
	Size int64  `json:"size"` // leaves in the access log
	Root Digest `json:"root"`
}

// Statement is a verified statement: its signature holds under the key that
// Signer names, and its bytes are their own canonical encoding. Only the package
// client-sdk/statement makes one from bytes.
type Statement struct {
	ID     StatementID // SHA-256 of the compact JWS
	Signer KeyID       // the statement that certifies the key; the raw key for org.root
	Record RecordID    // empty for org.root and family.open
	Kind   Kind
	N      int64 // counts per signing key over all records, from 1, without gaps
	Deps   []StatementID
	At     Micros // the author's clock: shown, never trusted
	Seen   Seen
	Body   Body
}

// Names reports whether the author named the statement as known.
func (s Statement) Names(id StatementID) bool {
	for _, d := range s.Deps {
		if d == id {
			return true
		}
	}
	return false
}

// Body is what a statement of one kind says. Check refuses a value that no state
// could make sense of: a missing field, an unknown word, a span that ends before
// it begins. It sees no state; Apply does.
type Body interface {
	Check() error
}

// Attachment names bytes that travel beside a statement and can be deleted
// while the statement stays: a sealed form, a title, a note.
type Attachment struct {
	Name   string `json:"name"`
	SHA256 Digest `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Attached is implemented by bodies that fix attachments by their digest.
// Headers and key envelopes are not fixed: they may be written later, and what
// they must match (a commitment, a key's fingerprint) stands in the body.
type Attached interface {
	Attachments() []Attachment
}

// Limits of a statement and of what travels with it.
const (
	MaxStatementBytes  = 64 << 10 // a consent form with many people stays below 8 KiB; a clip's manifest below 4
	MaxAttachmentBytes = 8 << 20  // a photographed form; film never travels as an attachment
	MaxDeps            = 256      // restrictions known to a device in one family
)

// Errors that Apply returns, to be told apart with errors.Is. The text of the
// wrapping error says what to do.
var (
	ErrNotPossible = errors.New("not possible in this state") // role, transition, or a distinct signer is missing
	ErrSigner      = errors.New("not certified for this")     // key unknown, expired, revoked, or of the wrong role
	ErrMissing     = errors.New("rests on something unknown") // a dependency has not arrived
)
