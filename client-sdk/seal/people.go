package seal

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"filippo.io/age"
)

// Identity is the secret half of a person's, family's or custodian's key: an
// age hybrid identity, AGE-SECRET-KEY-PQ-1…. The zero value opens nothing.
type Identity struct{ hybrid *age.HybridIdentity }

// NewIdentity draws a fresh identity.
func NewIdentity() (Identity, error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return Identity{}, fmt.Errorf("new identity: %w", err)
	}
	return Identity{id}, nil
}

// ParseIdentity reads what String wrote. The error never repeats the input.
func ParseIdentity(s string) (Identity, error) {
	id, err := age.ParseHybridIdentity(s)
	if err != nil || id.String() != s {
		return Identity{}, errors.New("not an age hybrid identity (AGE-SECRET-KEY-PQ-1…)")
	}
	return Identity{id}, nil
}

// String returns the secret itself, as stock age reads it from a key file.
func (i Identity) String() string {
	if i.hybrid == nil {
		return ""
	}
	return i.hybrid.String()
}

// Format keeps the secret out of logs: only an explicit String call gives it.
func (Identity) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[identity]") }

// Recipient returns the public half.
func (i Identity) Recipient() Recipient {
	if i.hybrid == nil {
		return Recipient{}
	}
	return Recipient{i.hybrid.Recipient()}
}

// Recipient is the public half of an [Identity]: age1pq1…, about 2 kB of text.
type Recipient struct{ hybrid *age.HybridRecipient }

// ParseRecipient reads what String wrote. Older age kinds are refused.
func ParseRecipient(s string) (Recipient, error) {
	r, err := age.ParseHybridRecipient(s)
	if err != nil || r.String() != s { // bech32 would also take upper case: one key has one spelling
		return Recipient{}, errors.New("not an age hybrid recipient (age1pq1…)")
	}
	return Recipient{r}, nil
}

// String returns the recipient as stock age takes it behind -r.
func (r Recipient) String() string {
	if r.hybrid == nil {
		return ""
	}
	return r.hybrid.String()
}

// Fingerprint names the key: SHA-256 of String.
func (r Recipient) Fingerprint() [32]byte { return sha256.Sum256([]byte(r.String())) }

func ageIdentities(with []Identity) ([]age.Identity, error) {
	ids := make([]age.Identity, len(with))
	for i, id := range with {
		if id.hybrid == nil {
			return nil, errors.New("empty identity")
		}
		ids[i] = id.hybrid
	}
	if len(ids) == 0 {
		return nil, errors.New("no identity to open with")
	}
	return ids, nil
}
