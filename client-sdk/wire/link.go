package wire

import (
	"time"

	"github.com/attune-vf/attune/policies"
)

// OpenLink is the body of POST /s/{token}/open.
type OpenLink struct {
	Auth policies.Digest `json:"auth"` // HKDF(L, "attune/link/auth/v1")
	PIN  policies.Digest `json:"pin"`  // HMAC-SHA-256(HKDF(L, "attune/link/pin/v1"), digits)
}

// OpenedLink is what the carer page needs to play the film.
type OpenedLink struct {
	Session  policies.Digest  `json:"session"`
	Link     policies.LinkID  `json:"link"`
	Clip     policies.ClipID  `json:"clip"`
	Sealed   string           `json:"sealed"` // base64url: nonce ‖ XChaCha20-Poly1305 of LinkContent
	Bytes    int64            `json:"bytes"`
	Nonce    policies.Bytes16 `json:"nonce"`
	Media    string           `json:"media"`
	Codec    string           `json:"codec"`
	Duration float64          `json:"duration"` // seconds
	Until    time.Time        `json:"until"`
	Viewers  []LinkViewer     `json:"viewers"`
	Demo     bool             `json:"demo"`
}

// LinkViewer is one line of "who can watch", by role.
type LinkViewer struct {
	Role  string `json:"role"`  // "carer", "team", or the purpose for which the consent names somebody
	Until string `json:"until"` // RFC 3339, or ""
}

// LinkStatus is how a link stands, as its family's team sees it: counts, and never
// when it was opened.
type LinkStatus struct {
	Opened int             `json:"opened"` // openings used
	Opens  int             `json:"opens"`  // openings agreed
	Paused policies.Micros `json:"paused"` // no PIN is taken before this; 0 when one is
	Locked bool            `json:"locked"` // until a link.pin
}

// LinkContent is sealed under the link's key: the server never sees it.
type LinkContent struct {
	Key   policies.Digest `json:"key"` // the age payload key: opens this clip and no other
	Title string          `json:"title"`
	Shown []string        `json:"shown"` // what the family calls the people in it
}

// PageHeader must be "1" on POST /s/{token}/open and …/stop: a person pressed a button. A
// link preview or a prefetch does not send it.
const PageHeader = "Attune-Page"

// SessionHeader carries the session of an opened link. On POST /s/{token}/open it is
// optional: with it a page that was reloaded does not use up another opening.
const SessionHeader = "Attune-Session"
