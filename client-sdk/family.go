package attune

import (
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Families opens families' records and says who is in them.
type Families struct{ d *desk }

// Open begins a family's record and makes its key: wrapped to this person, and
// age inside age to each pair of custodians. Reference is the case-system number,
// never a name.
func (fs *Families) Open(reference string, programme policies.Programme) (policies.FamilyID, error) {
	var id policies.FamilyID
	org, err := fs.d.mirror.verifiedOrg()
	if err != nil {
		return id, err
	}
	if err := fs.unused(reference); err != nil {
		return id, err
	}
	key, err := seal.NewIdentity()
	if err != nil {
		return id, err
	}
	mine, err := fs.d.keys.held()
	if err != nil {
		return id, err
	}
	own, err := seal.Seal([]byte(key.String()), mine.identity.Recipient())
	if err != nil {
		return id, err
	}
	attachments := []wire.Attachment{{Name: "key/" + fs.d.me.Staff.String(), Body: own}}
	pairs, err := recovery(org, key)
	if err != nil {
		return id, err
	}
	body := policies.FamilyOpen{Reference: reference, Programme: programme, Recipient: key.Recipient().String()}
	s, err := fs.d.outbox.file(draft{policies.RecordID{}, policies.KindFamilyOpen, body, append(attachments, pairs...)})
	return policies.FamilyID(s.ID), err
}

func (fs *Families) unused(reference string) error {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return err
	}
	for _, f := range all {
		if strings.EqualFold(f.Reference, reference) {
			return problem(CodeInput, "Use the record that is open, or check the number.", "There is already a record for %q.", reference)
		}
	}
	return nil
}

// recovery wraps the family's key to the pairs of custodians in org.root.
func recovery(org *policies.Org, key seal.Identity) ([]wire.Attachment, error) {
	var custodians [3]seal.Recipient
	for i := range custodians {
		var err error
		if custodians[i], err = seal.ParseRecipient(org.Custodians[i]); err != nil {
			return nil, err
		}
	}
	ab, ac, bc, err := seal.SealPairs([]byte(key.String()), custodians)
	return []wire.Attachment{{Name: "recovery/ab", Body: ab}, {Name: "recovery/ac", Body: ac}, {Name: "recovery/bc", Body: bc}}, err
}

// AddPerson adds somebody who is, or may be, in the family's film. Label is what
// the family calls them ("Mum"); it is sealed to the family. Born is "2024-03",
// "" for adults.
func (fs *Families) AddPerson(family policies.FamilyID, role policies.FilmRole, basis policies.Basis, born string, contact policies.Contact, label string) (policies.PersonID, error) {
	body := policies.PersonAdd{Role: role, Basis: basis, Born: born, Contact: contact, Fixed: []policies.Attachment{}}
	var attachments []wire.Attachment
	if len(label) > maxName {
		return policies.PersonID{}, tooLong("label", maxName)
	}
	if label = strings.TrimSpace(label); label != "" {
		if err := fs.newLabel(family, label); err != nil {
			return policies.PersonID{}, err
		}
		to, err := fs.d.sealTo(family)
		if err != nil {
			return policies.PersonID{}, err
		}
		sealed, err := seal.Seal([]byte(label), to)
		if err != nil {
			return policies.PersonID{}, err
		}
		attachments = []wire.Attachment{{Name: "label", Body: sealed}}
		body.Fixed = fixed(attachments...)
	}
	s, err := fs.d.outbox.file(draft{policies.RecordID(family), "person.add", body, attachments})
	return policies.PersonID(s.ID), err
}

// newLabel refuses a second person of one label: a command that was given twice would
// leave a child whom no form covers and no film can be about, and nobody is taken out.
func (fs *Families) newLabel(family policies.FamilyID, label string) error {
	v, err := fs.Show(family)
	if err != nil {
		return err
	}
	for _, p := range v.People {
		if strings.EqualFold(p.Label, label) {
			return problem(CodeInput, "If this is somebody else, give another label, such as \"Robin's cousin\".", "%s is in this family already (%s).", label, p.ID.Short())
		}
	}
	return nil
}

// AddTeam puts a confirmed practitioner on the family's team and wraps the
// family's key to the recipient that their certificate names. Membership and
// recipient come from the verified fold, never from a reply of the server.
func (fs *Families) AddTeam(family policies.FamilyID, staff policies.StaffID) error {
	org, err := fs.d.mirror.verifiedOrg()
	if err != nil {
		return err
	}
	p := org.Staff[staff]
	if !p.HasPowers() || !p.Active(policies.At(fs.d.now())) || p.Role != policies.Practitioner {
		return problem(CodeInput, "Ask a registrar to confirm their six words, then sync.",
			"Only a confirmed practitioner can join a family's team.")
	}
	f, err := fs.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	mine, _, err := fs.d.keys.key(f)
	if err != nil {
		return err
	}
	to, envelope, err := (&locks{fs.d}).envelope(org, staff, mine)
	if err != nil {
		return err
	}
	body := policies.TeamAdd{Staff: staff, Key: policies.KeyName(f.Recipient), To: to}
	_, err = fs.d.outbox.file(draft{policies.RecordID(family), "team.add", body, []wire.Attachment{envelope}})
	return err
}

// Cover puts a confirmed practitioner on a family's team until a date, when nobody of it
// can work. A device of the team gives them the key at its next sync; where there is
// none, see [Recoveries].
func (fs *Families) Cover(family policies.FamilyID, staff policies.StaffID, until time.Time) error {
	_, err := fs.d.outbox.file(draft{policies.RecordID(family), "cover.authorise", policies.CoverAuthorise{Staff: staff, Until: policies.At(until)}, nil})
	return err
}

// RemoveTeam takes a person off the family's team; they stop receiving at once.
func (fs *Families) RemoveTeam(family policies.FamilyID, staff policies.StaffID) error {
	_, err := fs.d.outbox.file(draft{policies.RecordID(family), "team.remove", policies.TeamRemove{Staff: staff}, nil})
	return err
}

// Find is the family that a reference, a number or the beginning of one means.
func (fs *Families) Find(text string) (policies.FamilyID, error) {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return policies.FamilyID{}, err
	}
	var ids, called []policies.FamilyID
	for id, f := range all {
		ids = append(ids, id)
		if strings.EqualFold(f.Reference, strings.TrimSpace(text)) {
			called = append(called, id)
		}
	}
	slices.SortFunc(called, compareIDs)
	if id, ok, err := named(text, called); ok {
		return id, err
	}
	return pick("family", text, ids)
}

// FindPerson is the person in a family that a label, a number or the beginning
// of one means.
func (fs *Families) FindPerson(family policies.FamilyID, text string) (policies.PersonID, error) {
	v, err := fs.Show(family)
	if err != nil {
		return policies.PersonID{}, err
	}
	var ids, called []policies.PersonID
	for _, p := range v.People {
		ids = append(ids, p.ID)
		if p.Label != "" && strings.EqualFold(p.Label, strings.TrimSpace(text)) {
			called = append(called, p.ID)
		}
	}
	if id, ok, err := named(text, called); ok {
		return id, err
	}
	return pick("person in this family", text, ids)
}
