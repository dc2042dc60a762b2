package statement

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/policies"
)

// seedRaw gives a fuzzer the raw texts of a vector file.
func seedRaw(f *testing.F, name string) {
	b, err := os.ReadFile(vectorFile(name))
	if err != nil {
		f.Fatal(err)
	}
	var vectors []struct {
		Raw string `json:"raw"`
	}
	if err := json.Unmarshal(b, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		if len(v.Raw) < 16<<10 {
			f.Add([]byte(v.Raw))
		}
	}
}

// FuzzParse: what is let through is its own re-encoding, letter by letter. The
// signature is free, so that the fuzzer gets past it.
func FuzzParse(f *testing.F) {
	seedRaw(f, "statement.json")
	seedRaw(f, "statement-reject.json")
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := Parse(raw)
		if err != nil {
			if Rule(err) == "" {
				t.Fatalf("an error without a rule: %v", err)
			}
			return
		}
		s := u.statement
		body, err := encode(payload[policies.Body]{version, s.Record, s.Kind, s.N, s.Deps, s.At, s.Seen, s.Body})
		if err != nil {
			t.Fatal(err)
		}
		again := text(writeHeader(s.Signer, statementTyp+string(s.Kind))) + "." + text(body) + "." + text(u.signature)
		if !bytes.Equal(raw, []byte(again)) {
			t.Fatalf("two spellings:\n%s\n%s", raw, again)
		}
	})
}

func FuzzVerifyToken(f *testing.F) {
	seedRaw(f, "statement-token.json")
	key := public(testKey("device with a token"))
	keys := func(policies.DeviceID) (policies.PublicKey, bool) { return key, true }
	good := goodToken()
	f.Fuzz(func(t *testing.T, raw []byte) {
		// A fuzzer cannot sign: claims are read on their own as well.
		if c, err := split(raw, MaxTokenBytes); err == nil {
			if got, err := readClaims(c.payload); err == nil && (got.ID == "" || got.Issued.Nanosecond() != 0) {
				t.Fatalf("claims read as %+v", got)
			}
		}
		got, err := VerifyToken(string(raw), keys, good.Audience, tokenOrigin, time.Unix(tokenNow, 0))
		if err == nil && (got.Audience != good.Audience || got.Origin != tokenOrigin || got.Expires.Sub(got.Issued) > MaxTokenLife) {
			t.Fatalf("token let through: %+v", got)
		}
	})
}

// BenchmarkVerify is one statement of a push: most of it should be the signature.
func BenchmarkVerify(b *testing.B) {
	key := testKey("x")
	raw, _, err := Sign(revocation(), key)
	if err != nil {
		b.Fatal(err)
	}
	keys := func(policies.KeyID) (policies.PublicKey, bool) { return public(key), true }
	b.Run("Verify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Verify(raw, keys); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
