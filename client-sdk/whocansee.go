package attune

import (
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Sight is by what somebody can see something of a family.
type Sight string

// The ways.
const (
	ByTeam       Sight = "team"       // holds the family's key
	ByList       Sight = "list"       // a viewer, with a key for each clip
	ByLink       Sight = "link"       // a carer, with a link that opens
	ByForms      Sight = "forms"      // an IG officer: consent forms, never film
	ByCustodians Sight = "custodians" // any two of three together, for law or safety
)

// Seer is one line of who can see.
type Seer struct {
	By      Sight            `json:"by"`
	Name    string           `json:"name"` // a member of staff, or what the family calls a carer; "" for custodians
	Outside bool             `json:"outside"`
	Purpose policies.Purpose `json:"purpose"` // of a viewer
	Until   time.Time        `json:"until"`   // zero: for as long as they belong to the team, or hold the office
	Clips   int              `json:"clips"`   // that they can watch now
	Waiting int              `json:"waiting"` // that they may watch, once a device of the team has written a key
}

// CanSee is who can see what of a family, as it stands on this device.
type CanSee struct {
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Clips     int               `json:"clips"`  // whose film has arrived
	Usable    int               `json:"usable"` // of those: that the family and the head of service let be used now
	Seers     []Seer            `json:"seers"`
	Lines     []string          `json:"lines"` // the same by role, as it is read to the family
	Shown     Shown             `json:"shown"` // what was read to them when the last form was signed
}

// WhoCanSee says who can see what of a family now. It is worked out from the keys
// and permissions that are there, and from nothing that anybody wrote down: what a
// family is told and what is true cannot differ.
//
// Source: NICE NG26, concerns about filming (b): who could view the video, and when;
// Caldicott principle 8.
func (fs *Families) WhoCanSee(id policies.FamilyID) (CanSee, error) {
	v, err := fs.Show(id)
	if err != nil {
		return CanSee{}, err
	}
	f, err := fs.d.mirror.provisional(id)
	if err != nil {
		return CanSee{}, err
	}
	out := CanSee{Family: id, Reference: v.Reference, Seers: []Seer{}}
	usable := fs.usable(f)
	for _, c := range v.Clips {
		if !c.Stored.IsZero() {
			out.Clips++
		}
	}
	out.Usable = len(usable)
	for _, m := range v.Team {
		if m.State == Confirmed {
			out.Seers = append(out.Seers, Seer{By: ByTeam, Name: m.Name, Outside: m.Outside, Clips: out.Usable})
		}
	}
	for _, e := range v.Viewers {
		if e.State == policies.ListingOpen {
			out.Seers = append(out.Seers, Seer{By: ByList, Name: e.Name, Outside: e.Outside, Purpose: e.Purpose,
				Until: e.Until.Time(), Clips: len(e.Clips), Waiting: len(e.Waiting)})
		}
	}
	out.Seers = append(out.Seers, carers(v, usable)...)
	officers, err := fs.officers()
	out.Seers = append(append(out.Seers, officers...), Seer{By: ByCustodians, Clips: out.Clips})
	if err != nil {
		return out, err
	}
	return out, fs.byRole(f, &out)
}

// byRole adds what a family is told, and how it differs from what they were told.
func (fs *Families) byRole(f *policies.Family, out *CanSee) error {
	org, err := fs.d.mirror.provisionalOrg()
	if err != nil {
		return err
	}
	pack, err := fs.d.figures()
	if err != nil {
		return err
	}
	out.Lines = f.Sight(org, pack, policies.At(fs.d.now()))
	out.Shown, err = fs.shown(f, out.Lines)
	return err
}

// usable are the clips that may be used in the work with the family now.
func (fs *Families) usable(f *policies.Family) (out []policies.ClipID) {
	now, org := policies.At(fs.d.now()), fs.d.mirror.Org()
	for id, c := range f.Clips {
		if !c.Stored.IsZero() && f.FilmPermitted(org, id, now) && len(f.ClipConsented(id, policies.FilmAndUse, now)) == 0 {
			out = append(out, id)
		}
	}
	return out
}

// carers are those with a link that opens now.
func carers(v FamilyView, usable []policies.ClipID) (out []Seer) {
	label := map[policies.PersonID]string{}
	for _, p := range v.People {
		label[p.ID] = p.Label
	}
	for _, l := range v.Links {
		if l.State == policies.LinkOpen && slices.Contains(usable, l.Clip) {
			out = append(out, Seer{By: ByLink, Name: label[l.Person], Until: l.Expires.Time(), Clips: 1})
		}
	}
	return out
}

// officers are the IG officers, who read every form.
func (fs *Families) officers() (out []Seer, err error) {
	staff, err := (&Staff{fs.d}).List()
	for _, m := range staff {
		if m.Role == policies.IGOfficer && m.State == Confirmed {
			out = append(out, Seer{By: ByForms, Name: m.Name})
		}
	}
	return out, err
}
