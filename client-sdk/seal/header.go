package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
)

const (
	maxHeaderBytes = 64 << 10 // twice what 20 hybrid stanzas need; read whole into memory
	maxStanzas     = 20       // the widest viewer list with room; each costs a key agreement to try
)

// NewHeader returns a whole age v1 header, through its "--- MAC" line, that
// gives key to each recipient. Put in front of the payload it makes an age file.
//
// age writes headers only for keys that it drew itself, so this is our own
// writer: stanzas as age's recipients make them, in age's only encoding.
//
// Source: C2SP age.md, "Header" and "Header MAC".
func NewHeader(key FileKey, to ...Recipient) ([]byte, error) {
	rs := make([]age.Recipient, len(to))
	for i, r := range to {
		if r.hybrid == nil {
			return nil, errors.New("new header: empty recipient")
		}
		rs[i] = r.hybrid
	}
	return newHeader(key, rs...)
}

func newHeader(key FileKey, to ...age.Recipient) ([]byte, error) {
	if len(to) == 0 || len(to) > maxStanzas {
		return nil, fmt.Errorf("new header: %d recipients, want 1 to %d", len(to), maxStanzas)
	}
	var h bytes.Buffer
	h.WriteString("age-encryption.org/v1\n")
	var label []string
	for i, r := range to {
		stanzas, labels, err := wrap(r, key)
		if err != nil {
			return nil, fmt.Errorf("wrap to recipient %d: %w", i, err)
		}
		// One recipient without post-quantum protection would void it for all.
		if slices.Sort(labels); i > 0 && !slices.Equal(label, labels) {
			return nil, errors.New("new header: hybrid and other recipients cannot share a header")
		}
		label = labels
		for _, s := range stanzas {
			writeStanza(&h, s)
		}
	}
	h.WriteString("---")
	fmt.Fprintf(&h, " %s\n", b64.EncodeToString(headerMAC(key, h.Bytes())))
	return h.Bytes(), nil
}

// b64 is age's alphabet: standard, unpadded; strict against spare bits.
var b64 = base64.RawStdEncoding.Strict()

func wrap(r age.Recipient, key FileKey) ([]*age.Stanza, []string, error) {
	if l, ok := r.(age.RecipientWithLabels); ok {
		return l.WrapWithLabels(key[:])
	}
	s, err := r.Wrap(key[:])
	return s, nil, err
}

// writeStanza encodes canonically: full lines have 64 columns, and the last is
// always shorter, even when that makes it empty; age tells stanzas apart by it.
func writeStanza(h *bytes.Buffer, s *age.Stanza) {
	h.WriteString("-> " + strings.Join(append([]string{s.Type}, s.Args...), " ") + "\n")
	body := b64.EncodeToString(s.Body)
	for ; len(body) >= 64; body = body[64:] {
		h.WriteString(body[:64] + "\n")
	}
	h.WriteString(body + "\n")
}

// headerMAC covers the header up to and including the three dashes.
func headerMAC(key FileKey, upToDashes []byte) []byte {
	macKey := derive(key[:], "header")
	mac := hmac.New(sha256.New, macKey[:])
	mac.Write(upToDashes)
	return mac.Sum(nil)
}

// OpenHeader returns the file key that header gives to one of the identities.
//
// header must be exactly one strict age v1 header with nothing behind it, at
// most 64 KiB and 20 stanzas, else [ErrHeader]. [ErrNotForYou]: no stanza
// matches. [ErrHeaderMAC]: one matches, but the header was changed. The key is
// right for this header; whether it is the clip's, only [Commitment] tells.
func OpenHeader(header []byte, with ...Identity) (FileKey, error) {
	ids, err := ageIdentities(with)
	if err != nil {
		return FileKey{}, err
	}
	return openHeader(header, ids...)
}

func openHeader(header []byte, with ...age.Identity) (FileKey, error) {
	if err := checkHeader(header); err != nil {
		return FileKey{}, err
	}
	matched := false
	for i, id := range with {
		with[i] = noting{id, &matched}
	}
	key, err := age.DecryptHeader(header, with...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return FileKey{}, ErrNotForYou
	case err != nil && matched: // age has no error value for a wrong MAC
		return FileKey{}, ErrHeaderMAC
	case err != nil:
		return FileKey{}, fmt.Errorf("%w: %v", ErrHeader, err)
	case len(key) != len(FileKey{}):
		return FileKey{}, fmt.Errorf("%w: file key of %d bytes", ErrHeader, len(key))
	}
	return FileKey(key), nil
}

// noting tells when an identity did find its stanza.
type noting struct {
	age.Identity
	matched *bool
}

func (n noting) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := n.Identity.Unwrap(stanzas)
	*n.matched = *n.matched || err == nil
	return key, err
}

// checkHeader bounds the work before any key is tried, and refuses what age
// would read differently from how it stands: one header has one encoding.
func checkHeader(header []byte) error {
	if len(header) > maxHeaderBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrHeader, len(header), maxHeaderBytes)
	}
	if n := bytes.Count(header, []byte("\n-> ")); n > maxStanzas {
		return fmt.Errorf("%w: %d stanzas, at most %d", ErrHeader, n, maxStanzas)
	}
	strict, err := age.ExtractHeader(bytes.NewReader(header))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrHeader, err)
	}
	if !bytes.Equal(strict, header) {
		return fmt.Errorf("%w: %d bytes follow it", ErrHeader, len(header)-len(strict))
	}
	return nil
}

// Rewrap writes a new header to others for the clip that header opens; payload
// and nonce stay as they are. Whoever opened the old header may have kept the
// key: a new header adds people, and removes only what the server serves.
func Rewrap(header []byte, with Identity, to ...Recipient) ([]byte, error) {
	key, err := OpenHeader(header, with)
	if err != nil {
		return nil, fmt.Errorf("rewrap: %w", err)
	}
	return NewHeader(key, to...)
}
