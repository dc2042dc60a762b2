package attune

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// certificateMonths is how long a person's and a device's certificate last when
// the device knows no pack yet, which it cannot before it joined. The fold
// allows a year; a month less leaves room for clocks and for renewal.
const certificateMonths = 11

// Joined says who this device now is.
type Joined struct {
	Staff   policies.StaffID  `json:"staff"`
	Device  policies.DeviceID `json:"device"`
	Role    policies.Role     `json:"role"`
	Service string            `json:"service"`
	Words   []string          `json:"words"` // to be read to the registrar
}

// joining is join.json: what was signed before the server was asked. When its
// answer is lost, the same statements are pushed again, and are duplicates.
type joining struct {
	Profile    profile        `json:"profile"`
	Invitation policies.KeyID `json:"invitation"` // staff.invite or staff.reinvite
	Statements []wire.Sealed  `json:"statements"`
}

// Join makes this device's keys in dir, has them certified with an invitation,
// and receives the organisation's record, which must be the one that the
// invitation names. Run again after a failure, it goes on where it was.
//
// Errors: an [*Error] with [CodeInvitation], [CodePassphrase], [CodeHome],
// [CodeOffline] or [CodeUntrusted].
func Join(ctx context.Context, dir, invitation string, passphrase []byte, cfg Config) (*Client, Joined, error) {
	cfg = cfg.withDefaults()
	inv, err := ParseInvitation(invitation)
	if err != nil {
		return nil, Joined{}, err
	}
	if exists(dir, deviceFile) {
		return nil, Joined{}, problem(CodeHome, "Use another folder for another person.", "%s has joined already.", dir)
	}
	if err := makeHome(dir); err != nil {
		return nil, Joined{}, err
	}
	db, err := openStore(dir) // before anything else: two programs must not join in one folder
	if err != nil {
		return nil, Joined{}, err
	}
	c, j, err := join(ctx, dir, inv, passphrase, cfg, db)
	if err != nil {
		cfg.HTTP.CloseIdleConnections()
		return nil, Joined{}, errors.Join(err, db.Close())
	}
	return c, j, nil
}

func join(ctx context.Context, dir string, inv Invitation, passphrase []byte, cfg Config, db *sql.DB) (*Client, Joined, error) {
	j, keys, err := prepare(dir, inv, passphrase, cfg)
	if err != nil {
		return nil, Joined{}, err
	}
	if cfg.Server != "" {
		j.Profile.Server = cfg.Server
	}
	base, err := secureURL(j.Profile.Server)
	if err != nil {
		return nil, Joined{}, err
	}
	if err := present(ctx, &remote{base: base, client: cfg.HTTP, now: cfg.Now, after: cfg.After}, j); err != nil {
		return nil, Joined{}, err
	}
	c, err := compose(dir, cfg, j.Profile, keys, db)
	if err != nil {
		return nil, Joined{}, err
	}
	if err := (&feed{c.desk}).pull(ctx, &Report{}); err != nil {
		return nil, Joined{}, err
	}
	if err := c.desk.knowAll(); err != nil {
		return nil, Joined{}, err
	}
	p, err := c.desk.mySelf()
	if err != nil {
		return nil, Joined{}, err
	}
	j.Profile.Service = c.Mirror.Org().Service
	if err := writeJSON(dir, deviceFile, j.Profile); err != nil {
		return nil, Joined{}, err
	}
	// Left over, it would do no harm: a home with device.json never reads it.
	_ = os.Remove(filepath.Join(dir, joinFile))
	return c, Joined{j.Profile.Staff, j.Profile.Device, p.Role, c.Mirror.Org().Service, c.Keys.Words()}, nil
}

