package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// LeakedLink is a link that the server revoked because its secret part was sent to
// it: some program on the way, often of the mail, wrote the # as %23. The carer can
// no longer open it, and somebody makes a new one and sends it another way.
type LeakedLink struct {
	Link      policies.LinkID   `json:"link"`
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Clip      policies.ClipID   `json:"clip"`
	Person    policies.PersonID `json:"person"`
	Label     string            `json:"label"` // what the family calls them; "" without the key
	Expires   time.Time         `json:"expires"`
}

// Leaked lists such links in all families on this device until the day on which
// they would have ended anyway, the first to end first.
func (fs *Families) Leaked() ([]LeakedLink, error) {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out, now := []LeakedLink{}, policies.At(fs.d.now())
	for _, f := range all {
		keys, keyErr := fs.d.keys.family(f.ID)
		for id, l := range f.Links {
			if !f.LinkLeaked(id) || now >= l.Expires {
				continue
			}
			leaked := LeakedLink{Link: id, Family: f.ID, Reference: f.Reference, Clip: l.Clip, Person: l.Person, Expires: l.Expires.Time()}
			if keyErr == nil {
				leaked.Label = fs.d.shelf.label(l.Person, keys)
			}
			out = append(out, leaked)
		}
	}
	slices.SortFunc(out, func(a, b LeakedLink) int { return cmp.Or(a.Expires.Compare(b.Expires), compareIDs(a.Link, b.Link)) })
	return out, nil
}

// Leaked reports whether the server revoked this link because its secret leaked.
func (l *Links) Leaked(id policies.LinkID) (bool, error) {
	f, err := l.family(id)
	return err == nil && f.LinkLeaked(id), err
}
