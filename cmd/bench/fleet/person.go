package fleet

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Person is a member of staff with one device.
type Person struct {
	Staff    policies.StaffID
	Device   policies.DeviceID
	Identity seal.Identity

	own, phone *key
	org        policies.OrgID
	until      time.Time // of the token below
	token      string
}

// key is a signing key with its count of statements.
type key struct {
	kid  policies.KeyID
	priv ed25519.PrivateKey
	n    int64
}

func newKey() *key {
	_, priv, _ := ed25519.GenerateKey(rand.Reader) // fails without randomness, which ends the process
	return &key{priv: priv}
}

func keyOf(seed policies.Digest) *key { return &key{priv: ed25519.NewKeyFromSeed(seed[:])} }

func (k *key) public() policies.PublicKey {
	return policies.PublicKey(k.priv.Public().(ed25519.PublicKey))
}

// sign makes the key's next statement.
func (k *key) sign(record policies.RecordID, kind policies.Kind, body policies.Body, attached ...wire.Attachment) (wire.Sealed, policies.StatementID, error) {
	k.n++
	raw, s, err := statement.Sign(policies.Statement{
		Signer: k.kid, Record: record, Kind: kind, N: k.n, At: policies.At(time.Now()), Body: body,
	}, k.priv)
	return wire.Sealed{Statement: string(raw), Attachments: append([]wire.Attachment{}, attached...)}, s.ID, err
}

// Token is the device's bearer token, with a minute left of it at least.
func (p *Person) Token() (string, error) {
	now := time.Now()
	if now.Add(time.Minute).Before(p.until) {
		return p.token, nil
	}
	var err error
	p.until = now.Add(statement.MaxTokenLife)
	p.token, err = statement.SignToken(statement.Token{
		Device: p.Device, Audience: p.org, Origin: origin, Issued: now, Expires: p.until,
	}, p.phone.priv)
	return p.token, err
}

// Join invites somebody, lets them join and has the head of service confirm them.
func (s *Service) Join(ctx context.Context, role policies.Role) (*Person, error) {
	s.joined++
	oneTime := newKey()
	label := policies.NameLabel(policies.Bytes16{}, fmt.Sprintf("Pat Reed %d", s.joined))
	invite, id, err := s.Head.phone.sign(policies.RecordID(s.Org), "staff.invite", &policies.StaffInvite{
		Role: role, Outside: role == policies.Supervisor, Key: oneTime.public(), Expires: policies.At(time.Now().Add(24 * time.Hour)),
		Fixed: []policies.Attachment{fixed("label", label)},
	}, wire.Attachment{Name: "label", Body: label})
	if err != nil {
		return nil, err
	}
	if err := s.Push(ctx, s.Head, invite); err != nil {
		return nil, err
	}
	p, err := s.joinBy(ctx, role, policies.StaffID(id), oneTime)
	if err != nil {
		return nil, err
	}
	confirm, _, err := s.Head.phone.sign(policies.RecordID(s.Org), "staff.confirm", &policies.StaffConfirm{Staff: p.Staff, Certificate: p.own.kid})
	if err != nil {
		return nil, err
	}
	return p, s.Push(ctx, s.Head, confirm)
}

// joinBy certifies a person with their invitation's key, and their device.
func (s *Service) joinBy(ctx context.Context, role policies.Role, who policies.StaffID, oneTime *key) (*Person, error) {
	identity, err := seal.NewIdentity()
	if err != nil {
		return nil, err
	}
	p := &Person{Staff: who, Identity: identity, own: newKey(), phone: newKey(), org: s.Org}
	record, until := policies.RecordID(s.Org), policies.At(time.Now().AddDate(0, 11, 0))
	oneTime.kid = policies.KeyID(who)
	person, id, err := oneTime.sign(record, "staff.certify", &policies.StaffCertify{
		Staff: who, Key: p.own.public(), Recipient: identity.Recipient().String(), Until: until,
	})
	if err != nil {
		return nil, err
	}
	p.own.kid = policies.KeyID(id)
	device, id, err := p.own.sign(record, "device.certify", &policies.DeviceCertify{Staff: who, Key: p.phone.public(), Until: until})
	if err != nil {
		return nil, err
	}
	p.Device, p.phone.kid = policies.DeviceID(id), policies.KeyID(id)
	return p, s.join(ctx, []wire.Sealed{person, device})
}

func fixed(name string, body []byte) policies.Attachment {
	return policies.Attachment{Name: name, SHA256: policies.DigestOf(body), Bytes: int64(len(body))}
}
