// Package statement makes and verifies statements, the signed facts of the
// service, and the bearer tokens that devices sign in with.
//
// It promises that a statement has one spelling: whatever [Parse] lets through
// is, byte for byte, what [Sign] would have written, so that the SHA-256 of the
// bytes can be the statement's identity. It promises nothing about meaning.
// Whether a key was certified at the time, whether the signer has the role and
// whether the fact is possible in its record is asked in policies.
//
// Start at [Sign] and [Verify]. A caller who must look at a statement to find
// its key uses [Parse] and then [Unverified.Verify].
//
// Source: DESIGN.md §3 and §11; the rules to the byte, with one vector that
// breaks each, are in PROTOCOL.md. RFC 7515 and RFC 8725 say why no general JWS
// reader is used: they take duplicate members, unknown critical headers and a
// changed last character.
package statement
