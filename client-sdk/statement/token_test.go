package statement

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
)

// tokenVector is a bearer token, judged at now by the service org at origin. Rule
// is "" for a good one and "time" for one that is right but for its time.
type tokenVector struct {
	Rule    string             `json:"rule"`
	Comment string             `json:"comment"`
	Org     policies.OrgID     `json:"org"`
	Origin  string             `json:"origin"`
	Now     int64              `json:"now"` // seconds
	Key     policies.PublicKey `json:"key"`
	Raw     string             `json:"raw"`
}

const (
	tokenOrigin = "https://attune.example.org"
	tokenNow    = 1790000000
)

func goodToken() Token {
	return Token{
		Device: policies.DeviceID(digest("device")), Audience: policies.OrgID(digest("org")), Origin: tokenOrigin,
		ID: policies.Bytes16{1, 2, 3, 4}.String(), Issued: time.Unix(tokenNow, 0).UTC(), Expires: time.Unix(tokenNow+300, 0).UTC(),
	}
}

func tokenVectors(t *testing.T) (out []tokenVector) {
	key := testKey("device with a token")
	g := goodToken()
	raw, err := SignToken(g, key)
	if err != nil {
		t.Fatal(err)
	}
	v := tokenVector{Org: g.Audience, Origin: tokenOrigin, Now: tokenNow, Key: public(key), Raw: raw}
	add := func(rule, comment, raw string, now int64) {
		w := v
		w.Rule, w.Comment, w.Raw, w.Now = rule, comment, raw, now
		out = append(out, w)
	}
	header := headAlg + g.Device.String() + headTyp + tokenTyp + headEnd
	good := `{"aud":["` + g.Audience.String() + `","` + tokenOrigin + `"],"exp":1790000300,"iat":1790000000,"jti":"` + g.ID + `"}`
	joined := func(header, claims string) string {
		signed := text([]byte(header)) + "." + text([]byte(claims))
		return signed + "." + text(ed25519.Sign(key, []byte(signed)))
	}
	claims := func(rule, comment, old, new string) {
		if strings.Count(good, old) != 1 {
			t.Fatalf("%s: %q stands %d times", comment, old, strings.Count(good, old))
		}
		add(rule, comment, joined(header, strings.Replace(good, old, new, 1)), tokenNow)
	}
	if joined(header, good) != raw {
		t.Fatal("the token written by hand is another")
	}
	add("", "good", raw, tokenNow)
	add("", "good, 30 seconds before it was made", raw, tokenNow-30)
	add("", "good, 29 seconds after its end", raw, tokenNow+329)
	add("time", "31 seconds before it was made", raw, tokenNow-31)
	add("time", "30 seconds after its end", raw, tokenNow+330)
	add("time", "a year off", raw, tokenNow+365*24*3600)
	add(RuleTyp, "a statement's typ", joined(headAlg+g.Device.String()+headTyp+"attune+staff.revoke"+headEnd, good), tokenNow)
	add(RuleTyp, "JWT", joined(strings.Replace(header, tokenTyp, "jwt", 1), good), tokenNow)
	add(RuleAlg, "none", joined(strings.Replace(header, "EdDSA", "none", 1), good), tokenNow)
	add(RuleHeader, "crit", joined(strings.Replace(header, `"kid"`, `"crit":[],"kid"`, 1), good), tokenNow)
	add(RulePadding, "padding", raw+"==", tokenNow)
	add(RuleTooLarge, "more than 1 KiB", joined(header, strings.Replace(good, tokenOrigin, tokenOrigin+strings.Repeat("x", 1024), 1)), tokenNow)
	claims(RuleAudience, "another origin", tokenOrigin, "https://attune.example.com")
	claims(RuleAudience, "another authority", g.Audience.String(), policies.OrgID(digest("another org")).String())
	claims(RuleAudience, "the authority alone", `,"`+tokenOrigin+`"`, ``)
	claims(RuleAudience, "a third audience", `"`+tokenOrigin+`"`, `"`+tokenOrigin+`","https://evil.example.com"`)
	claims(RuleValueType, "a string for the audience", `["`+g.Audience.String()+`","`+tokenOrigin+`"]`, `"`+tokenOrigin+`"`)
	claims(RuleTokenLife, "lives 5 minutes and a second", `1790000300`, `1790000301`)
	claims(RuleTokenLife, "ends before it begins", `1790000300`, `1789999999`)
	claims(RuleInteger, "a broken second", `1790000300`, `1790000300.5`)
	claims(RuleUnknownMember, "a claim more", `"jti"`, `"admin":true,"jti"`)
	claims(RuleMissingMember, "no jti", `,"jti":"`+g.ID+`"`, ``)
	claims(RuleDuplicateMember, "exp twice", `"exp":1790000300`, `"exp":1790000300,"exp":1990000300`)
	claims(RuleMemberCase, "EXP for exp", `"exp"`, `"EXP"`)
	claims(RuleMemberOrder, "iat before exp", `"exp":1790000300,"iat":1790000000`, `"iat":1790000000,"exp":1790000300`)
	parts := strings.Split(raw, ".")
	add(RuleSignature, "signature of another text", parts[0]+"."+text([]byte(strings.Replace(good, "1790000300", "1790000299", 1)))+"."+parts[2], tokenNow)
	return out
}

