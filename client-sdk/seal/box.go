package seal

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"golang.org/x/crypto/chacha20poly1305"
)

// Box seals what one device keeps on its own disk under one key, each thing to the
// place where it lies: XChaCha20-Poly1305, a random nonce before the ciphertext, the
// place as associated data. What is moved to another place, or changed, does not open.
// An older version of the same thing in the same place does: whoever can put that back
// can put the whole disk back.
//
// It is made once and used from many goroutines.
type Box struct {
	aead cipher.AEAD
	key  [32]byte
}

// NewBox takes the device's store key.
func NewBox(key [32]byte) *Box {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil { // only for a key of another length
		panic("seal: " + err.Error())
	}
	return &Box{aead, key}
}

// boxHead begins the associated data, so that nothing else sealed under the key, if
// ever there is, passes for a thing of a box.
const boxHead = "attune/store/v1\x00"

// Seal seals plain to a place, 40 bytes longer.
func (b *Box) Seal(place string, plain []byte) []byte {
	out := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+tagBytes)
	rand.Read(out)
	return b.aead.Seal(out, out, plain, []byte(boxHead+place))
}

// Open opens what Seal made for the place. [ErrTruncated], [ErrDamaged].
func (b *Box) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < chacha20poly1305.NonceSizeX+tagBytes {
		return nil, ErrTruncated
	}
	nonce, sealed := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := b.aead.Open(nil, nonce, sealed, []byte(boxHead+place))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// Name is what a thing is called where even its number must not stand: the same each
// time, and told from a random one by nobody without the key.
func (b *Box) Name(of string) string {
	mac := hmac.New(sha256.New, b.key[:])
	mac.Write([]byte("attune/store/name/v1\x00" + of))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