// prepare makes and keeps keys and certificates, or finds those of an attempt
// with this invitation that did not come to its end.
func prepare(dir string, inv Invitation, passphrase []byte, cfg Config) (joining, secrets, error) {
	var j joining
	err := readJSON(dir, joinFile, &j)
	if err == nil && j.Profile.Staff == inv.Invite && j.Invitation == inv.kid() && j.Profile.Org == inv.Org {
		keys, err := unlockSecrets(dir, passphrase)
		return j, keys, err
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return j, secrets{}, err
	}
	if inv.expired(cfg.Now()) {
		return j, secrets{}, problem(CodeInvitation, "Ask your registrar for a new one; check this device's clock.",
			"This invitation ended on %s.", day(inv.Expires.Time()))
	}
	if inv.early(cfg.Now()) {
		return j, secrets{}, problem(CodeInvitation, "Set this device's clock, then try again; the invitation was not used.",
			"This device's clock is behind: it says %s.", day(cfg.Now()))
	}
	id, err := seal.NewIdentity()
	if err != nil {
		return j, secrets{}, err
	}
	keys := secrets{personal: personal{Identity: id.String(), Former: []string{}}}
	for _, key := range []*policies.Digest{&keys.Person, &keys.Device, &keys.Store} {
		rand.Read(key[:])
	}
	if j, err = certify(inv, keys, id.Recipient(), cfg); err != nil {
		return j, keys, err
	}
	if err := lockSecrets(dir, keys, passphrase); err != nil {
		return j, keys, err
	}
	return j, keys, writeJSON(dir, joinFile, j)
}

// certify signs the person's certificate with the invitation's key, and the
// device's with the person's.
func certify(inv Invitation, keys secrets, to seal.Recipient, cfg Config) (joining, error) {
	now, until := policies.At(cfg.Now()), policies.At(cfg.Now().AddDate(0, certificateMonths, 0))
	j := joining{Invitation: inv.kid(), Profile: profile{Version: 1, Server: inv.Server, Org: inv.Org, Staff: inv.Invite}}
	sign := func(kid policies.KeyID, kind policies.Kind, body policies.Body, key ed25519.PrivateKey) (policies.StatementID, error) {
		raw, s, err := statement.Sign(policies.Statement{
			Signer: kid, Record: policies.RecordID(inv.Org), Kind: kind, N: 1, At: now, Body: body,
		}, key)
		j.Statements = append(j.Statements, wire.Sealed{Statement: string(raw), Attachments: []wire.Attachment{}})
		return s.ID, err
	}
	id, err := sign(inv.kid(), "staff.certify", policies.StaffCertify{
		Staff: inv.Invite, Key: publicKey(signingKey(keys.Person)), Recipient: to.String(), Until: until,
	}, inv.oneTimeKey())
	if err != nil {
		return j, err
	}
	j.Profile.Certificate = policies.KeyID(id)
	id, err = sign(j.Profile.Certificate, "device.certify", policies.DeviceCertify{
		Staff: inv.Invite, Key: publicKey(signingKey(keys.Device)), Until: until,
	}, signingKey(keys.Person))
	j.Profile.Device = policies.DeviceID(id)
	return j, err
}

// present pushes the two certificates. Nothing in the answer is believed: what
// counts is the organisation's record, which is pulled and verified next.
func present(ctx context.Context, r *remote, j joining) error {
	var reply wire.PushReply
	if err := r.call(ctx, http.MethodPost, "/v1/join", wire.PushRequest{Statements: j.Statements}, &reply); err != nil {
		return err
	}
	for _, res := range reply.Results {
		if res.Status == wire.Refused && res.Code == wire.CodeSigner {
			return problem(CodeInvitation, "Ask your registrar to sync, then try again; if it stays so, ask for a new one.",
				"The service does not know this invitation: it was not sent to it yet, has ended, or was withdrawn.").because(errors.New(string(res.Code)))
		}
		if res.Status == wire.Refused {
			return problem(CodeInvitation, "Ask your registrar for a new one. If you have not used this one yourself, tell them so now.",
				"This invitation cannot be used: it was used before, has ended, or was withdrawn.").because(errors.New(string(res.Code) + ": " + res.Message))
		}
	}
	if len(reply.Results) != len(j.Statements) {
		return untrusted("The server answered about other statements than were sent.", nil)
	}
	return nil
}

// mySelf is this person in the verified record, with the certificate of this device in
// force or waiting for a registrar. The first that an invitation made counts: another
// one there means that somebody else used the invitation before.
func (d *desk) mySelf() (*policies.Staff, error) {
	org, err := d.mirror.verifiedOrg()
	if err != nil {
		return nil, err
	}
	p, dev := org.Staff[d.me.Staff], org.Devices[d.keys.Device()]
	waiting, _ := org.Waiting(d.me.Staff)
	if p == nil || p.Certified != d.me.Certificate && waiting.ID != d.me.Certificate || dev == nil || dev.Key != publicKey(d.keys.this().key) {
		return nil, problem(CodeInvitation, "Tell your registrar at once, and ask for a new invitation.",
			"Somebody else has used this invitation.")
	}
	return p, nil
}