func TestTokenVectors(t *testing.T) {
	if *update {
		writeVectors(t, "statement-token.json", tokenVectors(t))
	}
	for _, v := range readVectors[tokenVector](t, "statement-token.json") {
		t.Run(v.Rule+"/"+v.Comment, func(t *testing.T) {
			keys := func(policies.DeviceID) (policies.PublicKey, bool) { return v.Key, true }
			got, err := VerifyToken(v.Raw, keys, v.Org, v.Origin, time.Unix(v.Now, 0))
			switch v.Rule {
			case "":
				if err != nil || got != goodToken() {
					t.Errorf("token = %+v, %v; want %+v", got, err, goodToken())
				}
			case "time":
				if !errors.Is(err, ErrTokenTime) || errors.Is(err, ErrToken) {
					t.Errorf("err = %v, want ErrTokenTime", err)
				}
			default:
				if !errors.Is(err, ErrToken) || errors.Is(err, ErrTokenTime) || Rule(err) != v.Rule {
					t.Errorf("err = %v, want ErrToken with rule %s", err, v.Rule)
				}
			}
		})
	}
}

func TestTokenOfAnUnknownDevice(t *testing.T) {
	raw, err := SignToken(goodToken(), testKey("device with a token"))
	if err != nil {
		t.Fatal(err)
	}
	// Its time is wrong, too: a stranger must not learn the server's clock from it.
	_, err = VerifyToken(raw, func(policies.DeviceID) (k policies.PublicKey, ok bool) { return k, false },
		goodToken().Audience, tokenOrigin, time.Unix(tokenNow+9999, 0))
	if !errors.Is(err, ErrToken) || errors.Is(err, ErrTokenTime) {
		t.Errorf("err = %v, want ErrToken alone", err)
	}
}

func TestSignTokenRefusesWhatNoServerTakes(t *testing.T) {
	for name, change := range map[string]func(*Token){
		"no device":        func(g *Token) { g.Device = policies.DeviceID{} },
		"no authority":     func(g *Token) { g.Audience = policies.OrgID{} },
		"six minutes":      func(g *Token) { g.Expires = g.Issued.Add(6 * time.Minute) },
		"a jti of letters": func(g *Token) { g.ID = "once" },
		"a broken origin":  func(g *Token) { g.Origin = "https://\xff" },
	} {
		g := goodToken()
		change(&g)
		if raw, err := SignToken(g, testKey("device with a token")); err == nil {
			t.Errorf("%s: signed %s", name, raw)
		}
	}
}

func TestSignTokenDrawsAnIDOfItsOwn(t *testing.T) {
	g := goodToken()
	g.ID = ""
	one, err := SignToken(g, testKey("device with a token"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := SignToken(g, testKey("device with a token"))
	if err != nil || one == two {
		t.Errorf("two tokens alike: %s (%v)", one, err)
	}
}
