package policies

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// ID names a thing by the SHA-256 of the statement that made it. The type
// parameter keeps a family from being passed where a clip is meant.
//
// Its text form is 43 characters of unpadded base64url, and "" for the zero ID,
// so that "no record" has exactly one spelling.
type ID[Noun any] [sha256.Size]byte

// The typed identifiers of the service. Each is the digest of the statement in
// the comment; OrgID is the digest of the root public key.
type (
	StatementID = ID[Statement]
	RecordID    = ID[record]    // an OrgID or a FamilyID
	OrgID       = ID[Org]       // SHA-256 of the root public key
	KeyID       = ID[key]       // statement that certifies a key; see Statement.Signer
	StaffID     = ID[Staff]     // staff.invite
	DeviceID    = ID[Device]    // device.certify
	FamilyID    = ID[Family]    // family.open
	PersonID    = ID[Person]    // person.add
	ApprovalID  = ID[Approval]  // approval.request
	ConsentID   = ID[Consent]   // consent.sign
	SessionID   = ID[Session]   // session.log
	ClipID      = ID[Clip]      // clip.add
	LinkID      = ID[Link]      // link.create
	GlassID     = ID[Glass]     // breakglass.open
	EquipmentID = ID[Equipment] // equipment.add
	Digest      = ID[digest]    // any other SHA-256
)

type (
	record struct{}
	key    struct{}
	digest struct{}
)

var errID = errors.New("an identifier is 43 characters of base64url")

// ParseID reads the text form. Anything but the exact form is refused: a second
// spelling of an identifier would be a second identity.
func ParseID[Noun any](s string) (ID[Noun], error) {
	var id ID[Noun]
	err := id.UnmarshalText([]byte(s))
	return id, err
}

// DigestOf is the SHA-256 of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// IsZero reports whether the ID names nothing.
func (id ID[Noun]) IsZero() bool { return id == ID[Noun]{} }

// String is the text form, "" for zero.
func (id ID[Noun]) String() string {
	if id.IsZero() {
		return ""
	}
	var text [idText]byte
	base64.RawURLEncoding.Encode(text[:], id[:])
	return string(text[:])
}

// idText is the length of an ID's text form.
const idText = 43

// Short is the first eight characters, for people to read to each other.
func (id ID[Noun]) Short() string {
	if s := id.String(); s != "" {
		return s[:8]
	}
	return ""
}

// MarshalText implements encoding.TextMarshaler.
func (id ID[Noun]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, strictly.
func (id *ID[Noun]) UnmarshalText(b []byte) error {
	*id = ID[Noun]{}
	if len(b) == 0 {
		return nil
	}
	if err := decodeExact(id[:], b); err != nil {
		return err
	}
	if id.IsZero() {
		return fmt.Errorf("%w: zero is written as an empty string", errID)
	}
	return nil
}

// decodeExact fills dst from strict base64url; the length must match exactly.
func decodeExact(dst, b []byte) error {
	enc := base64.RawURLEncoding.Strict()
	if len(b) != enc.EncodedLen(len(dst)) {
		return errID
	}
	// The decoder skips line breaks; then it has fewer bytes to give, and the rest of
	// dst would be zeros that nobody wrote.
	if n, err := enc.Decode(dst, b); err != nil || n != len(dst) {
		return errID
	}
	return nil
}

// PublicKey is an Ed25519 public key, 32 bytes, base64url in text.
type PublicKey [32]byte

// MarshalText implements encoding.TextMarshaler.
func (k PublicKey) MarshalText() ([]byte, error) { return ID[key](k).MarshalText() }

// UnmarshalText implements encoding.TextUnmarshaler, strictly. An empty key is
// read as zero, which folded state has before a key is certified; a statement's
// Check refuses it.
func (k *PublicKey) UnmarshalText(b []byte) error { return (*ID[key])(k).UnmarshalText(b) }

// Bytes16 is sixteen bytes, 22 characters of base64url in text: an age nonce or
// a share link's public name.
type Bytes16 [16]byte

// String is the text form.
func (b Bytes16) String() string { return base64.RawURLEncoding.EncodeToString(b[:]) }

// MarshalText implements encoding.TextMarshaler.
func (b Bytes16) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, strictly.
func (b *Bytes16) UnmarshalText(t []byte) error {
	if err := decodeExact(b[:], t); err != nil {
		return errors.New("sixteen bytes are 22 characters of base64url")
	}
	return nil
}
