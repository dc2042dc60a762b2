package attune

import (
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Staff invites people, hears their six words, and knows who is who.
type Staff struct{ d *desk }

// Member is one member of staff as this device knows them.
type Member struct {
	ID    policies.StaffID `json:"id"`
	Name  string           `json:"name"` // "" once its label was deleted
	Role  policies.Role    `json:"role"`
	State string           `json:"state"` // invited, waiting for words, confirmed, revoked, ended
	Me    bool             `json:"me"`

	Outside bool `json:"outside"` // works for another organisation

	Training []TrainingView `json:"training"` // recorded of them; empty when nothing is
	Until    time.Time      `json:"until"`    // end of the certificate; zero while there is none
	NewKey   bool           `json:"new_key"`  // it replaced the one that this device knew, and nobody here has compared its words
	Replace  bool           `json:"replaces"` // a new key, for a lost one, waits for its six words to be heard
}

// The states of a Member.
const (
	Invited         = "invited"
	WaitingForWords = "waiting for words"
	Confirmed       = "confirmed"
	Revoked         = "revoked"
	Ended           = "ended"
)

// Invite makes an invitation for somebody who will have this role. It works once
// this device has synced, and for as many days as the service's figures say.
func (s *Staff) Invite(role policies.Role, name string) (invitation string, id policies.StaffID, err error) {
	return s.invite(role, name, false)
}

// InviteOutside is Invite for a supervisor or practitioner of another organisation:
// they watch film only where the head of service has countersigned it.
func (s *Staff) InviteOutside(role policies.Role, name string) (invitation string, id policies.StaffID, err error) {
	return s.invite(role, name, true)
}

func (s *Staff) invite(role policies.Role, name string, outside bool) (invitation string, id policies.StaffID, err error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxName {
		return "", id, problem(CodeInput, "Give the name that colleagues know them by.", "An invitation needs a name of up to 200 letters.")
	}
	if _, err := secureURL(s.d.remote.base); err != nil {
		return "", id, err
	}
	pack, err := s.d.figures()
	if err != nil {
		return "", id, err
	}
	var seed policies.Digest
	rand.Read(seed[:])
	label := nameLabel(name)
	body := policies.StaffInvite{
		Role: role, Outside: outside, Key: publicKey(ed25519.NewKeyFromSeed(seed[:])),
		Expires: policies.At(s.d.now().Add(pack.InviteDays.Days())), Fixed: fixed(label),
	}
	signed, err := s.d.outbox.file(draft{policies.RecordID(s.d.me.Org), "staff.invite", body, []wire.Attachment{label}})
	if err != nil {
		return "", id, err
	}
	id = policies.StaffID(signed.ID)
	return Invitation{Server: s.d.remote.base, Org: s.d.me.Org, Invite: id, Key: seed, Role: role, Expires: body.Expires}.String(), id, nil
}

// Confirm records that the registrar heard these six words from the person, by
// voice or face to face. Words that differ mean that somebody else may have used
// the invitation: nothing is signed.
func (s *Staff) Confirm(id policies.StaffID, words []string) error {
	org, err := s.d.mirror.verifiedOrg()
	if err != nil {
		return err
	}
	p := org.Staff[id]
	if p == nil || p.Certified.IsZero() {
		return problem(CodeUnknown, "Ask them to join, then sync.", "Nobody has used the invitation %s yet.", id.Short())
	}
	certificate := p.Certified
	if c, ok := org.Waiting(id); ok {
		certificate = c.ID
	}
	if !sameWords(words, Words(certificate)) {
		return problem(CodeWords, "Ask for the words once more. If they still differ, revoke this person: somebody else used the invitation.",
			"These are not the six words of this person's certificate.")
	}
	_, err = s.d.outbox.file(draft{policies.RecordID(org.ID), "staff.confirm", policies.StaffConfirm{Staff: id, Certificate: certificate}, nil})
	return err
}

// Revoke ends a person's certificate and all their devices.
func (s *Staff) Revoke(id policies.StaffID) error {
	_, err := s.d.outbox.file(draft{policies.RecordID(s.d.me.Org), "staff.revoke", policies.StaffRevoke{Staff: id}, nil})
	return err
}

// Words are the six words of a certificate, a staff.certify.
func (s *Staff) Words(certificate policies.KeyID) []string { return Words(certificate) }

// List is everybody who was invited, oldest first.
func (s *Staff) List() ([]Member, error) {
	org, err := s.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	order, err := s.d.shelf.order(policies.RecordID(org.ID))
	if err != nil {
		return nil, err
	}
	var out []Member
	for _, id := range sortedBy(org.Staff, order) {
		m, err := s.member(org, id)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (s *Staff) member(org *policies.Org, id policies.StaffID) (Member, error) {
	p, now := org.Staff[id], policies.At(s.d.now())
	m := Member{ID: id, Role: p.Role, State: WaitingForWords, Me: id == s.d.me.Staff, Outside: p.Outside}
	switch {
	case !p.Revoked.IsZero():
		m.State = Revoked
	case p.Certified.IsZero() && now >= p.InviteEnd, !p.Certified.IsZero() && !p.Active(now):
		m.State = Ended
	case p.Certified.IsZero():
		m.State = Invited
	case p.HasPowers():
		m.State = Confirmed
	}
	if !p.Certified.IsZero() {
		m.Until = p.Until.Time()
	}
	_, m.Replace = org.Waiting(id)
	if m.State == Confirmed {
		known, err := s.d.knows(p)
		if err != nil {
			return m, err
		}
		m.NewKey = !known
	}
	label, err := s.d.shelf.fixed(policies.StatementID(id), "label")
	m.Name = policies.LabelName(label)
	if err == nil {
		m.Training, err = s.trainings(org, id)
	}
	return m, err
}

func nameLabel(name string) wire.Attachment {
	var salt policies.Bytes16
	rand.Read(salt[:])
	return wire.Attachment{Name: "label", Body: policies.NameLabel(salt, name)}
}

// Show is one member of staff.
func (s *Staff) Show(id policies.StaffID) (Member, error) {
	org, err := s.d.mirror.provisionalOrg()
	if err != nil {
		return Member{}, err
	}
	if org.Staff[id] == nil {
		return Member{}, problem(CodeUnknown, "List the staff; sync, and try again.", "Nobody has the number %s.", id.Short())
	}
	return s.member(org, id)
}

// Find is the person that a name, a number or the beginning of one means.
func (s *Staff) Find(text string) (policies.StaffID, error) {
	list, err := s.List()
	if err != nil {
		return policies.StaffID{}, err
	}
	var ids, called []policies.StaffID
	for _, m := range list {
		ids = append(ids, m.ID)
		if m.Name != "" && strings.EqualFold(m.Name, strings.TrimSpace(text)) {
			called = append(called, m.ID)
		}
	}
	if id, ok, err := named(text, called); ok {
		return id, err
	}
	return pick("member of staff", text, ids)
}
