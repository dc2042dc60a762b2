package statement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"github.com/attune-vf/attune/policies"
)

// Sealed is a statement as it travels and is kept: the bytes of a compact JWS.
// Keep these and never a re-encoding: the signature and the identity are theirs.
type Sealed = []byte

const version = 1

// payload has its members in the order in which they travel.
type payload[B any] struct {
	V      int64                  `json:"v"`
	Record policies.RecordID      `json:"record"`
	Kind   policies.Kind          `json:"kind"`
	N      int64                  `json:"n"`
	Deps   []policies.StatementID `json:"deps"`
	At     policies.Micros        `json:"at"`
	Seen   policies.Seen          `json:"seen"`
	Body   B                      `json:"body"`
}

// Sign makes a statement: its bytes, and s with ID set and Deps as signed.
//
// s.Signer names the certificate of key; for org.root it is the public key
// itself and may be left zero. Deps are sorted and doubles dropped, so that the
// same knowledge has one spelling. What [Parse] would refuse is not signed: the
// error is the same [*SyntaxError].
func Sign(s policies.Statement, key ed25519.PrivateKey) (raw Sealed, signed policies.Statement, err error) {
	if raw, signed, err = sign(s, key); err != nil {
		return nil, policies.Statement{}, fmt.Errorf("sign %s: %w", s.Kind, err)
	}
	return raw, signed, nil
}

func sign(s policies.Statement, key ed25519.PrivateKey) (raw Sealed, signed policies.Statement, err error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, signed, errors.New("not a private key")
	}
	if s.Body == nil {
		return nil, signed, errors.New("no body")
	}
	own := policies.PublicKey(key.Public().(ed25519.PublicKey))
	if s.Kind == policies.KindRoot && s.Signer.IsZero() {
		s.Signer = policies.KeyID(own)
	}
	s.Deps = slices.Clone(s.Deps)
	slices.SortFunc(s.Deps, byText)
	s.Deps = slices.Compact(s.Deps)
	body, err := encode(payload[policies.Body]{version, s.Record, s.Kind, s.N, s.Deps, s.At, s.Seen, s.Body})
	if err != nil {
		return nil, signed, err
	}
	if raw, err = signCompact(s.Signer, statementTyp+string(s.Kind), body, key); err != nil {
		return nil, signed, err
	}
	// Read back before it leaves: what is signed once can never be taken back.
	signed, err = Verify(raw, func(policies.KeyID) (policies.PublicKey, bool) { return own, true })
	return raw, signed, err
}

func signCompact(kid policies.KeyID, typ string, payload []byte, key ed25519.PrivateKey) ([]byte, error) {
	raw := b64.AppendEncode(nil, writeHeader(kid, typ))
	raw = append(raw, '.')
	raw = b64.AppendEncode(raw, payload)
	sig, err := jwt.SigningMethodEdDSA.Sign(string(raw), key)
	if err != nil {
		return nil, err
	}
	return b64.AppendEncode(append(raw, '.'), sig), nil
}

// byText orders identifiers as they are read, which is not the order of their bytes.
func byText(a, b policies.StatementID) int { return strings.Compare(a.String(), b.String()) }

// Unverified is a statement whose spelling is right and whose signature has not
// been looked at. Its fields serve to find the key, to order a batch and to
// recognise what is known already; nothing may be believed because of them.
type Unverified struct {
	ID     policies.StatementID
	Signer policies.KeyID
	Record policies.RecordID
	Kind   policies.Kind
	N      int64
	Deps   []policies.StatementID

	statement policies.Statement
	signed    []byte
	signature []byte
}

// Parse checks every rule of PROTOCOL.md.
//
// Errors: [*SyntaxError] with the rule; [ErrUnknownKind].
func Parse(raw Sealed) (Unverified, error) { return parse(raw, false) }

