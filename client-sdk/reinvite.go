package attune

import (
	"crypto/ed25519"
	"crypto/rand"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Reinvite makes an invitation for somebody whose keys are lost, to make new ones in a
// new folder. It works once this device has synced. The old keys stay in force until a
// registrar in another role than this one has confirmed the new six words.
func (s *Staff) Reinvite(id policies.StaffID) (invitation string, err error) {
	if _, err := secureURL(s.d.remote.base); err != nil {
		return "", err
	}
	org, err := s.d.mirror.provisionalOrg()
	if err != nil {
		return "", err
	}
	p := org.Staff[id]
	if p == nil {
		return "", problem(CodeUnknown, "List the staff; sync, and try again.", "Nobody has the number %s.", id.Short())
	}
	pack, err := s.d.figures()
	if err != nil {
		return "", err
	}
	var seed policies.Digest
	rand.Read(seed[:])
	body := policies.StaffReinvite{
		Staff: id, Key: publicKey(ed25519.NewKeyFromSeed(seed[:])), Expires: policies.At(s.d.now().Add(pack.InviteDays.Days())),
	}
	signed, err := s.d.outbox.file(draft{policies.RecordID(org.ID), "staff.reinvite", body, nil})
	if err != nil {
		return "", err
	}
	return Invitation{
		Server: s.d.remote.base, Org: s.d.me.Org, Invite: id, Again: signed.ID, Key: seed, Role: p.Role, Expires: body.Expires,
	}.String(), nil
}

// Renew lets a person's certificate last as long from now as the service's figures say.
// Their devices renew themselves at their next sync.
func (s *Staff) Renew(id policies.StaffID) (until time.Time, err error) {
	pack, err := s.d.figures()
	if err != nil {
		return until, err
	}
	months := pack.CertMonths.Value
	if months == 0 {
		months = certificateMonths
	}
	until = s.d.now().AddDate(0, months, 0)
	_, err = s.d.outbox.file(draft{policies.RecordID(s.d.me.Org), "staff.renew", policies.StaffRenew{Staff: id, Until: policies.At(until)}, nil})
	return until, err
}
