package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the vectors of client-sdk/vectors anew")

// b64url is how the vectors write bytes.
type b64url []byte

func (b b64url) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

func (b *b64url) UnmarshalText(s []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().DecodeString(string(s))
	return err
}

type linkVectors struct {
	Good   []linkVector     `json:"good"`
	Refuse []refuseFragment `json:"refuse_fragment"`
}

type linkVector struct {
	L           b64url `json:"l"`
	Fragment    string `json:"fragment"`
	ID          b64url `json:"id"`
	Auth        b64url `json:"auth"`
	PIN         string `json:"pin"`
	PINVerifier b64url `json:"pin_verifier"`
	WrapKey     b64url `json:"wrap_key"`
	AD          b64url `json:"ad"` // link.create id, clip.add id
	Plain       string `json:"plain"`
	Wrapped     b64url `json:"wrapped"`
}

type refuseFragment struct {
	Name     string `json:"name"`
	Fragment string `json:"fragment"`
	Error    string `json:"error"`
}

type streamVector struct {
	PlainBytes    int64         `json:"plain_bytes"` // byte i of the plaintext is i*7 mod 251
	PlainSHA256   b64url        `json:"plain_sha256"`
	FileKey       b64url        `json:"file_key"`
	Commitment    b64url        `json:"commitment"`
	Nonce         b64url        `json:"nonce"`
	PayloadKey    b64url        `json:"payload_key"`
	PayloadBytes  int64         `json:"payload_bytes"`
	PayloadSHA256 b64url        `json:"payload_sha256"`
	Payload       b64url        `json:"payload,omitempty"` // only where it is short
	Ranges        []plainRange  `json:"ranges"`
	Damage        []streamFault `json:"damage"`
}

type plainRange struct {
	Offset int64  `json:"offset"`
	Bytes  int64  `json:"bytes"`
	SHA256 b64url `json:"sha256"`
}

// streamFault changes the payload in one way: XOR 1 at FlipAt, or cut to CutTo.
type streamFault struct {
	Name   string `json:"name"`
	FlipAt *int64 `json:"flip_at,omitempty"`
	CutTo  *int64 `json:"cut_to,omitempty"`
	Error  string `json:"error"` // truncated or damaged, on opening the whole
}

func TestLinkVectors(t *testing.T) {
	golden(t, "link.json", makeLinkVectors(t))
}

func TestStreamVectors(t *testing.T) {
	var vs []streamVector
	for _, n := range []int{0, 1, 65535, 65536, 65537, 131072, 131073, 1 << 20} {
		vs = append(vs, makeStreamVector(t, n))
	}
	golden(t, "stream.json", vs)
}

// titleVector is a clip's title, sealed.
type titleVector struct {
	FileKey  b64url `json:"file_key"`
	TitleKey b64url `json:"title_key"`
	AD       string `json:"ad"`
	Title    string `json:"title"`
	Sealed   b64url `json:"sealed"`
}

func TestTitleVectors(t *testing.T) {
	var vs []titleVector
	for i, title := range []string{"Bath time", "Building a tower – Ærø"} {
		file := sha256.Sum256(fmt.Appendf(nil, "attune vector title %d file key", i))
		nonce := sha256.Sum256(fmt.Appendf(nil, "attune vector title %d nonce", i))
		key, ad := derive(file[:16], "attune/title/v1"), "attune/title"
		sealed, err := sealShortWith(key, [24]byte(nonce[:24]), []byte(title), []byte(ad))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenText(FileKey(file[:16]), sealed, []byte(ad)); err != nil || got != title {
			t.Fatalf("vector %d opens to %q, %v", i, got, err)
		}
		vs = append(vs, titleVector{file[:16], key[:], ad, title, sealed})
	}
	golden(t, "title.json", vs)
}

func makeLinkVectors(t *testing.T) (v linkVectors) {
	for i, plain := range []string{`{"title":"Bath time"}`, "", "Página – Ærø"} {
		seed := func(what string) [32]byte {
			return sha256.Sum256(fmt.Appendf(nil, "attune vector link %d %s", i, what))
		}
		l, id, nonce := LinkSecret(seed("L")), seed("id"), seed("nonce")
		create, clip := seed("link.create"), seed("clip.add")
		ad := append(create[:], clip[:]...)
		auth, pin, key := l.Auth(), l.PIN("042917"), derive(l[:], "attune/link/wrap/v1")
		wrapped, err := sealShortWith(key, [24]byte(nonce[:24]), []byte(plain), ad)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.Unwrap(wrapped, ad); err != nil || string(got) != plain {
			t.Fatalf("vector %d does not unwrap: %v", i, err)
		}
		if got, err := ParseFragment(l.Fragment()); err != nil || got != l {
			t.Fatalf("vector %d: fragment: %v", i, err)
		}
		v.Good = append(v.Good, linkVector{l[:], l.Fragment(), id[:16], auth[:], "042917", pin[:], key[:], ad, plain, wrapped})
	}
	f := v.Good[0].Fragment
	v.Refuse = []refuseFragment{
		{"empty", "", "incomplete"}, {"last character cut", f[:47], "incomplete"}, {"cut in the middle", f[:30], "incomplete"},
		{"full stop behind", f + ".", "incomplete"}, {"one character changed", f[:9] + "-" + f[10:], "incomplete"},
		{"spare bits set in the secret", spareBit(f, 43), "incomplete"}, {"escaped", "%23" + f, "version"},
		{"a later version", "2" + f[1:], "version"},
	}
	for _, r := range v.Refuse {
		want := map[string]error{"incomplete": ErrFragmentIncomplete, "version": ErrFragmentVersion}[r.Error]
		if _, err := ParseFragment(r.Fragment); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", r.Name, err, want)
		}
	}
	return v
}

