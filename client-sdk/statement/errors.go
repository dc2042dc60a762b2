package statement

import (
	"errors"
	"fmt"
)

var (
	// ErrUnknownKind means that the statement is well formed as far as it can be
	// read, but of a kind that this version does not know: keep it, upgrade.
	ErrUnknownKind = errors.New("kind of statement not known here")

	// ErrUnknownKey means that no certificate for the signing key is at hand. It
	// may still arrive.
	ErrUnknownKey = errors.New("signing key not known here")

	// ErrSignature means that the signature does not hold under the key.
	ErrSignature = errors.New("signature does not hold")

	// ErrToken means that a bearer token is of no use here, whatever the reason:
	// a stranger learns no more from it.
	ErrToken = errors.New("bearer token refused")

	// ErrTokenTime means that a token is right but for its time. The answer
	// carries the server's time, and the client tries again with the offset.
	ErrTokenTime = errors.New("bearer token is not valid at this time")
)

// SyntaxError says which rule of PROTOCOL.md the bytes break. Rule is stable and
// for programs, Why is for people.
type SyntaxError struct {
	Rule string
	Why  string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("statement: %s (%s)", e.Why, e.Rule) }

// The rules, as they stand in PROTOCOL.md. Each has a reject vector.
const (
	RuleTooLarge        = "too_large"
	RuleParts           = "parts"
	RuleBase64          = "base64"
	RulePadding         = "base64_padding"
	RuleSpareBits       = "base64_spare_bits"
	RuleSignatureLength = "signature_length"
	RuleUTF8            = "utf8"
	RuleJSON            = "json"
	RuleWhitespace      = "whitespace"
	RuleEscape          = "escape"
	RuleDepth           = "depth"
	RuleNull            = "null"
	RuleInteger         = "integer"
	RuleIntegerRange    = "integer_range"
	RuleDuplicateMember = "duplicate_member"
	RuleUnknownMember   = "unknown_member"
	RuleMemberCase      = "member_case"
	RuleMissingMember   = "missing_member"
	RuleMemberOrder     = "member_order"
	RuleValueType       = "value_type"
	RuleIdentifier      = "identifier"
	RuleCanonical       = "canonical"
	RuleHeader          = "header"
	RuleAlg             = "alg"
	RuleKid             = "kid"
	RuleTyp             = "typ"
	RuleTypKind         = "typ_kind"
	RuleVersion         = "version"
	RuleRecordMissing   = "record_missing"
	RuleRecordPresent   = "record_present"
	RuleN               = "n"
	RuleDepsCount       = "deps_count"
	RuleDepsOrder       = "deps_order"
	RuleDepsEmpty       = "deps_empty"
	RuleBody            = "body"
	RuleRootKey         = "root_key"
	RuleWeakKey         = "weak_key"

	// The rules of bearer tokens alone.
	RuleAudience  = "audience"
	RuleTokenLife = "token_life"

	// The rules of the three sentinels, for [Rule].
	RuleUnknownKind = "unknown_kind"
	RuleUnknownKey  = "unknown_key"
	RuleSignature   = "signature"
)

// Rules lists every rule, in the order of PROTOCOL.md.
func Rules() []string {
	return []string{
		RuleTooLarge, RuleParts, RuleBase64, RulePadding, RuleSpareBits, RuleSignatureLength,
		RuleUTF8, RuleJSON, RuleWhitespace, RuleEscape, RuleDepth, RuleNull, RuleInteger, RuleIntegerRange,
		RuleDuplicateMember, RuleUnknownMember, RuleMemberCase, RuleMissingMember, RuleMemberOrder,
		RuleValueType, RuleIdentifier, RuleCanonical,
		RuleHeader, RuleAlg, RuleKid, RuleTyp, RuleTypKind, RuleUnknownKind, RuleVersion,
		RuleRecordMissing, RuleRecordPresent, RuleN, RuleDepsCount, RuleDepsOrder, RuleDepsEmpty, RuleBody,
		RuleUnknownKey, RuleSignature, RuleRootKey, RuleWeakKey, RuleAudience, RuleTokenLife,
	}
}

// Rule is the id of the rule that err is about, "" if it is about none.
func Rule(err error) string {
	var s *SyntaxError
	switch {
	case errors.As(err, &s):
		return s.Rule
	case errors.Is(err, ErrUnknownKind):
		return RuleUnknownKind
	case errors.Is(err, ErrUnknownKey):
		return RuleUnknownKey
	case errors.Is(err, ErrSignature):
		return RuleSignature
	}
	return ""
}

func broken(rule, why string, args ...any) error {
	return &SyntaxError{Rule: rule, Why: fmt.Sprintf(why, args...)}
}
