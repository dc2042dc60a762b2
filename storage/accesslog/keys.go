package accesslog

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"
)

// algEd25519 is the note algorithm byte that precedes key bytes.
const algEd25519 = 1

// Signer signs checkpoints with Ed25519 under a name, which is a log's origin.
type Signer struct {
	note.Signer
	vkey string
}

// Verifier knows the public half of a [Signer].
type Verifier struct {
	note.Verifier
	vkey string
}

// NewSigner fails when the name is empty or holds spaces or a plus sign.
func NewSigner(name string, priv ed25519.PrivateKey) (*Signer, error) {
	if len(priv) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("log key %q: %d bytes, want %d", name, len(priv), ed25519.PrivateKeySize)
	}
	v, err := NewVerifier(name, priv.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	seed := append([]byte{algEd25519}, priv.Seed()...)
	s, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, v.KeyHash(), base64.StdEncoding.EncodeToString(seed)))
	if err != nil {
		return nil, fmt.Errorf("log key %q: %w", name, err)
	}
	return &Signer{Signer: s, vkey: v.vkey}, nil
}

// NewVerifier fails when the name is empty or holds spaces or a plus sign.
func NewVerifier(name string, pub ed25519.PublicKey) (*Verifier, error) {
	vkey, err := note.NewEd25519VerifierKey(name, pub)
	if err != nil {
		return nil, fmt.Errorf("log key %q: %w", name, err)
	}
	return ParseVerifier(vkey)
}

// ParseVerifier reads the text that VKey returns. A name that does not show as it is
// written is refused: people compare it.
func ParseVerifier(vkey string) (*Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("log key %q: %w", vkey, err)
	}
	// Notes refuse the escapes of ASCII. Terminals obey those of Unicode as well, and
	// the name of a stranger's key could take away the line above it.
	if strings.ContainsFunc(v.Name(), func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return nil, fmt.Errorf("log key %q: its name holds what nobody can see", vkey)
	}
	return &Verifier{Verifier: v, vkey: vkey}, nil
}

// VKey returns "<name>+<hash>+<key>", the form that stock note verifiers read.
func (s *Signer) VKey() string { return s.vkey }

// VKey returns "<name>+<hash>+<key>", the form that stock note verifiers read.
func (v *Verifier) VKey() string { return v.vkey }

// PublicKey is the key itself.
func (v *Verifier) PublicKey() (ed25519.PublicKey, error) {
	_, text, _ := strings.Cut(v.vkey, "+")
	_, text, _ = strings.Cut(text, "+")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != algEd25519 {
		return nil, fmt.Errorf("log key %q: not an Ed25519 key", v.vkey)
	}
	return raw[1:], nil
}

// OpenSSL takes a signed checkpoint apart for a check without our software:
// write the three results to files and run
//
//	openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -in body -sigfile sig
//
// It finds pub's signature but deliberately does not check it: that is what the
// other tool is for.
func OpenSSL(signed string, pub ed25519.PublicKey) (body, sig, pubPEM []byte, err error) {
	// The last blank line divides text from signatures (C2SP signed-note).
	blank := strings.LastIndex(signed, "\n\n")
	if blank < 0 {
		return nil, nil, nil, fmt.Errorf("%w: no signatures", ErrCheckpoint)
	}
	sig, err = signatureOf(signed[blank+2:], pub)
	if err != nil {
		return nil, nil, nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("encode log key: %w", err)
	}
	return []byte(signed[:blank+1]), sig, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// signatureOf finds the line "— name base64(key hash ‖ signature)" made by pub.
func signatureOf(lines string, pub ed25519.PublicKey) ([]byte, error) {
	for line := range strings.Lines(lines) {
		name, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "— "), " ")
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) != 4+ed25519.SignatureSize {
			continue
		}
		v, err := NewVerifier(name, pub)
		if err == nil && fmt.Sprintf("%08x", v.KeyHash()) == fmt.Sprintf("%x", raw[:4]) {
			return raw[4:], nil
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrCheckpoint, errors.New("no signature by this key"))
}
