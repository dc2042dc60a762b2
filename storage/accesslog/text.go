package accesslog

import (
	"encoding/base64"
	"fmt"
)

// Pseudonym stands for a person, family or object: 16 random bytes that a
// deletable row elsewhere maps to a name. Text form is 22 characters of
// unpadded base64url; the zero value, which is nobody, is the empty string.
type Pseudonym [16]byte

// Nonce makes a leaf's hash useless for guessing: once the leaf is pruned, a
// kept hash cannot be reversed by trying likely events. Text as [Pseudonym].
type Nonce [16]byte

// Digest is a SHA-256 value inside a leaf: 43 characters of unpadded base64url,
// or the empty string for the zero value.
type Digest [32]byte

// String returns the text form.
func (p Pseudonym) String() string { return text(p[:]) }

// String returns the text form.
func (n Nonce) String() string { return text(n[:]) }

// String returns the text form.
func (d Digest) String() string { return text(d[:]) }

// MarshalText never fails.
func (p Pseudonym) MarshalText() ([]byte, error) { return []byte(text(p[:])), nil }

// MarshalText never fails.
func (n Nonce) MarshalText() ([]byte, error) { return []byte(text(n[:])), nil }

// MarshalText never fails.
func (d Digest) MarshalText() ([]byte, error) { return []byte(text(d[:])), nil }

// UnmarshalText accepts exactly what MarshalText writes.
func (p *Pseudonym) UnmarshalText(b []byte) error { return parse(p[:], b) }

// UnmarshalText accepts exactly what MarshalText writes.
func (n *Nonce) UnmarshalText(b []byte) error { return parse(n[:], b) }

// UnmarshalText accepts exactly what MarshalText writes.
func (d *Digest) UnmarshalText(b []byte) error { return parse(d[:], b) }

func text(b []byte) string {
	if zero(b) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parse fills dst from its one text form. Strict decoding refuses a changed
// last character whose spare bits the plain decoder would drop; the line breaks
// that it tolerates fail the length test.
func parse(dst, src []byte) error {
	clear(dst)
	if len(src) == 0 {
		return nil
	}
	if len(src) != base64.RawURLEncoding.EncodedLen(len(dst)) {
		return fmt.Errorf("base64url of %d bytes has %d characters", len(dst), len(src))
	}
	n, err := base64.RawURLEncoding.Strict().Decode(dst, src)
	if err != nil {
		return err
	}
	if n != len(dst) || zero(dst) {
		return fmt.Errorf("not the one text form of %d bytes", len(dst))
	}
	return nil
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