// ParseKept is [Parse] for a device, which keeps what it cannot read: a statement of a
// kind that it does not know comes with the body [policies.Unread]. Of that body it is
// checked that it is canonical, and no more. Whether it may be passed over is for the
// fold; a server refuses it.
func ParseKept(raw Sealed) (Unverified, error) { return parse(raw, true) }

func parse(raw Sealed, keep bool) (Unverified, error) {
	c, err := split(raw, policies.MaxStatementBytes)
	if err != nil {
		return Unverified{}, err
	}
	name, ok := strings.CutPrefix(c.typ, statementTyp)
	if !ok {
		return Unverified{}, broken(RuleTyp, "typ %q is not that of a statement", c.typ)
	}
	if err := scan(c.payload); err != nil {
		return Unverified{}, err
	}
	row, ok := policies.RowOf(policies.Kind(name))
	if !ok && !keep {
		return Unverified{}, fmt.Errorf("%w: %s", ErrUnknownKind, name)
	}
	var p payload[jsontext.Value]
	if err := decode(c.payload, &p); err != nil {
		return Unverified{}, err
	}
	if len(p.Body) == 0 {
		return Unverified{}, broken(RuleMissingMember, "no body")
	}
	var again []byte
	var body policies.Body = policies.Unread{}
	if ok {
		body = row.New()
		if err := decode(p.Body, body); err != nil {
			return Unverified{}, err
		}
		again, err = encode(payload[policies.Body]{p.V, p.Record, p.Kind, p.N, p.Deps, p.At, p.Seen, body})
	} else {
		if p.Body.Kind() != '{' {
			return Unverified{}, broken(RuleValueType, "the body is no object")
		}
		again, err = encode(p)
	}
	if err != nil {
		return Unverified{}, broken(RuleCanonical, "cannot be encoded again")
	}
	if !bytes.Equal(again, c.payload) {
		return Unverified{}, differs(c.payload, again)
	}
	s := policies.Statement{
		ID: sha256.Sum256(raw), Signer: c.kid, Record: p.Record, Kind: p.Kind,
		N: p.N, Deps: p.Deps, At: p.At, Seen: p.Seen, Body: body,
	}
	if err := check(s, p.V, policies.Kind(name)); err != nil {
		return Unverified{}, err
	}
	return Unverified{
		ID: s.ID, Signer: s.Signer, Record: s.Record, Kind: s.Kind, N: s.N, Deps: s.Deps,
		statement: s, signed: c.signed, signature: c.signature,
	}, nil
}

// check holds the rules about values.
func check(s policies.Statement, v int64, typ policies.Kind) error {
	founds := s.Kind == policies.KindRoot || s.Kind == policies.KindFamilyOpen
	switch {
	case v != version:
		return broken(RuleVersion, "version %d", v)
	case s.Kind != typ:
		return broken(RuleTypKind, "typ says %s, kind says %s", typ, s.Kind)
	case founds && !s.Record.IsZero():
		return broken(RuleRecordPresent, "%s founds its record and names none", s.Kind)
	case !founds && s.Record.IsZero():
		return broken(RuleRecordMissing, "%s names no record", s.Kind)
	case s.N < 1:
		return broken(RuleN, "n is counted from 1")
	}
	if err := checkDeps(s.Deps); err != nil {
		return err
	}
	if err := s.Body.Check(); err != nil {
		return broken(RuleBody, "%s: %s", s.Kind, err)
	}
	return nil
}

func checkDeps(deps []policies.StatementID) error {
	if len(deps) > policies.MaxDeps {
		return broken(RuleDepsCount, "more than %d deps", policies.MaxDeps)
	}
	before := ""
	for _, d := range deps {
		text := d.String()
		switch {
		case text == "":
			return broken(RuleDepsEmpty, "an empty identifier in deps")
		case text <= before:
			return broken(RuleDepsOrder, "deps are not in ascending order, each once")
		}
		before = text
	}
	return nil
}
