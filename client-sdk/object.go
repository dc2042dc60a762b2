package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Object records that somebody who may decide about these people says no to what
// another has agreed to. Their film is not used from then on, until whoever objected
// has agreed on a form of their own. It reaches the server before anything else.
func (c *Consents) Object(family policies.FamilyID, people []policies.PersonID, by policies.PersonID, channel policies.Channel) error {
	_, err := c.d.outbox.file(draft{policies.RecordID(family), "consent.object", policies.ConsentObject{People: people, By: by, Channel: channel}, nil})
	return err
}

// ObjectionView is a no that still stands.
type ObjectionView struct {
	ID        policies.StatementID `json:"id"`
	Family    policies.FamilyID    `json:"family"`
	Reference string               `json:"reference"`
	People    []policies.PersonID  `json:"people"` // whose film is not used
	Labels    []string             `json:"labels"` // what the family calls them; "" without the key
	By        policies.PersonID    `json:"by"`
	Label     string               `json:"label"` // of who objected; "" without the key
	At        time.Time            `json:"at"`
}

// Objected lists what is objected to in the families that this person works with,
// the oldest first. It is no viewer's to see to.
func (fs *Families) Objected() ([]ObjectionView, error) {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []ObjectionView{}
	for _, f := range all {
		if len(f.Objections) == 0 || fs.watches(f) {
			continue
		}
		v, err := fs.Show(f.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, v.Objected...)
	}
	slices.SortFunc(out, func(a, b ObjectionView) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Reference, b.Reference)) })
	return out, nil
}

// objections is the list for one family, with the labels of its people.
func objections(f *policies.Family, people []PersonView) []ObjectionView {
	label := map[policies.PersonID]string{}
	for _, p := range people {
		label[p.ID] = p.Label
	}
	out := []ObjectionView{}
	for _, o := range f.Objected() {
		v := ObjectionView{ID: o.ID, Family: f.ID, Reference: f.Reference, People: o.People, Labels: []string{}, By: o.By, Label: label[o.By], At: o.At.Time()}
		for _, p := range o.People {
			v.Labels = append(v.Labels, label[p])
		}
		out = append(out, v)
	}
	return out
}
