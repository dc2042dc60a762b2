package statement

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/attune-vf/attune/policies"
)

const (
	statementTyp = "attune+"
	tokenTyp     = "attune-token+jwt"

	headAlg = `{"alg":"EdDSA","kid":"`
	headTyp = `","typ":"`
	headEnd = `"}`
)

var b64 = base64.RawURLEncoding.Strict()

// compact is a JWS taken apart, not yet believed.
type compact struct {
	kid       policies.KeyID
	typ       string
	payload   []byte
	signed    []byte // header and payload as they travel, which is what is signed
	signature []byte
}

// split takes a compact JWS apart. Nothing but the three strict base64url parts
// and the exact protected header gets through.
func split(raw []byte, most int) (c compact, err error) {
	if len(raw) > most {
		return c, broken(RuleTooLarge, "more than %d bytes", most)
	}
	parts := bytes.Split(raw, []byte("."))
	if len(parts) != 3 || len(parts[0]) == 0 || len(parts[1]) == 0 {
		return c, broken(RuleParts, "not three parts with dots between")
	}
	c.signed = raw[:len(parts[0])+1+len(parts[1])]
	header, err := decode64(parts[0])
	if err != nil {
		return c, err
	}
	if c.payload, err = decode64(parts[1]); err != nil {
		return c, err
	}
	if c.signature, err = decode64(parts[2]); err != nil {
		return c, err
	}
	if len(c.signature) != 64 {
		return c, broken(RuleSignatureLength, "signature of %d bytes", len(c.signature))
	}
	c.kid, c.typ, err = readHeader(header)
	return c, err
}

func decode64(b []byte) ([]byte, error) {
	for _, c := range b {
		switch {
		case c == '=':
			return nil, broken(RulePadding, "base64 with padding")
		case !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'):
			return nil, broken(RuleBase64, "character outside base64url")
		}
	}
	out, err := b64.AppendDecode(nil, b)
	if err != nil {
		return nil, broken(RuleSpareBits, "last base64 character carries bits that belong to no byte, or stands alone")
	}
	return out, nil
}

// writeHeader is the one spelling of a protected header.
func writeHeader(kid policies.KeyID, typ string) []byte {
	return []byte(headAlg + kid.String() + headTyp + typ + headEnd)
}

// readHeader takes the exact header only. typ has plain letters: with the fixed
// text around it there is one spelling, and no JSON reader is needed.
func readHeader(h []byte) (kid policies.KeyID, typ string, err error) {
	s := string(h)
	rest, ok := strings.CutPrefix(s, headAlg)
	if !ok {
		return kid, "", explainHeader(h)
	}
	id, rest, ok := strings.Cut(rest, headTyp)
	if !ok {
		return kid, "", explainHeader(h)
	}
	typ, ok = strings.CutSuffix(rest, headEnd)
	if !ok || strings.ContainsFunc(typ, notInTyp) {
		return kid, "", explainHeader(h)
	}
	if err := kid.UnmarshalText([]byte(id)); err != nil || kid.IsZero() {
		return kid, "", broken(RuleKid, "kid is not 43 characters of base64url")
	}
	return kid, typ, nil
}
