package attune

import "github.com/attune-vf/attune/policies"

// ChangePerson is what is known anew about somebody; what is empty stays as it is.
type ChangePerson struct {
	Basis   policies.Basis
	Born    string // "2010-03"
	Contact policies.Contact
	Review  policies.Competence // what came of talking about whether a young person decides
	On      string              // "2026-11-20", the day of that talk; today when ""
}

// ChangePerson records what is known anew about somebody in a family's film. A contact
// that is not safe any more shuts their links once the service has it.
func (fs *Families) ChangePerson(family policies.FamilyID, person policies.PersonID, in ChangePerson) error {
	body := policies.PersonChange{Person: person, Basis: in.Basis, Born: in.Born, Contact: in.Contact}
	if in.Review != "" {
		body.Review = policies.CompetenceReview{On: in.On, Outcome: in.Review}
		if in.On == "" {
			body.Review.On = day(fs.d.now())
		}
	}
	_, err := fs.d.outbox.file(draft{policies.RecordID(family), "person.change", body, nil})
	return err
}

// reviewsDue says whom somebody must ask whether they decide themselves. A device that
// has no figures yet says nothing.
func (fs *Families) reviewsDue(f *policies.Family) (out []string) {
	org := fs.d.mirror.Org()
	pack, err := fs.d.figures()
	if err != nil || org == nil || !f.OnTeam(fs.d.me.Staff) {
		return nil
	}
	for _, m := range f.Matters(org, pack, policies.At(fs.d.now())) {
		if m.Kind == policies.ReviewDue {
			out = append(out, m.Text+" "+m.Do)
		}
	}
	return out
}