// spareBit gives the base64 character at i its other spelling with the same
// bytes: 43 characters hold two bits more than 32 bytes need.
func spareBit(f string, i int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	at := bytes.IndexByte([]byte(alphabet), f[i])
	return f[:i] + alphabet[at^1:at^1+1] + f[i+1:]
}

func makeStreamVector(t *testing.T, n int) streamVector {
	plain := film(n)
	seed := sha256.Sum256(fmt.Appendf(nil, "attune vector stream %d", n))
	var dst bytes.Buffer
	s, err := sealPayload(context.Background(), &dst, bytes.NewReader(plain), nil, FileKey(seed[:16]), [16]byte(seed[16:]))
	if err != nil {
		t.Fatal(err)
	}
	payload, key, commitment := dst.Bytes(), PayloadKey(s.Key, s.Nonce), Commitment(s.Key)
	v := streamVector{PlainBytes: int64(n), PlainSHA256: s.SourceSHA256[:], FileKey: s.Key[:], Commitment: commitment[:],
		Nonce: s.Nonce[:], PayloadKey: key[:], PayloadBytes: s.PayloadBytes, PayloadSHA256: s.PayloadSHA256[:], Ranges: []plainRange{}}
	if n <= 1 {
		v.Payload = payload
	}
	r, size, err := OpenPayloadKey(key, bytes.NewReader(payload), int64(len(payload)))
	if err != nil || size != int64(n) {
		t.Fatalf("%d bytes: opens to %d, %v", n, size, err)
	}
	for _, at := range [][2]int64{{0, 2}, {65530, 12}, {65536, 1}, {int64(n) - 1, 1}, {0, int64(n)}, {100_000, 70_000}} {
		if at[0] < 0 || at[1] == 0 || at[0]+at[1] > int64(n) {
			continue
		}
		part, err := io.ReadAll(io.NewSectionReader(r, at[0], at[1]))
		if sum := sha256.Sum256(part); err != nil || sum != sha256.Sum256(plain[at[0]:at[0]+at[1]]) {
			t.Fatalf("%d bytes: range %v: %v", n, at, err)
		} else {
			v.Ranges = append(v.Ranges, plainRange{at[0], at[1], sum[:]})
		}
	}
	v.Damage = faults(t, s, payload)
	return v
}

func faults(t *testing.T, s Sealed, payload []byte) []streamFault {
	at := func(n int64) *int64 { return &n }
	end := int64(len(payload))
	fs := []streamFault{
		{Name: "nonce changed", FlipAt: at(5), Error: "damaged"},
		{Name: "first chunk changed", FlipAt: at(nonceBytes), Error: "damaged"},
		{Name: "last byte changed", FlipAt: at(end - 1), Error: "damaged"},
		{Name: "nothing left", CutTo: at(0), Error: "truncated"},
		{Name: "nonce only", CutTo: at(nonceBytes), Error: "truncated"},
	}
	if end > nonceBytes+sealedChunk {
		fs = append(fs, streamFault{Name: "cut at a chunk border", CutTo: at(nonceBytes + sealedChunk), Error: "truncated"},
			streamFault{Name: "cut inside the first chunk", CutTo: at(nonceBytes + 9000), Error: "damaged"})
	}
	for _, f := range fs {
		b := bytes.Clone(payload)
		if f.FlipAt != nil {
			b[*f.FlipAt] ^= 1
		} else {
			b = b[:*f.CutTo]
		}
		want := map[string]error{"truncated": ErrTruncated, "damaged": ErrDamaged}[f.Error]
		if _, err := openWhole(s.Key, b); !errors.Is(err, want) {
			t.Errorf("%d bytes, %s: %v, want %v", s.SourceBytes, f.Name, err, want)
		}
	}
	return fs
}

// golden compares with the file the browser's tests read too, or writes it.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("..", "vectors", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s no longer says what this package does; links and films made earlier would not open", name)
	}
}
