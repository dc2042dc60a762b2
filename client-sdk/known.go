package attune

import (
	"database/sql"
	"errors"

	"github.com/attune-vf/attune/policies"
)

// A person's key can be replaced: by the old one, which a thief may have, or by two
// registrars, who may have been told a tale. This device wraps to a new one only after
// its user has compared its six words with the person. Until then nothing that was
// wrapped to the old key is lost, and nobody else waits.

func fingerprintOf(p *policies.Staff) string { return policies.DigestOf([]byte(p.Recipient)).String() }

// meet remembers the keys of people whom this device did not know.
func meet(tx *sql.Tx, o *policies.Org) error { return know(tx, o, `DO NOTHING`) }

// knowAll takes the keys as they are: a device that just joined has known no others.
func (d *desk) knowAll() error {
	return d.store.write(func(tx *sql.Tx) error {
		return know(tx, d.mirror.Org(), `DO UPDATE SET recipient = excluded.recipient`)
	})
}

func know(tx *sql.Tx, o *policies.Org, conflict string) error {
	for id, p := range o.Staff {
		if !p.HasPowers() {
			continue
		}
		if _, err := tx.Exec(`INSERT INTO known_keys (staff, recipient) VALUES ($1, $2) ON CONFLICT (staff) `+conflict, id.String(), fingerprintOf(p)); err != nil {
			return err
		}
	}
	return nil
}

// knows reports whether a person's key is the one that this device wraps to. Its own
// person's always is.
func (d *desk) knows(p *policies.Staff) (bool, error) {
	if p.ID == d.me.Staff {
		return true, nil
	}
	var known string
	err := d.store.db.QueryRow(`SELECT recipient FROM known_keys WHERE staff = $1`, p.ID.String()).Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil // confirmed by what is queued here: its registrar heard the words just now
	}
	return known == fingerprintOf(p), err
}

// Trust records that this device's user compared the six words of a person's new key
// with them, by voice or face to face.
func (s *Staff) Trust(id policies.StaffID, words []string) error {
	org, err := s.d.mirror.verifiedOrg()
	if err != nil {
		return err
	}
	p := org.Staff[id]
	if !p.HasPowers() {
		return problem(CodeUnknown, "List the staff; sync, and try again.", "Nobody with the number %s has a confirmed key.", id.Short())
	}
	if !sameWords(words, Words(p.Certified)) {
		return problem(CodeWords, "Ask for the words once more. If they still differ, tell a registrar: somebody else made this key.",
			"These are not the six words of this person's new key.")
	}
	return s.d.store.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO known_keys (staff, recipient) VALUES ($1, $2) ON CONFLICT (staff) DO UPDATE SET recipient = excluded.recipient`,
			id.String(), fingerprintOf(p))
		return err
	})
}

// NewKeys lists the people whose key was replaced and whose words nobody has compared
// on this device.
func (s *Staff) NewKeys() ([]Member, error) {
	list, err := s.List()
	if err != nil {
		return nil, err
	}
	out := []Member{}
	for _, m := range list {
		if m.NewKey {
			out = append(out, m)
		}
	}
	return out, nil
}
