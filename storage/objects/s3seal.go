package objects

import (
	"crypto/rand"
	"slices"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// sealForMinIO seals a request to MinIO's admin API, which takes a new user's
// secret in no other way, under the administrator's own secret:
//
//	salt (32) | 1 | nonce (8) | one sealed fragment
//
// The key is Argon2id of the secret (1 pass, 64 MiB, 4 lanes), the cipher
// ChaCha20-Poly1305, the nonce ends with the fragment's number, counted from 1 and
// little-endian, and the additional data are 0x80, for the last fragment, and the
// tag of an empty fragment 0. A request fits in one fragment of 16 KiB.
//
// Source: the format that MinIO's admin API documents, argon2idChaCha20Poly1305
// over secure-io streams. The test against the server is what holds it.
func sealForMinIO(secret string, p []byte) ([]byte, error) {
	salt, prefix := make([]byte, 32), make([]byte, 8)
	rand.Read(salt) // never fails, see its documentation
	rand.Read(prefix)
	aead, err := chacha20poly1305.New(argon2.IDKey([]byte(secret), salt, 1, 64<<10, 4, chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	number := func(n byte) []byte { return slices.Concat(prefix, []byte{n, 0, 0, 0}) }
	last := aead.Seal([]byte{0x80}, number(0), nil, nil)
	return slices.Concat(salt, []byte{1}, prefix, aead.Seal(nil, number(1), p, last)), nil
}
