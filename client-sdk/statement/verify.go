package statement

import (
	"crypto/ed25519"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/attune-vf/attune/policies"
)

// Keys finds the public key that a certificate introduced.
type Keys func(kid policies.KeyID) (policies.PublicKey, bool)

// Verify parses raw and checks its signature under the key that its kid names.
// org.root needs no Keys, which may be nil: it is signed by the key that it
// carries, and whoever trusts it must have its fingerprint from elsewhere.
//
// Errors: [*SyntaxError], [ErrUnknownKind], [ErrUnknownKey], [ErrSignature].
func Verify(raw Sealed, keys Keys) (policies.Statement, error) {
	u, err := Parse(raw)
	return u.by(keys, err)
}

// VerifyKept is [Verify] of what [ParseKept] takes.
func VerifyKept(raw Sealed, keys Keys) (policies.Statement, error) {
	u, err := ParseKept(raw)
	return u.by(keys, err)
}

func (u Unverified) by(keys Keys, err error) (policies.Statement, error) {
	if err != nil {
		return policies.Statement{}, err
	}
	if u.Kind == policies.KindRoot {
		return u.Verify(policies.PublicKey(u.Signer))
	}
	if keys != nil {
		if key, ok := keys(u.Signer); ok {
			return u.Verify(key)
		}
	}
	return policies.Statement{}, fmt.Errorf("%w: %s", ErrUnknownKey, u.Signer)
}

// Verify checks the signature under key. It does not ask whether the key was
// certified, is in force or may sign this kind: the fold does.
//
// Errors: [ErrSignature]; [*SyntaxError] for a weak key, and for an org.root
// that is not signed by the key in it.
func (u Unverified) Verify(key policies.PublicKey) (policies.Statement, error) {
	if root, ok := u.statement.Body.(*policies.OrgRoot); ok && (root.Key != key || policies.KeyID(key) != u.Signer) {
		return policies.Statement{}, broken(RuleRootKey, "org.root carries another key than the one it is signed with")
	}
	if err := verifySignature(u.signed, u.signature, key); err != nil {
		return policies.Statement{}, err
	}
	return u.statement, nil
}

// Believed is the statement without a look at its signature: of bytes that were verified
// when they were stored, and lie where nobody else writes. It is for a transaction, in
// which there is no time for signatures.
func (u Unverified) Believed() policies.Statement { return u.statement }

func verifySignature(signed, signature []byte, key policies.PublicKey) error {
	if weak(key) {
		return broken(RuleWeakKey, "public key of small order or not in its shortest form")
	}
	if err := jwt.SigningMethodEdDSA.Verify(string(signed), signature, ed25519.PublicKey(key[:])); err != nil {
		return ErrSignature
	}
	return nil
}
