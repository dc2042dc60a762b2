package attune

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/policies"
)

const (
	invitationPrefix   = "attune-invite-1:"
	maxInvitationChars = 4096
	invitationSumBytes = 3 // finds cut and mistyped lines, not attackers
)

// Invitation is what a new member of staff is handed, on paper or by a message:
// where the service is, how to recognise it, and a key that can be used once.
// Whoever holds it can join in this person's place, which the six words reveal.
type Invitation struct {
	Server string           `json:"server"` // "https://attune.example.org"
	Org    policies.OrgID   `json:"org"`    // SHA-256 of the root key: the service cannot be swapped
	Invite policies.StaffID `json:"invite"`

	// Again is the staff.reinvite that the key belongs to, for somebody whose keys are
	// lost; zero for who is new.
	Again policies.StatementID `json:"again"`

	Key     policies.Digest `json:"key"` // seed of the one-time Ed25519 key
	Role    policies.Role   `json:"role"`
	Expires policies.Micros `json:"expires"`
}

// String is the invitation in one line: prefix, base64url of its JSON and of the
// first three bytes of the JSON's SHA-256.
func (i Invitation) String() string {
	text, err := json.Marshal(i)
	if err != nil { // strings, digests and a number always encode
		panic("attune: invitation: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return invitationPrefix + base64.RawURLEncoding.EncodeToString(append(text, sum[:invitationSumBytes]...))
}

// ParseInvitation reads one line, with the line breaks that mail programs add.
func ParseInvitation(s string) (Invitation, error) {
	const again = "Copy the whole line again, from " + invitationPrefix + " to its end."
	s = strings.Join(strings.Fields(s), "")
	body, ok := strings.CutPrefix(s, invitationPrefix)
	switch {
	case s == "":
		return Invitation{}, problem(CodeInvitation, again, "The invitation is empty.")
	case !ok && strings.HasPrefix(s, "attune-invite-"):
		return Invitation{}, problem(CodeInvitation, "Update the app, then try again.", "This invitation was made by a newer version.")
	case !ok:
		return Invitation{}, problem(CodeInvitation, again, "This is not an invitation.")
	case len(body) > maxInvitationChars:
		return Invitation{}, problem(CodeInvitation, again, "This is too long for an invitation.")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(raw) <= invitationSumBytes {
		return Invitation{}, problem(CodeInvitation, again, "The invitation is not complete.")
	}
	text, sum := raw[:len(raw)-invitationSumBytes], sha256.Sum256(raw[:len(raw)-invitationSumBytes])
	if string(sum[:invitationSumBytes]) != string(raw[len(text):]) {
		return Invitation{}, problem(CodeInvitation, again, "The invitation is not complete, or a letter of it was changed.")
	}
	var i Invitation
	if err := json.Unmarshal(text, &i, json.RejectUnknownMembers(true)); err != nil {
		return Invitation{}, problem(CodeInvitation, again, "The invitation cannot be read.").because(err)
	}
	if i.Server == "" || i.Org.IsZero() || i.Invite.IsZero() || i.Key.IsZero() {
		return Invitation{}, problem(CodeInvitation, again, "The invitation lacks a part.")
	}
	return i, nil
}

func (i Invitation) expired(now time.Time) bool { return !now.Before(i.Expires.Time()) }

// early reports that the clock is behind: no invitation is good for so long. What it
// certified would have ended before it began, and the invitation be used up by it.
func (i Invitation) early(now time.Time) bool {
	const spare = 24 * time.Hour // the registrar's clock may be a little ahead
	return now.Add(policies.MaxInviteLife + spare).Before(i.Expires.Time())
}

// kid names the one-time key.
func (i Invitation) kid() policies.KeyID {
	if !i.Again.IsZero() {
		return policies.KeyID(i.Again)
	}
	return policies.KeyID(i.Invite)
}

func (i Invitation) oneTimeKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(i.Key[:]) }
