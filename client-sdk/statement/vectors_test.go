package statement

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/attune-vf/attune/policies"
)

var update = flag.Bool("update", false, "write the vectors anew")

// validVector is a statement that every verifier takes.
type validVector struct {
	Kind policies.Kind        `json:"kind"`
	Seed string               `json:"seed"` // of the signing key, base64url
	Key  policies.PublicKey   `json:"key"`
	ID   policies.StatementID `json:"id"`
	Raw  string               `json:"raw"`
}

// rejectVector breaks one rule. Key is what the verifier finds for the kid; ""
// means that it finds none.
type rejectVector struct {
	Rule    string `json:"rule"`
	Comment string `json:"comment"`
	Key     string `json:"key"`
	Raw     string `json:"raw"`
}

func vectorFile(name string) string { return filepath.Join("..", "vectors", name) }

func readVectors[V any](t *testing.T, name string) []V {
	t.Helper()
	b, err := os.ReadFile(vectorFile(name))
	if err != nil {
		t.Fatal(err)
	}
	var out []V
	if err := json.Unmarshal(b, &out, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func writeVectors(t *testing.T, name string, vectors any) {
	t.Helper()
	b, err := json.Marshal(vectors, jsontext.WithIndent(" "))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile(name), append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// testKey is a key that anybody can make: it only ever signs vectors.
func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("attune vector key: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(key ed25519.PrivateKey) policies.PublicKey {
	return policies.PublicKey(key.Public().(ed25519.PublicKey))
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// TestValidVectors: what is in the file verifies, has its id, and signing the
// same facts again gives the same bytes.
func TestValidVectors(t *testing.T) {
	if *update {
		writeVectors(t, "statement.json", newStory(t).vectors)
	}
	vectors := readVectors[validVector](t, "statement.json")
	keys := map[policies.KeyID]policies.PublicKey{}
	for _, v := range vectors {
		t.Run(string(v.Kind), func(t *testing.T) {
			s, err := Verify([]byte(v.Raw), func(kid policies.KeyID) (policies.PublicKey, bool) {
				k, ok := keys[kid]
				return k, ok
			})
			if err != nil {
				t.Fatal(err)
			}
			if s.Kind != v.Kind || s.ID != v.ID {
				t.Errorf("statement = %s %s, want %s %s", s.Kind, s.ID, v.Kind, v.ID)
			}
			if kid, key, ok := CertifiedKeys(s); ok {
				keys[kid] = key
			}
			seed, err := base64.RawURLEncoding.DecodeString(v.Seed)
			if err != nil {
				t.Fatal(err)
			}
			key := ed25519.NewKeyFromSeed(seed)
			if public(key) != v.Key {
				t.Errorf("key of the seed = %v, want %v", public(key), v.Key)
			}
			again, signed, err := Sign(s, key)
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != v.Raw || signed.ID != v.ID {
				t.Errorf("signed again = %s, want %s", again, v.Raw)
			}
		})
	}
}

// TestRejectVectors: each breaks its rule, and each rule has a vector.
func TestRejectVectors(t *testing.T) {
	if *update {
		writeVectors(t, "statement-reject.json", rejects(t))
	}
	covered := map[string]bool{}
	for _, v := range readVectors[rejectVector](t, "statement-reject.json") {
		covered[v.Rule] = true
		t.Run(v.Rule+"/"+v.Comment, func(t *testing.T) {
			s, err := Verify([]byte(v.Raw), keyOf(t, v.Key))
			if got := Rule(err); got != v.Rule {
				t.Errorf("rule = %q (%v), want %q; statement %+v", got, err, v.Rule, s)
			}
		})
	}
	for _, v := range readVectors[tokenVector](t, "statement-token.json") {
		covered[v.Rule] = true
	}
	for _, rule := range Rules() {
		// A body with a member that is left out when empty could break it; there is none.
		if rule != RuleCanonical && !covered[rule] {
			t.Errorf("rule %s has no reject vector", rule)
		}
	}
}

func keyOf(t *testing.T, s string) Keys {
	return func(policies.KeyID) (key policies.PublicKey, ok bool) {
		if s == "" {
			return key, false
		}
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return policies.PublicKey(b), true
	}
}
