package policies

// Link is a share link: one clip, one person, until a date.
type Link struct {
	ID      LinkID        `json:"id"`
	Clip    ClipID        `json:"clip"`
	Person  PersonID      `json:"person"`
	Token   Bytes16       `json:"token"` // the public part of the address
	Auth    Digest        `json:"auth"`  // SHA-256 of the link's auth value
	PIN     Digest        `json:"pin"`   // SHA-256 of the keyed PIN
	Expires Micros        `json:"expires"`
	Opens   int           `json:"opens"`
	Knew    []StatementID `json:"knew"`
}

// LinkCreate is the body of link.create. Attachments: "sealed" (loose, what the
// page needs, under the link's key), "secret" (loose, link and PIN sealed to the
// family key so that any team device can show them again).
type LinkCreate struct {
	Clip    ClipID   `json:"clip"`
	Person  PersonID `json:"person"`
	Token   Bytes16  `json:"token"`
	Auth    Digest   `json:"auth"`
	PIN     Digest   `json:"pin"`
	Expires Micros   `json:"expires"` // at most 28 days after it was signed
	Opens   int      `json:"opens"`   // how often it may be opened, 1 to 100
}

// LinkRevoke is the body of link.revoke, a restriction.
type LinkRevoke struct {
	Link LinkID `json:"link"`
}
