package statement

import (
	"crypto/ed25519"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// rejects starts from one good statement and breaks one thing at a time.
func rejects(t *testing.T) (out []rejectVector) {
	key := testKey("device of the head of service")
	pub := public(key)
	someID := func(name string) string { return policies.DigestOf([]byte(name)).String() }
	kid := someID("kid")
	const typ = "attune+team.remove"
	header := headAlg + kid + headTyp + typ + headEnd
	deps := []string{someID("dep one"), someID("dep two")}
	slices.Sort(deps)
	good := `{"v":1,"record":"` + someID("record") + `","kind":"team.remove","n":7,"deps":["` + deps[0] + `","` + deps[1] +
		`"],"at":1790000000000000,"seen":{"head":"` + someID("head") + `","size":41,"root":"` + someID("root") +
		`"},"body":{"staff":"` + someID("staff") + `"}}`

	joined := func(header, payload string) string {
		signed := text([]byte(header)) + "." + text([]byte(payload))
		return signed + "." + text(ed25519.Sign(key, []byte(signed)))
	}
	add := func(rule, comment, raw string) {
		out = append(out, rejectVector{rule, comment, text(pub[:]), raw})
	}
	body := func(rule, comment, old, new string) {
		if strings.Count(good, old) != 1 {
			t.Fatalf("%s: %q stands %d times", comment, old, strings.Count(good, old))
		}
		add(rule, comment, joined(header, strings.Replace(good, old, new, 1)))
	}
	head := func(rule, comment, h string) { add(rule, comment, joined(h, good)) }
	raw := joined(header, good)
	if _, err := Verify([]byte(raw), keyOf(t, text(pub[:]))); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	parts := strings.Split(raw, ".")

	add(RuleTooLarge, "more than 64 KiB", joined(header, strings.Replace(good, `"kind"`, `"`+strings.Repeat("x", policies.MaxStatementBytes)+`":0,"kind"`, 1)))
	add(RuleParts, "two parts", parts[0]+"."+parts[1])
	add(RuleParts, "five parts, an encrypted JWE", raw+"."+parts[1]+"."+parts[2])
	add(RuleParts, "detached payload", parts[0]+".."+parts[2])
	add(RuleParts, "nothing", "")
	add(RuleParts, "JSON serialisation", `{"payload":"`+parts[1]+`","protected":"`+parts[0]+`","signature":"`+parts[2]+`"}`)
	add(RuleBase64, "a new line at the end", raw+"\n")
	add(RuleBase64, "a space in front", " "+raw)
	add(RuleBase64, "a line break inside", parts[0]+"."+parts[1][:40]+"\r\n"+parts[1][40:]+"."+parts[2])
	add(RuleBase64, "standard alphabet", strings.Join([]string{parts[0], parts[1], "+/" + parts[2][2:]}, "."))
	add(RulePadding, "padded signature", raw+"==")
	add(RuleSpareBits, "changed last character of the signature", raw[:len(raw)-1]+nextChar(raw[len(raw)-1]))
	add(RuleSpareBits, "a character alone", parts[0]+"."+parts[1]+"."+parts[2][:len(parts[2])-1])
	add(RuleSignatureLength, "signature of 63 bytes", parts[0]+"."+parts[1]+"."+text(make([]byte, 63)))
	add(RuleSignatureLength, "no signature", parts[0]+"."+parts[1]+".")

	body(RuleUTF8, "invalid UTF-8 in a string", `"team.remove"`, "\"team.\xff\xfeemove\"")
	body(RuleUTF8, "a surrogate as UTF-8", `"team.remove"`, "\"team.\xed\xa0\x80\"")
	add(RuleUTF8, "invalid UTF-8 in the header", joined(headAlg+kid+headTyp+"attune+\xff"+headEnd, good))
	add(RuleJSON, "bytes after the payload", joined(header, good+"{}"))
	add(RuleJSON, "payload cut short", joined(header, good[:len(good)-1]))
	add(RuleJSON, "not JSON", joined(header, "team.remove"))
	add(RuleJSON, "a byte order mark", joined(header, "\ufeff"+good))
	body(RuleJSON, "comma at the end", `41,`, `41,,`)
	body(RuleWhitespace, "a space between tokens", `"n":7`, `"n": 7`)
	add(RuleWhitespace, "a new line after the payload", joined(header, good+"\n"))
	head(RuleWhitespace, "a space in the header", strings.Replace(header, `,"kid"`, `, "kid"`, 1))
	body(RuleEscape, "a letter escaped", `"team.remove"`, `"team.rem\u006fve"`)
	body(RuleEscape, "a member escaped", `"kind"`, `"\u006bind"`)
	body(RuleEscape, "a slash escaped", `"team.remove"`, `"team\/remove"`)
	body(RuleEscape, "a lone surrogate", `"team.remove"`, `"team\ud800"`)
	body(RuleEscape, "a surrogate pair where the character itself would do", `"team.remove"`, `"team\ud83d\ude00"`)
	body(RuleEscape, "a long escape of a new line", `"team.remove"`, `"team\u000a"`)
	head(RuleEscape, "a letter escaped in the header", strings.Replace(header, "EdDSA", `EdDS\u0041`, 1))
	body(RuleDepth, "nested deeper than 8", `{"staff"`, `{"a":[[[[[[[]]]]]]],"staff"`)
	body(RuleNull, "null for a list", `["`+deps[0]+`","`+deps[1]+`"]`, `null`)
	body(RuleNull, "null for an identifier", `"`+someID("staff")+`"`, `null`)
	body(RuleInteger, "1.0 for 1", `"v":1`, `"v":1.0`)
	body(RuleInteger, "1e0 for 1", `"v":1`, `"v":1e0`)
	body(RuleInteger, "a leading zero", `"n":7`, `"n":07`)
	body(RuleInteger, "minus zero", `"n":7`, `"n":-0`)
	body(RuleIntegerRange, "2^53", `1790000000000000`, `9007199254740992`)
	body(RuleIntegerRange, "more than 64 bits", `1790000000000000`, `18446744073709551623`)
	body(RuleIntegerRange, "a negative n", `"n":7`, `"n":-1`)
	body(RuleIntegerRange, "a negative size", `"size":41`, `"size":-41`)

	body(RuleDuplicateMember, "a member twice, the same", `"n":7`, `"n":7,"n":7`)
	body(RuleDuplicateMember, "a member of the body twice", `{"staff"`, `{"staff":"","staff"`)
	body(RuleUnknownMember, "an unknown member", `"n":7`, `"n":7,"m":7`)
	body(RuleUnknownMember, "an unknown member of the body", `{"staff"`, `{"reason":"","staff"`)
	body(RuleUnknownMember, "an unknown member of seen", `"size":41`, `"size":41,"time":0`)
	body(RuleMemberCase, "KIND for kind", `"kind"`, `"KIND"`)
	body(RuleMemberCase, "a second member in capitals", `"kind"`, `"KIND":"viewer.remove","kind"`)
	body(RuleMemberCase, "Staff for staff", `"staff"`, `"Staff"`)
	body(RuleMissingMember, "no list of deps", `"deps":["`+deps[0]+`","`+deps[1]+`"],`, ``)
	body(RuleMissingMember, "no member in the body", `{"staff":"`+someID("staff")+`"}`, `{}`)
	body(RuleMissingMember, "no body", `,"body":{"staff":"`+someID("staff")+`"}`, ``)
	body(RuleMissingMember, "no root in seen", `,"root":"`+someID("root")+`"`, ``)
	body(RuleMemberOrder, "n before kind", `"kind":"team.remove","n":7`, `"n":7,"kind":"team.remove"`)
	head(RuleMemberOrder, "kid before alg", `{"kid":"`+kid+`","alg":"EdDSA","typ":"`+typ+`"}`)
	body(RuleValueType, "a string for an integer", `"n":7`, `"n":"7"`)
	body(RuleValueType, "a list for the body", `{"staff":"`+someID("staff")+`"}`, `[]`)
	body(RuleValueType, "true for an integer", `"size":41`, `"size":true`)
	body(RuleIdentifier, "42 characters", someID("staff"), someID("staff")[:42])
	body(RuleIdentifier, "43 characters with spare bits", someID("staff"), someID("staff")[:42]+nextChar(someID("staff")[42]))
	body(RuleIdentifier, "zero written out", someID("staff"), strings.Repeat("A", 43))

	for _, h := range []struct{ rule, comment, text string }{
		{RuleHeader, "crit", `{"alg":"EdDSA","crit":["exp"],"kid":"` + kid + headTyp + typ + headEnd},
		{RuleHeader, "b64 false", `{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"` + kid + headTyp + typ + headEnd},
		{RuleHeader, "a key that the header brings along", `{"alg":"EdDSA","jwk":{},"kid":"` + kid + headTyp + typ + headEnd},
		{RuleAlg, "none", `{"alg":"none","kid":"` + kid + headTyp + typ + headEnd},
		{RuleAlg, "HS256", `{"alg":"HS256","kid":"` + kid + headTyp + typ + headEnd},
		{RuleAlg, "Ed25519, the newer name", `{"alg":"Ed25519","kid":"` + kid + headTyp + typ + headEnd},
		{RuleAlg, "eddsa in small letters", `{"alg":"eddsa","kid":"` + kid + headTyp + typ + headEnd},
		{RuleDuplicateMember, "alg twice", `{"alg":"none","alg":"EdDSA","kid":"` + kid + headTyp + typ + headEnd},
		{RuleMemberCase, "ALG for alg", `{"ALG":"EdDSA","kid":"` + kid + headTyp + typ + headEnd},
		{RuleMissingMember, "no kid", `{"alg":"EdDSA","typ":"` + typ + `"}`},
		{RuleKid, "an empty kid", headAlg + headTyp + typ + headEnd},
		{RuleKid, "42 characters", headAlg + kid[:42] + headTyp + typ + headEnd},
		{RuleKid, "43 characters with spare bits", headAlg + kid[:42] + nextChar(kid[42]) + headTyp + typ + headEnd},
		{RuleTyp, "a bearer token's typ", headAlg + kid + headTyp + tokenTyp + headEnd},
		{RuleTyp, "JWT", headAlg + kid + headTyp + "JWT" + headEnd},
		{RuleTyp, "a media type's prefix", headAlg + kid + headTyp + "application/" + typ + headEnd},
		{RuleTypKind, "the typ of another kind", headAlg + kid + headTyp + "attune+viewer.remove" + headEnd},
		{RuleUnknownKind, "a kind that nobody knows", headAlg + kid + headTyp + "attune+team.dance" + headEnd},
	} {
		head(h.rule, h.comment, h.text)
	}
	body(RuleTypKind, "the kind of another typ", `"team.remove"`, `"viewer.remove"`)
	body(RuleVersion, "version 2", `"v":1`, `"v":2`)
	body(RuleVersion, "version 0", `"v":1`, `"v":0`)
	body(RuleRecordMissing, "no record", someID("record"), "")
	open := strings.NewReplacer(`"team.remove"`, `"family.open"`,
		`{"staff":"`+someID("staff")+`"}`, `{"reference":"F-1","programme":"vig","recipient":"`+testRecipient+`"}`).Replace(good)
	add(RuleRecordPresent, "family.open in a record", joined(headAlg+kid+headTyp+"attune+family.open"+headEnd, open))
	body(RuleN, "n is 0", `"n":7`, `"n":0`)
	many := make([]string, policies.MaxDeps+1)
	for i := range many {
		many[i] = someID("many" + string(rune('A'+i)))
	}
	slices.Sort(many)
	body(RuleDepsCount, "257 deps", `["`+deps[0]+`","`+deps[1]+`"]`, `["`+strings.Join(many, `","`)+`"]`)
	body(RuleDepsOrder, "deps not ascending", `["`+deps[0]+`","`+deps[1]+`"]`, `["`+deps[1]+`","`+deps[0]+`"]`)
	body(RuleDepsOrder, "a dep twice", `["`+deps[0]+`","`+deps[1]+`"]`, `["`+deps[0]+`","`+deps[0]+`"]`)
	body(RuleDepsEmpty, "an empty dep", `["`+deps[0]+`","`+deps[1]+`"]`, `["","`+deps[1]+`"]`)
	body(RuleBody, "a body that means nothing: no staff", someID("staff"), "")

	out = append(out, rejectVector{RuleUnknownKey, "no certificate for the kid", "", raw})
	other := public(testKey("somebody else"))
	out = append(out, rejectVector{RuleSignature, "signed by another key", text(other[:]), raw})
	add(RuleSignature, "signature of another statement", parts[0]+"."+parts[1]+"."+strings.Split(joined(header, strings.Replace(good, `"n":7`, `"n":8`, 1)), ".")[2])
	add(RuleSignature, "the same signature with S + L", parts[0]+"."+parts[1]+"."+highS(t, parts[2]))
	add(RuleSignature, "all zero", parts[0]+"."+parts[1]+"."+text(make([]byte, 64)))
	// R the neutral point and S zero: under the neutral point as key this holds for any statement.
	identity := policies.PublicKey{1}
	forged := parts[0] + "." + parts[1] + "." + text(append(append([]byte{1}, make([]byte, 31)...), make([]byte, 32)...))
	out = append(out, rejectVector{RuleWeakKey, "the neutral point as key, and a signature that holds for anything", text(identity[:]), forged})
	out = append(out, rejectVector{RuleWeakKey, "a key in its second spelling", text(append([]byte{0xf0}, append(slices.Repeat([]byte{0xff}, 30), 0x7f)...)), raw})
	root := strings.NewReplacer(`"team.remove"`, `"org.root"`, someID("record"), "",
		`{"staff":"`+someID("staff")+`"}`, `{"service":"Northfield Early Help","key":"`+text(other[:])+`","custodians":["`+strings.Join(testCustodians(), `","`)+`"]}`).Replace(good)
	add(RuleRootKey, "org.root with another key inside", joined(headAlg+text(pub[:])+headTyp+"attune+org.root"+headEnd, root))
	return out
}

// nextChar is a character that differs from c in the spare bits of the last
// base64 character only.
func nextChar(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

// highS adds the order of the group to S, which older verifiers let through.
func highS(t *testing.T, sig string) string {
	b, err := b64.DecodeString(sig)
	if err != nil {
		t.Fatal(err)
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(b[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order)
	sum.FillBytes(s)
	slices.Reverse(s)
	return text(append(slices.Clone(b[:32]), s...))
}
