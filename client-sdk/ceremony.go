package attune

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// The ceremony founds an organisation, on a machine that is not the server and
// has no network. See DESIGN.md §4.

const rootKeyPrefix = "ATTUNE-ROOT-KEY-1:"

// NewCustodian makes a custodian's key on the custodian's own device. The
// identity, AGE-SECRET-KEY-PQ-1…, never leaves it; the recipient goes to the
// ceremony. Any two of three custodians together can recover a family's key.
func NewCustodian() (identity, recipient string, err error) {
	id, err := seal.NewIdentity()
	if err != nil {
		return "", "", err
	}
	return id.String(), id.Recipient().String(), nil
}

// Found makes the organisation's root: its secret key, to be kept offline, and
// org.root, which everyone may have.
func Found(service string, custodians [3]string, now time.Time) (rootKey string, orgRoot []byte, err error) {
	for i, c := range custodians {
		if _, err := seal.ParseRecipient(c); err != nil {
			return "", nil, problem(CodeInput, "Give the age1pq1… line that the custodian's own device printed.", "Custodian %d has no key that can be used.", i+1).because(err)
		}
	}
	var seed policies.Digest
	rand.Read(seed[:])
	key := ed25519.NewKeyFromSeed(seed[:])
	body := policies.OrgRoot{Service: service, Key: publicKey(key), Custodians: custodians[:]}
	raw, _, err := statement.Sign(policies.Statement{Kind: policies.KindRoot, N: 1, At: policies.At(now), Body: body}, key)
	if err != nil {
		return "", nil, problem(CodeInput, "Check the service's name and the three custodians' keys.", "The organisation cannot be founded so.").because(err)
	}
	return rootKeyPrefix + base64.RawURLEncoding.EncodeToString(seed[:]), raw, nil
}

// ServerRequest is what a new server asks the root to certify: its public keys.
// It is written by the server as JSON, and readable by the people at the ceremony.
type ServerRequest struct {
	Org    policies.OrgID     `json:"org"`
	Origin string             `json:"origin"`  // "https://attune.example.org"
	Key    policies.PublicKey `json:"key"`     // signs clip.stored
	LogKey policies.PublicKey `json:"log_key"` // signs checkpoints

	// Of a server whose keys are to be replaced: its certificates so far, oldest first,
	// and the number that the root's next statement has there.
	Certified []string `json:"certified,omitzero"`
	Number    int64    `json:"number,omitzero"`
}

// ParseServerRequest reads a server.request file.
func ParseServerRequest(b []byte) (ServerRequest, error) {
	var r ServerRequest
	if err := json.Unmarshal(b, &r, json.RejectUnknownMembers(true)); err != nil {
		return r, problem(CodeInput, "Give the server.request file as the server wrote it.", "The server's request cannot be read.").because(err)
	}
	return r, nil
}

// Certification is what the root signs for a new server and the first person.
type Certification struct {
	RootKey string
	OrgRoot []byte
	Request ServerRequest
	Pack    []byte          // the file of the pack that is adopted
	Bundle  policies.Digest // SHA-256 of the rules
	Head    string          // name of the first head of service
	Origin  string          // of the server; the request's when ""
	Days    int             // of the invitation; 7 when 0
	Now     time.Time
}

// Certify has the root sign server.certify, the first staff.invite, whose powers
// begin at once, and the first policy.adopt. accept is the file for the server,
// a [wire.PushRequest]; the invitation is for the head of service alone.
func Certify(c Certification) (accept []byte, invitation string, err error) {
	if len(c.Request.Certified) > 0 {
		return nil, "", problem(CodeInput, "Certify another key for it instead: attune ceremony rotate --help", "This server is certified already.")
	}
	root, err := c.open()
	if err != nil {
		return nil, "", err
	}
	if c.Origin == "" {
		c.Origin = c.Request.Origin
	}
	if c.Origin, err = secureURL(c.Origin); err != nil {
		return nil, "", err
	}
	if c.Days == 0 {
		c.Days = 7
	}
	inv := Invitation{Server: c.Origin, Org: root.org.ID, Role: policies.HeadOfService, Expires: policies.At(c.Now.AddDate(0, 0, c.Days))}
	rand.Read(inv.Key[:])
	head := strings.TrimSpace(c.Head)
	if head == "" {
		return nil, "", problem(CodeInput, "Say who the head of service is.", "The first invitation has no name.")
	}
	figures, err := adoption(c.Pack, c.Bundle)
	if err != nil {
		return nil, "", err
	}
	label := nameLabel(head)
	root.sign("server.certify", policies.ServerCertify{Key: c.Request.Key, LogKey: c.Request.LogKey})
	inv.Invite = policies.StaffID(root.sign("staff.invite", policies.StaffInvite{
		Role: inv.Role, Key: publicKey(inv.oneTimeKey()), Expires: inv.Expires, Fixed: fixed(label),
	}, label))
	root.sign("policy.adopt", figures, wire.Attachment{Name: policies.PackFile, Body: c.Pack})
	if root.err != nil {
		return nil, "", problem(CodeInput, "Check the files of the ceremony.", "The root cannot certify this.").because(root.err)
	}
	accept, err = wire.Encode(wire.PushRequest{Statements: root.signed})
	return accept, inv.String(), err
}

// rootDesk signs with the root, each statement folded before the next is made:
// what leaves the ceremony is known to be taken.
type rootDesk struct {
	key    ed25519.PrivateKey
	org    *policies.Org
	now    policies.Micros
	next   int64 // n of the next statement
	signed []wire.Sealed
	err    error // the first
}

func (c Certification) open() (*rootDesk, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(c.RootKey), rootKeyPrefix)
	seed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(seed) != ed25519.SeedSize {
		return nil, problem(CodeInput, "Give the file that the ceremony wrote, unchanged.", "This is not a root key.")
	}
	d := &rootDesk{key: ed25519.NewKeyFromSeed(seed), now: policies.At(c.Now)}
	s, err := statement.Verify(c.OrgRoot, nil)
	if err == nil {
		d.org, err = policies.NewOrg(s)
	}
	switch {
	case err != nil:
		return nil, problem(CodeInput, "Give the org.root file that the ceremony wrote, unchanged.", "This is not an organisation's root.").because(err)
	case d.org.RootKey != publicKey(d.key):
		return nil, problem(CodeInput, "Take both from the same ceremony.", "The root key is not that of this organisation.")
	case !c.Request.Org.IsZero() && c.Request.Org != d.org.ID:
		return nil, problem(CodeInput, "Run attuned init again with this org.root.", "The server was set up for another organisation.")
	}
	d.next = d.org.Count + 1
	return d, nil
}

func (d *rootDesk) sign(kind policies.Kind, body policies.Body, attachments ...wire.Attachment) policies.StatementID {
	if d.err != nil {
		return policies.StatementID{}
	}
	raw, s, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID(d.org.Root), Record: policies.RecordID(d.org.ID), Kind: kind,
		N: d.next, At: d.now, Body: body,
	}, d.key)
	if err == nil {
		_, err = d.org.Apply(s, d.now)
	}
	d.next++
	d.err = errors.Join(d.err, err)
	d.signed = append(d.signed, wire.Sealed{Statement: string(raw), Attachments: append([]wire.Attachment{}, attachments...)})
	return s.ID
}
