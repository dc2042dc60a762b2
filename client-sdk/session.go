package attune

import (
	"strings"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Sessions logs visits: VIG cycles and VIPP-SD visits.
type Sessions struct{ d *desk }

// Log records a session. On is "2026-11-20", today when ""; number 0 takes the
// next one. StillHappy says that everyone was asked today and agreed to be
// filmed. The note is sealed to the family and to this person: a peer who may see
// a clip cannot read it.
func (s *Sessions) Log(family policies.FamilyID, on string, number int, stillHappy bool, note string) (policies.SessionID, error) {
	return s.log(family, policies.SessionLog{On: on, Number: number, StillHappy: stillHappy}, note)
}

// LogRefused records a session at which somebody said no to being filmed that day: no
// clip of it is taken.
func (s *Sessions) LogRefused(family policies.FamilyID, on string, number int, note string) (policies.SessionID, error) {
	return s.log(family, policies.SessionLog{On: on, Number: number, Refused: true}, note)
}

func (s *Sessions) log(family policies.FamilyID, body policies.SessionLog, note string) (policies.SessionID, error) {
	on, number := body.On, body.Number
	f, err := s.d.mirror.provisional(family)
	if err != nil {
		return policies.SessionID{}, err
	}
	if on == "" {
		on = day(s.d.now())
	}
	if on > day(s.d.now().AddDate(0, 0, 1)) { // a day's grace for clocks and time zones
		return policies.SessionID{}, problem(CodeInput, "Log it on the day itself, or correct the date.", "The visit of %s is still to come.", on)
	}
	if number < 0 {
		return policies.SessionID{}, problem(CodeInput, "Count from 1, or leave the number out.", "There is no visit %d.", number)
	}
	if number == 0 {
		for _, old := range f.Sessions {
			number = max(number, old.Number)
		}
		number++
	}
	body.On, body.Number, body.Fixed = on, number, []policies.Attachment{}
	var attachments []wire.Attachment
	if strings.TrimSpace(note) != "" {
		mine, err := s.d.keys.held()
		if err != nil {
			return policies.SessionID{}, err
		}
		to, err := s.d.sealTo(family)
		if err != nil {
			return policies.SessionID{}, err
		}
		sealed, err := seal.Seal([]byte(note), to, mine.identity.Recipient())
		if err != nil {
			return policies.SessionID{}, err
		}
		attachments = []wire.Attachment{{Name: "note", Body: sealed}}
		body.Fixed = fixed(attachments...)
	}
	signed, err := s.d.outbox.file(draft{policies.RecordID(family), "session.log", body, attachments})
	return policies.SessionID(signed.ID), err
}

// Note opens the note of a session, "" when there is none.
func (s *Sessions) Note(family policies.FamilyID, id policies.SessionID) (string, error) {
	sealed, err := s.d.shelf.fixed(policies.StatementID(id), "note")
	if err != nil || sealed == nil {
		return "", err
	}
	keys, err := s.d.keys.family(family)
	if err != nil {
		return "", err
	}
	text, err := seal.Open(sealed, append(keys, s.d.keys.identities()...)...)
	return string(text), err
}

// List is every session of a family, in order.
func (s *Sessions) List(family policies.FamilyID) ([]policies.Session, error) {
	v, err := (&Families{s.d}).Show(family)
	return v.Sessions, err
}

// Find is the session that a number, or the beginning of its id, means.
func (s *Sessions) Find(family policies.FamilyID, text string) (policies.SessionID, error) {
	list, err := s.List(family)
	if err != nil {
		return policies.SessionID{}, err
	}
	var ids []policies.SessionID
	for _, v := range list {
		ids = append(ids, v.ID)
	}
	return pick("session", text, ids)
}
