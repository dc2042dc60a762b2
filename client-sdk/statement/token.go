package statement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Limits of a bearer token.
const (
	MaxTokenBytes = 1 << 10         // a token with a long origin is below 600
	MaxTokenLife  = 5 * time.Minute // short enough to need no list of revoked tokens
	TokenLeeway   = 30 * time.Second
)

// Token is a device's bearer token: who asks, of whom, for how long. It is
// identity only; what the device may do is read from the records at each request.
//
// Source: DESIGN.md §11; RFC 7519, RFC 8725.
type Token struct {
	Device   policies.DeviceID
	Audience policies.OrgID // the authority
	Origin   string         // "https://attune.example.org", no slash at the end
	ID       string         // jti: 16 random bytes, 22 characters of base64url
	Issued   time.Time      // whole seconds
	Expires  time.Time      // whole seconds
}

// claims has its members in the order in which they travel.
type claims struct {
	Aud []string         `json:"aud"`
	Exp int64            `json:"exp"`
	Iat int64            `json:"iat"`
	Jti policies.Bytes16 `json:"jti"`
}

// SignToken makes a bearer token with the device's key. An empty ID is drawn;
// times are cut to whole seconds. A token that no server would take is not made.
func SignToken(t Token, key ed25519.PrivateKey) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", fmt.Errorf("sign token: not a private key")
	}
	c := claims{Aud: []string{t.Audience.String(), t.Origin}, Exp: t.Expires.Unix(), Iat: t.Issued.Unix()}
	if t.ID == "" {
		rand.Read(c.Jti[:])
	} else if err := c.Jti.UnmarshalText([]byte(t.ID)); err != nil {
		return "", fmt.Errorf("sign token: jti: %w", err)
	}
	body, err := encode(c)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	raw, err := signCompact(policies.KeyID(t.Device), tokenTyp, body, key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	own := func(policies.DeviceID) (policies.PublicKey, bool) {
		return policies.PublicKey(key.Public().(ed25519.PublicKey)), true
	}
	if _, err := VerifyToken(string(raw), own, t.Audience, t.Origin, t.Issued); err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return string(raw), nil
}

// VerifyToken reads a bearer token that was made for org at origin and is in
// force at now. It lives at most [MaxTokenLife]; clocks may differ by
// [TokenLeeway]. Whether its ID was seen before is the caller's to remember,
// until Expires plus the leeway.
//
// Errors: [ErrTokenTime] only for a token that is right but for its time, so
// that the hint about clocks goes to certified devices; else [ErrToken].
func VerifyToken(raw string, keys func(policies.DeviceID) (policies.PublicKey, bool), org policies.OrgID, origin string, now time.Time) (Token, error) {
	c, err := split([]byte(raw), MaxTokenBytes)
	if err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if c.typ != tokenTyp {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, broken(RuleTyp, "typ %q is not that of a token", c.typ))
	}
	t, err := readClaims(c.payload)
	if err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	t.Device = policies.DeviceID(c.kid)
	if org.IsZero() || t.Audience != org || t.Origin != origin {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, broken(RuleAudience, "made for another service"))
	}
	key, ok := keys(t.Device)
	if !ok {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, ErrUnknownKey)
	}
	if err := verifySignature(c.signed, c.signature, key); err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if life := t.Expires.Sub(t.Issued); life <= 0 || life > MaxTokenLife {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, broken(RuleTokenLife, "lives %s", life))
	}
	if now.Before(t.Issued.Add(-TokenLeeway)) || !now.Before(t.Expires.Add(TokenLeeway)) {
		return Token{}, ErrTokenTime
	}
	return t, nil
}

// readClaims takes the one spelling of the claims.
func readClaims(b []byte) (Token, error) {
	if err := scan(b); err != nil {
		return Token{}, err
	}
	var c claims
	if err := decode(b, &c); err != nil {
		return Token{}, err
	}
	again, err := encode(c)
	if err != nil {
		return Token{}, broken(RuleCanonical, "cannot be encoded again")
	}
	if !bytes.Equal(again, b) {
		return Token{}, differs(b, again)
	}
	if len(c.Aud) != 2 {
		return Token{}, broken(RuleAudience, "aud is not an authority and an origin")
	}
	t := Token{Origin: c.Aud[1], ID: c.Jti.String(), Issued: time.Unix(c.Iat, 0).UTC(), Expires: time.Unix(c.Exp, 0).UTC()}
	if err := t.Audience.UnmarshalText([]byte(c.Aud[0])); err != nil {
		return Token{}, broken(RuleIdentifier, "aud does not begin with an authority's id")
	}
	return t, nil
}
