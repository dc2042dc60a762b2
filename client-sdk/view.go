package attune

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/attune-vf/attune/policies"
)

// FamilyView is a family as this device knows it, with what is not yet at the
// server folded in.
type FamilyView struct {
	ID        policies.FamilyID  `json:"id"`
	Reference string             `json:"reference"`
	Programme policies.Programme `json:"programme"`
	Team      []Member           `json:"team"`
	People    []PersonView       `json:"people"`
	Approvals []ApprovalView     `json:"approvals"`
	Consents  []ConsentView      `json:"consents"`
	Sessions  []policies.Session `json:"sessions"`
	Clips     []ClipView         `json:"clips"`
	Links     []LinkView         `json:"links"`
	Viewers   []ViewerEntry      `json:"viewers"`
	Waiting   int                `json:"waiting"` // statements not yet accepted by the server
	StopAsked []StopAsked        `json:"stop_asked"`
	Objected  []ObjectionView    `json:"objected"`
	Locks     []Lock             `json:"locks"`    // one at most
	Watches   bool               `json:"watches"`  // this person is no member of the team and no desk of the service, but a viewer
	Warnings  []string           `json:"warnings"` // what somebody should see to
}

// PersonView is somebody in the family's film. Label is "" without the key.
type PersonView struct {
	policies.Person
	Label string `json:"label"`
}

// List is every family on this device, by reference.
func (fs *Families) List() ([]FamilyView, error) {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []FamilyView{}
	for id := range all {
		v, err := fs.Show(id)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b FamilyView) int { return cmp.Compare(a.Reference, b.Reference) })
	return out, nil
}

// Show is one family.
func (fs *Families) Show(id policies.FamilyID) (FamilyView, error) {
	f, err := fs.d.mirror.provisional(id)
	if err != nil {
		return FamilyView{}, err
	}
	order, err := fs.d.shelf.order(policies.RecordID(id))
	if err != nil {
		return FamilyView{}, err
	}
	v := FamilyView{ID: id, Reference: f.Reference, Programme: f.Programme}
	if v.Team, err = fs.team(f, order); err != nil {
		return v, err
	}
	keys, keyErr := fs.d.keys.family(id)
	if keyErr != nil && CodeOf(keyErr) != CodeNoKey && CodeOf(keyErr) != CodeFamilyKey && CodeOf(keyErr) != CodeWithheld {
		return v, keyErr
	}
	for _, p := range sortedBy(f.People, order) {
		pv := PersonView{Person: *f.People[p]}
		if keyErr == nil {
			pv.Label = fs.d.shelf.label(p, keys)
		}
		v.People = append(v.People, pv)
	}
	for _, s := range sortedBy(f.Sessions, order) {
		if f.Sessions[s].Number > 0 { // else it only stands for something hidden, see foldFamily
			v.Sessions = append(v.Sessions, *f.Sessions[s])
		}
	}
	v.StopAsked, v.Objected = stopsAsked(f, v.People), objections(f, v.People)
	if v.Approvals, err = (&Approvals{fs.d}).ofFamily(f, order); err != nil {
		return v, err
	}
	v.Consents = consentViews(f, order, policies.At(fs.d.now()))
	v.Links = linkViews(f, order, policies.At(fs.d.now()))
	if v.Viewers, err = (&Viewers{fs.d}).entries(f); err != nil {
		return v, err
	}
	if !f.OnTeam(fs.d.me.Staff) { // a viewer opens clips, and nothing else, with their own key
		if keys, err = fs.d.keys.clips(f); err != nil {
			return v, err
		}
	}
	if v.Clips, err = clipViews(fs.d, f, order, keys); err != nil {
		return v, err
	}
	if v.Watches = fs.watches(f); !v.Watches { // what a team should see to is nothing to a viewer
		if _, ok := keys.inForce(f); keyErr == nil && !ok && f.OnTeam(fs.d.me.Staff) {
			_, _, keyErr = fs.d.keys.key(f)
		}
		v.Warnings = append(warnings(f, v, keyErr), fs.reviewsDue(f)...)
	}
	v.Locks = fs.locks(f)
	v.Waiting, err = fs.waiting(id)
	return v, err
}

// watches: of those who receive a record the team and the desks do so by their part
// in it; everybody else is a viewer.
func (fs *Families) watches(f *policies.Family) bool {
	org := fs.d.mirror.Org()
	return org != nil && !f.OnTeam(fs.d.me.Staff) && !slices.Contains(org.Desks(policies.At(fs.d.now())), fs.d.me.Staff)
}

func (fs *Families) team(f *policies.Family, order map[string]int) ([]Member, error) {
	org, err := fs.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	var out []Member
	for _, id := range slices.SortedFunc(maps.Keys(f.Team), compareIDs) {
		if !f.TeamAt(id, policies.At(fs.d.now())) || org.Staff[id] == nil {
			continue
		}
		m, err := (&Staff{fs.d}).member(org, id)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (fs *Families) waiting(id policies.FamilyID) (n int, err error) {
	err = fs.d.store.db.QueryRow(`SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND (record = $1 OR id = $1)`, id.String()).Scan(&n)
	return n, err
}

// warnings are about what would hurt later: a family with one practitioner is
// alone when that person is ill. A key that is not the family's is one too, and no
// error: it opens nothing, and must not hide every other family.
func warnings(f *policies.Family, v FamilyView, keyErr error) (out []string) {
	if len(v.Team) < 2 {
		out = append(out, "Only one practitioner is on this family's team; add a second, so that cover needs no custodians.")
	}
	var e *Error
	if errors.As(keyErr, &e) && (e.Code == CodeFamilyKey || e.Code == CodeWithheld) {
		out = append(out, e.Message+" "+e.Next)
	} else if keyErr != nil && mine(v.Team) {
		out = append(out, "This device holds no key for this family: film, titles and notes cannot be opened here.")
	}
	for _, c := range v.Clips {
		if !c.Key && keyErr == nil && mine(v.Team) {
			out = append(out, fmt.Sprintf("Clip %s waits for a practitioner's device: the one that added it gives its key to the team when it next syncs.", c.ID.Short()))
		}
		if c.Source == policies.SourceUnknown && c.Mine {
			out = append(out, fmt.Sprintf("Nobody has said what becomes of the original of clip %s.", c.ID.Short()))
		}
	}
	return out
}

// mine: the desks of a service hold no family's key, and need no warning.
func mine(team []Member) bool {
	return slices.ContainsFunc(team, func(m Member) bool { return m.Me })
}

func sortedBy[Noun, V any](m map[policies.ID[Noun]]V, order map[string]int) []policies.ID[Noun] {
	ids := slices.Collect(maps.Keys(m))
	slices.SortFunc(ids, func(a, b policies.ID[Noun]) int {
		return cmp.Or(cmp.Compare(order[a.String()], order[b.String()]), compareIDs(a, b))
	})
	return ids
}

func compareIDs[Noun any](a, b policies.ID[Noun]) int { return slices.Compare(a[:], b[:]) }
