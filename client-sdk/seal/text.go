package seal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/chacha20poly1305"
)

// SealText seals a clip's title or caption under the clip's file key, so that
// whoever may see the clip may read it and disposing of the clip disposes of
// it. ad binds it to its place, such as the clip's id and the field; the same
// bytes must be given to [OpenText]. The result is a random 24-byte nonce and
// the XChaCha20-Poly1305 text.
func SealText(key FileKey, text string, ad []byte) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("seal text: not valid UTF-8")
	}
	return sealShort(derive(key[:], "attune/title/v1"), []byte(text), ad)
}

// OpenText opens what SealText made for the same key and ad, else [ErrDamaged].
func OpenText(key FileKey, sealed, ad []byte) (string, error) {
	plain, err := openShort(derive(key[:], "attune/title/v1"), sealed, ad)
	if err != nil {
		return "", fmt.Errorf("open text: %w", err)
	}
	if !utf8.Valid(plain) {
		return "", fmt.Errorf("open text: not valid UTF-8: %w", ErrDamaged)
	}
	return string(plain), nil
}

// sealShort is XChaCha20-Poly1305 with the nonce in front. 24 random bytes never
// repeat in practice, so one key may seal any number of texts.
func sealShort(key [32]byte, plain, ad []byte) ([]byte, error) {
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:])
	return sealShortWith(key, nonce, plain, ad)
}

func sealShortWith(key [32]byte, nonce [24]byte, plain, ad []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(nonce), len(nonce)+len(plain)+tagBytes)
	copy(out, nonce[:])
	return aead.Seal(out, nonce[:], plain, ad), nil
}

func openShort(key [32]byte, sealed, ad []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize()+aead.Overhead() {
		return nil, ErrTruncated
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], ad)
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}
