package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// StopAsked is a carer's "Ask us to stop", pressed on the page of a link, that
// still stands: nobody has agreed anew since. All use of film with these people has
// stopped, and somebody talks with the carer.
type StopAsked struct {
	Family    policies.FamilyID   `json:"family"`
	Reference string              `json:"reference"`
	Person    policies.PersonID   `json:"person"` // the carer
	Label     string              `json:"label"`  // what the family calls them; "" without the key
	People    []policies.PersonID `json:"people"` // whose film it is about, the carer first
	Link      policies.LinkID     `json:"link"`
	At        time.Time           `json:"at"`
}

// StopAsked lists what carers asked for in the families that this person works with,
// the oldest first.
func (fs *Families) StopAsked() ([]StopAsked, error) {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []StopAsked{}
	for _, f := range all {
		if len(f.Suspended) == 0 || fs.watches(f) {
			continue
		}
		v, err := fs.Show(f.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, v.StopAsked...)
	}
	slices.SortFunc(out, func(a, b StopAsked) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Reference, b.Reference)) })
	return out, nil
}

// stopsAsked is the list for one family, with the labels of its people.
func stopsAsked(f *policies.Family, people []PersonView) []StopAsked {
	out := []StopAsked{}
	for _, s := range f.StopAsked() {
		a := StopAsked{Family: f.ID, Reference: f.Reference, Person: s.People[0], People: s.People, Link: s.Link, At: s.At.Time()}
		for _, p := range people {
			if p.ID == a.Person {
				a.Label = p.Label
			}
		}
		out = append(out, a)
	}
	return out
}
