package statement

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// optionalVector is a statement of a kind that this version does not know.
type optionalVector struct {
	Comment string               `json:"comment"`
	Does    string               `json:"does"` // "keep"; "stop": its record is folded no further; else the rule that it breaks
	Key     policies.PublicKey   `json:"key"`
	ID      policies.StatementID `json:"id"`
	Raw     string               `json:"raw"`
	Before  policies.Digest      `json:"before"`   // head of the record
	OrgHead policies.Digest      `json:"org_head"` // that it was judged under
	Head    policies.Digest      `json:"head"`     // after it, where it is kept
}

func optionals() (out []optionalVector) {
	key := testKey("device of a newer version")
	kid := policies.DigestOf([]byte("kid")).String()
	add := func(does, comment, kind, body string) {
		payload := `{"v":1,"record":"` + policies.DigestOf([]byte("record")).String() + `","kind":"` + kind + `","n":7,"deps":[],"at":1790000000000000,"seen":{"head":"","size":0,"root":""},"body":` + body + `}`
		signed := text([]byte(headAlg+kid+headTyp+statementTyp+kind+headEnd)) + "." + text([]byte(payload))
		v := optionalVector{
			Comment: comment, Does: does, Key: public(key), Raw: signed + "." + text(ed25519.Sign(key, []byte(signed))),
			Before: policies.DigestOf([]byte("before")), OrgHead: policies.DigestOf([]byte("org head")),
		}
		v.ID = policies.StatementID(policies.DigestOf([]byte(v.Raw)))
		if does == "keep" {
			v.Head = policies.NextHead(v.Before, policies.Content, v.ID, v.OrgHead)
		}
		out = append(out, v)
	}
	add("keep", "optional, and nothing in it", "optional.mood", `{}`)
	add("keep", "optional, with members that nobody knows", "optional.session.mood", `{"session":"x","of":[{"face":"smile","at":3}],"said":"é\n","still":true}`)
	add("stop", "not marked: it may have stopped something", "consent.revoke", `{"people":[]}`)
	add("stop", "the mark elsewhere in the name", "mood.optional.x", `{}`)
	add("stop", "the mark and no name", "optional.", `{}`)
	add("stop", "the mark without its point", "optionalmood", `{}`)
	add(RuleDuplicateMember, "a member twice in what nobody knows", "optional.mood", `{"face":1,"face":2}`)
	add(RuleNull, "null in what nobody knows", "optional.mood", `{"face":null}`)
	add(RuleInteger, "a broken number in what nobody knows", "optional.mood", `{"face":1.5}`)
	add(RuleWhitespace, "space in what nobody knows", "optional.mood", `{"face": 1}`)
	add(RuleDepth, "nested nine deep", "optional.mood", `{"a":`+strings.Repeat("[", 7)+strings.Repeat("]", 7)+`}`)
	add(RuleValueType, "a body that is no object", "optional.mood", `[]`)
	return out
}

// TestOptionalVectors: what a device does with kinds from later versions, and that
// whoever judges knows none of them.
func TestOptionalVectors(t *testing.T) {
	if *update {
		writeVectors(t, "statement-optional.json", optionals())
	}
	vectors := readVectors[optionalVector](t, "statement-optional.json")
	for _, v := range vectors {
		t.Run(v.Comment, func(t *testing.T) {
			keys := func(policies.KeyID) (policies.PublicKey, bool) { return v.Key, true }
			if _, err := Verify([]byte(v.Raw), keys); err == nil {
				t.Error("a server would take it")
			}
			s, err := VerifyKept([]byte(v.Raw), keys)
			switch v.Does {
			case "keep", "stop":
				if err != nil || s.ID != v.ID || s.Body != (policies.Unread{}) {
					t.Fatalf("statement = %+v, %v", s, err)
				}
				if _, err := Verify([]byte(v.Raw), keys); !errors.Is(err, ErrUnknownKind) {
					t.Errorf("judged: %v, want an unknown kind", err)
				}
				if s.Kind.Optional() != (v.Does == "keep") {
					t.Errorf("%s optional = %t", s.Kind, s.Kind.Optional())
				}
				if v.Does == "keep" && policies.NextHead(v.Before, policies.Content, s.ID, v.OrgHead) != v.Head {
					t.Error("the record's head does not follow")
				}
			default:
				if Rule(err) != v.Does {
					t.Errorf("rule = %q (%v), want %q", Rule(err), err, v.Does)
				}
			}
			other := func(policies.KeyID) (policies.PublicKey, bool) { return public(testKey("somebody else")), true }
			if v.Does == "keep" {
				if _, err := VerifyKept([]byte(v.Raw), other); !errors.Is(err, ErrSignature) {
					t.Errorf("by another key: %v", err)
				}
			}
		})
	}
}

// TestKeptIsParsed: a kind that is known is read alike either way.
func TestKeptIsParsed(t *testing.T) {
	for _, v := range readVectors[validVector](t, "statement.json") {
		a, err := Parse([]byte(v.Raw))
		b, err2 := ParseKept([]byte(v.Raw))
		if err != nil || err2 != nil || a.ID != b.ID || b.statement.Body == (policies.Unread{}) {
			t.Errorf("%s: %v, %v", v.Kind, err, err2)
		}
	}
	for _, v := range readVectors[rejectVector](t, "statement-reject.json") {
		_, err := Parse([]byte(v.Raw))
		if _, kept := ParseKept([]byte(v.Raw)); Rule(err) != Rule(kept) && !errors.Is(err, ErrUnknownKind) {
			t.Errorf("%s: %v, kept: %v", v.Comment, err, kept)
		}
	}
}

// FuzzParseKept: what is kept unread is its own re-encoding too.
func FuzzParseKept(f *testing.F) {
	seedRaw(f, "statement-optional.json")
	seedRaw(f, "statement-reject.json")
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := ParseKept(raw)
		if err != nil {
			if Rule(err) == "" {
				t.Fatalf("an error without a rule: %v", err)
			}
			return
		}
		if u.statement.Body != (policies.Unread{}) {
			return // see FuzzParse
		}
		c, err := split(raw, policies.MaxStatementBytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := scan(c.payload); err != nil || !bytes.HasPrefix(c.payload, []byte(`{"v":1,"record":"`)) {
			t.Fatalf("kept %s: %v", c.payload, err)
		}
	})
}
