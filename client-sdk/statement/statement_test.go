package statement

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

func revocation() policies.Statement {
	return policies.Statement{
		Signer: policies.KeyID(digest("kid")), Record: policies.RecordID(digest("record")), Kind: "team.remove", N: 1, At: vectorNow,
		Body: &policies.TeamRemove{Staff: policies.StaffID(digest("staff"))},
	}
}

func TestSignSortsDepsAndDropsDoubles(t *testing.T) {
	s := revocation()
	for _, name := range []string{"c", "a", "b", "a", "d", "e"} {
		s.Deps = append(s.Deps, policies.StatementID(digest(name)))
	}
	given := slices.Clone(s.Deps)
	raw, signed, err := Sign(s, testKey("x"))
	if err != nil {
		t.Fatal(err)
	}
	if len(signed.Deps) != 5 || !slices.IsSortedFunc(signed.Deps, byText) {
		t.Errorf("deps = %v, want five in ascending order", signed.Deps)
	}
	if !slices.Equal(s.Deps, given) {
		t.Error("the caller's deps were moved")
	}
	slices.Reverse(s.Deps)
	again, _, err := Sign(s, testKey("x"))
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("the same knowledge in another order gives other bytes (%v)", err)
	}
}

func TestSignRefusesWhatParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		rule   string
		change func(*policies.Statement)
	}{
		{RuleN, func(s *policies.Statement) { s.N = 0 }},
		{RuleIntegerRange, func(s *policies.Statement) { s.N = 1 << 53 }},
		{RuleIntegerRange, func(s *policies.Statement) { s.At = -1 }},
		{RuleRecordMissing, func(s *policies.Statement) { s.Record = policies.RecordID{} }},
		{RuleKid, func(s *policies.Statement) { s.Signer = policies.KeyID{} }},
		{RuleDepsEmpty, func(s *policies.Statement) { s.Deps = []policies.StatementID{{}} }},
		{RuleUnknownKind, func(s *policies.Statement) { s.Kind = "team.dance" }},
		{RuleBody, func(s *policies.Statement) { s.Body = &policies.TeamRemove{} }},
		{RuleUnknownMember, func(s *policies.Statement) { s.Body = &policies.LinkRevoke{} }},
		{RuleHeader, func(s *policies.Statement) { s.Kind = `team.remove","jwk":"` }},
		{RuleTooLarge, func(s *policies.Statement) {
			s.Kind, s.Record = "family.open", policies.RecordID{}
			s.Body = &policies.FamilyOpen{Reference: strings.Repeat("x", policies.MaxStatementBytes), Programme: policies.VIG, Recipient: testRecipient}
		}},
	} {
		s := revocation()
		tc.change(&s)
		if raw, _, err := Sign(s, testKey("x")); Rule(err) != tc.rule {
			t.Errorf("%s: err = %v, signed %q", tc.rule, err, raw)
		}
	}
	if _, _, err := Sign(revocation(), nil); err == nil {
		t.Error("signed without a key")
	}
	s := revocation()
	s.Body = nil
	if _, _, err := Sign(s, testKey("x")); err == nil {
		t.Error("signed without a body")
	}
}

// Any changed byte is another statement or none: no second text has the same facts.
func TestEveryChangedCharacterIsRefused(t *testing.T) {
	raw, _, err := Sign(revocation(), testKey("x"))
	if err != nil {
		t.Fatal(err)
	}
	key := func(policies.KeyID) (policies.PublicKey, bool) { return public(testKey("x")), true }
	for i := range raw {
		for _, c := range []byte("AQgw_9.=\n\x00\xff") {
			if raw[i] == c {
				continue
			}
			changed := bytes.Clone(raw)
			changed[i] = c
			if s, err := Verify(changed, key); err == nil {
				t.Fatalf("character %d changed to %q verifies: %+v", i, c, s)
			}
		}
	}
}

func TestVerifiersRefuseEachOther(t *testing.T) {
	key := testKey("x")
	raw, _, err := Sign(revocation(), key)
	if err != nil {
		t.Fatal(err)
	}
	keys := func(policies.DeviceID) (policies.PublicKey, bool) { return public(key), true }
	if _, err := VerifyToken(string(raw), keys, goodToken().Audience, tokenOrigin, goodToken().Issued); !errors.Is(err, ErrToken) || Rule(err) != RuleTyp {
		t.Errorf("statement as bearer token: %v, want %s", err, RuleTyp)
	}
	token, err := SignToken(goodToken(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse([]byte(token)); Rule(err) != RuleTyp {
		t.Errorf("bearer token as statement: %v, want %s", err, RuleTyp)
	}
}

// A batch that founds a service, certifies a device and uses it verifies in one
// pass, and nobody else's key does for any of it.
func TestCertifiedKeysOpenABatch(t *testing.T) {
	known := map[policies.KeyID]policies.PublicKey{}
	introduced := 0
	for _, v := range readVectors[validVector](t, "statement.json") {
		s, err := Verify([]byte(v.Raw), func(kid policies.KeyID) (policies.PublicKey, bool) { k, ok := known[kid]; return k, ok })
		if err != nil {
			t.Fatalf("%s: %v", v.Kind, err)
		}
		if kid, key, ok := CertifiedKeys(s); ok {
			known[kid] = key
			introduced++
		}
		stranger := public(testKey("stranger"))
		if v.Kind == policies.KindRoot {
			continue
		}
		if _, err := Verify([]byte(v.Raw), func(policies.KeyID) (policies.PublicKey, bool) { return stranger, true }); !errors.Is(err, ErrSignature) {
			t.Errorf("%s under a stranger's key: %v, want ErrSignature", v.Kind, err)
		}
	}
	if introduced != 2+3*4+2 { // root, server, three keys of each person, and two to replace one
		t.Errorf("keys introduced = %d, want 16", introduced)
	}
}

// A founder verifies org.root with nothing at hand; whatever else is put in its
// place is refused, not a crash.
func TestVerifyWithoutKeys(t *testing.T) {
	for _, v := range readVectors[validVector](t, "statement.json") {
		_, err := Verify([]byte(v.Raw), nil)
		if root := v.Kind == policies.KindRoot; root && err != nil || !root && !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%s without keys: %v", v.Kind, err)
		}
	}
}

// The neutral point shows why weak keys are refused: Go's verifier takes it.
func TestGoTakesWeakKeys(t *testing.T) {
	neutral := policies.PublicKey{1}
	signature := append(append([]byte{1}, make([]byte, 31)...), make([]byte, 32)...)
	if !ed25519.Verify(neutral[:], []byte("anything at all"), signature) {
		t.Fatal("Go refuses the neutral point by itself now: the list in weak.go may go")
	}
	if !weak(neutral) || weak(public(testKey("x"))) {
		t.Error("weak tells them apart wrongly")
	}
}
