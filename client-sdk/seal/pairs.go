package seal

import (
	"errors"
	"fmt"
)

// SealPairs seals secret so that any two of three custodians can open it and no
// one alone: age inside age, for the pairs AB, AC and BC. The first named is
// the outer layer. Stock tools open it: `age -d -i a ab | age -d -i b`.
//
// Two equal custodians are refused, since that one key would then be enough.
//
// Source: DESIGN.md §4, Recovery.
func SealPairs(secret []byte, custodians [3]Recipient) (ab, ac, bc []byte, err error) {
	a, b, c := custodians[0], custodians[1], custodians[2]
	fa, fb, fc := a.Fingerprint(), b.Fingerprint(), c.Fingerprint()
	if fa == fb || fa == fc || fb == fc {
		return nil, nil, nil, errors.New("seal pairs: two custodians share a key")
	}
	pair := func(outer, inner Recipient) []byte {
		if err != nil {
			return nil
		}
		var sealed []byte
		if sealed, err = Seal(secret, inner); err == nil {
			sealed, err = Seal(sealed, outer)
		}
		return sealed
	}
	ab, ac, bc = pair(a, b), pair(a, c), pair(b, c)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("seal pairs: %w", err)
	}
	return ab, ac, bc, nil
}

// OpenPair opens one of the three with two custodians' identities, in either
// order. [ErrNotForYou] means that they are not this pair.
func OpenPair(sealed []byte, one, other Identity) ([]byte, error) {
	inner, err := Open(sealed, one)
	if errors.Is(err, ErrNotForYou) {
		one, other = other, one
		inner, err = Open(sealed, one)
	}
	if err != nil {
		return nil, fmt.Errorf("open pair, outer layer: %w", err)
	}
	secret, err := Open(inner, other)
	if err != nil {
		return nil, fmt.Errorf("open pair, inner layer: %w", err)
	}
	return secret, nil
}
