// Package seal is the one package that knows age.
//
// It promises that what leaves a device is an age v1 file in two parts that any
// age tool opens again: `cat header payload | age -d -i key`. The payload
// (16-byte nonce, then STREAM chunks of 64 KiB) is made once and never again;
// headers are small, many, and written whenever somebody may newly see a clip.
// Every recipient is hybrid (ML-KEM-768 with X25519), because records live for
// decades; age refuses to mix those with older kinds, and so does this package.
//
// What it leaves to others: age has no sender and no associated data, so two
// clips sealed to one family could be swapped unnoticed. The signed clip.add
// carries [Commitment], nonce, length and SHA-256, and whoever opens a clip
// compares them first. Who may receive a header is decided by policies and
// enforced by storage. Nothing here reads a clock, a file or the network.
//
// Start with [SealPayload] and [NewHeader] for a clip, [Seal] for a form or a
// note, [NewLink] for a share link, [LockKeys] for keys on a device. Every
// derived key is HKDF-SHA-256 without salt, with the label as info, 32 bytes;
// only age's own keys follow age's own rules.
//
// Source: age-encryption.org/v1 (C2SP age.md); DESIGN.md §4, §8 and §10.
package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

var (
	// ErrNotForYou means that no stanza of the header matches the identity: the
	// header is for somebody else, or for a key that has been turned.
	ErrNotForYou = errors.New("not sealed to this key")

	// ErrHeader means that the header is not a strict age v1 header, or is
	// larger than this package reads.
	ErrHeader = errors.New("not a usable age header")

	// ErrHeaderMAC means that the file key was found, but the header was changed
	// after it was written.
	ErrHeaderMAC = errors.New("header was changed after it was written")

	// ErrTruncated means that the end of the payload is missing.
	ErrTruncated = errors.New("part of the sealed file is missing")

	// ErrDamaged means that sealed bytes do not open under their key: changed on
	// the way, or sealed under another key or to another context.
	ErrDamaged = errors.New("sealed bytes are damaged or belong to something else")
)

// FileKey is the age file key of one clip: whoever holds it can open the clip's
// payload and its titles, and write further headers for it.
type FileKey [16]byte

// NewFileKey returns a fresh random file key.
func NewFileKey() FileKey {
	var k FileKey
	rand.Read(k[:]) // never fails: crypto/rand ends the program instead
	return k
}

// Format keeps a key out of logs and error texts, whatever the verb.
func (FileKey) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[file key]") }

// Commitment returns what clip.add publishes about a file key: it fixes the key
// without revealing it, so a header or payload of another clip is noticed.
//
// Source: DESIGN.md §4, Clip.
func Commitment(key FileKey) [32]byte { return derive(key[:], "attune/commit/v1") }

// PayloadKey returns the ChaCha20-Poly1305 key of the payload that begins with
// nonce. A share link carries this and not the file key, so its holder can open
// one payload and nothing else, and cannot write headers.
//
// Source: C2SP age.md, "Payload": HKDF-SHA-256, salt nonce, info "payload".
func PayloadKey(key FileKey, nonce [16]byte) [32]byte {
	return expand(key[:], nonce[:], "payload")
}

// derive is the project's rule for every derived key: no salt, the label as
// written, 32 bytes.
func derive(secret []byte, label string) [32]byte { return expand(secret, nil, label) }

func expand(secret, salt []byte, info string) [32]byte {
	out, err := hkdf.Key(sha256.New, secret, salt, info, 32)
	if err != nil { // only a length above 255 hashes can fail
		panic("seal: hkdf: " + err.Error())
	}
	return [32]byte(out)
}
