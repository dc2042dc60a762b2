package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

var (
	// ErrFragmentIncomplete means that the part of the link behind # was cut or
	// changed on its way: ask for the link again.
	ErrFragmentIncomplete = errors.New("link is incomplete")

	// ErrFragmentVersion means that the link was made by a newer version.
	ErrFragmentVersion = errors.New("link is of a kind not known here")
)

// LinkSecret is L, the secret behind the # of a share link, which browsers never
// send. With a copy of the server's database it bypasses the PIN; without one
// it is of no use, because the server gives out the wrapped key only after a
// right PIN.
//
// Source: DESIGN.md §10.
type LinkSecret [32]byte

const (
	fragmentVersion = "1"
	fragmentChars   = 1 + 43 + 4 // version, L, checksum
)

// NewLink draws a link: id, 16 random bytes that mean nothing, and L.
func NewLink() (id [16]byte, l LinkSecret, err error) {
	rand.Read(id[:])
	rand.Read(l[:])
	return id, l, nil
}

// Format keeps the secret out of logs; only Fragment writes it.
func (LinkSecret) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[link secret]") }

// Fragment returns what stands behind the #, 48 characters: version "1", L, and
// the first 3 bytes of SHA-256(L) as checksum, both in base64url, because chat
// programs cut links.
func (l LinkSecret) Fragment() string {
	sum := sha256.Sum256(l[:])
	return fragmentVersion + base64.RawURLEncoding.EncodeToString(l[:]) + base64.RawURLEncoding.EncodeToString(sum[:3])
}

// ParseFragment reads what Fragment wrote, without the #. The checksum finds
// accidents, not attackers: 1 in 16 million changed links passes it and then
// fails at the server.
func ParseFragment(s string) (LinkSecret, error) {
	if s != "" && s[:1] != fragmentVersion {
		return LinkSecret{}, ErrFragmentVersion
	}
	if len(s) != fragmentChars {
		return LinkSecret{}, ErrFragmentIncomplete
	}
	raw, err := base64.RawURLEncoding.DecodeString(s[1:44])
	if err != nil || len(raw) != len(LinkSecret{}) {
		return LinkSecret{}, ErrFragmentIncomplete
	}
	// Compared as written: base64 readers let line breaks and spare bits through.
	if l := LinkSecret(raw); l.Fragment() == s {
		return l, nil
	}
	return LinkSecret{}, ErrFragmentIncomplete
}

// Auth proves to the server that the opener holds the link. It stores a hash.
func (l LinkSecret) Auth() [32]byte { return derive(l[:], "attune/link/auth/v1") }

// PIN returns the verifier of a PIN. It is keyed by L, so that the server, which
// counts the tries, cannot itself try the million PINs.
func (l LinkSecret) PIN(pin string) [32]byte {
	key := derive(l[:], "attune/link/pin/v1")
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(pin))
	return [32]byte(mac.Sum(nil))
}

// NewPIN draws six digits, all equally likely.
func NewPIN() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("new PIN: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// Wrap seals what the link hands over (payload key, title, names). ad is the id
// of link.create followed by the id of clip.add, 64 bytes: the opener then
// knows, without trusting the server, that this link means this clip. Nonce (24
// bytes) in front, XChaCha20-Poly1305.
func (l LinkSecret) Wrap(plain, ad []byte) ([]byte, error) {
	return sealShort(derive(l[:], "attune/link/wrap/v1"), plain, ad)
}

// Unwrap opens what Wrap made for the same L and ad, else [ErrDamaged].
func (l LinkSecret) Unwrap(wrapped, ad []byte) ([]byte, error) {
	plain, err := openShort(derive(l[:], "attune/link/wrap/v1"), wrapped, ad)
	if err != nil {
		return nil, fmt.Errorf("unwrap link: %w", err)
	}
	return plain, nil
}
