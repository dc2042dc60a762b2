package attune

import (
	"maps"
	"slices"

	"github.com/attune-vf/attune/policies"
)

// Leaving is what there is to see to when somebody leaves, as this device knows it: it
// tells of the families whose records it has.
type Leaving struct {
	Devices []DeviceView `json:"devices"` // to be collected and wiped
	Alone   []LeftFamily `json:"alone"`   // families whose team has one person left, or none
	Team    []LeftFamily `json:"team"`    // families of whose team they are: the key turns at a colleague's next sync
	Viewing []LeftFamily `json:"viewing"` // families on whose viewer list they stand
	Links   []LeftLink   `json:"links"`   // that they made and that stay open
}

// LeftFamily is a family that somebody leaves.
type LeftFamily struct {
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Left      int               `json:"left"` // of the team, still certified
}

// LeftLink is a link that stays open when its author leaves.
type LeftLink struct {
	Link      policies.LinkID `json:"link"`
	Reference string          `json:"reference"` // of the family
}

// Leaving lists what follows when a person is revoked. It can be asked before or after.
func (s *Staff) Leaving(who policies.StaffID) (l Leaving, err error) {
	l = Leaving{Alone: []LeftFamily{}, Team: []LeftFamily{}, Viewing: []LeftFamily{}, Links: []LeftLink{}, Devices: []DeviceView{}}
	org, err := s.d.mirror.provisionalOrg()
	if err != nil {
		return l, err
	}
	devices, err := (&Devices{s.d}).List(who)
	if err != nil {
		return l, err
	}
	for _, d := range devices {
		if until := org.Devices[d.ID]; until.Revoked.IsZero() {
			l.Devices = append(l.Devices, d)
		}
	}
	all, err := s.d.mirror.allProvisional()
	if err != nil {
		return l, err
	}
	for _, id := range slices.SortedFunc(maps.Keys(all), compareIDs) {
		now := policies.At(s.d.now())
		l.family(org, all[id], who, now)
		if err := s.openLinks(&l, org, all[id], who, now); err != nil {
			return l, err
		}
	}
	return l, nil
}

// openLinks lists the links of a family that a person made and that stay open: a carer
// goes on watching, and a colleague may want to give them their own name to ring.
func (s *Staff) openLinks(l *Leaving, org *policies.Org, f *policies.Family, who policies.StaffID, now policies.Micros) error {
	for _, id := range slices.SortedFunc(maps.Keys(f.Links), compareIDs) {
		if f.LinkState(id, now) != policies.LinkOpen {
			continue
		}
		made, err := s.d.shelf.statement(policies.StatementID(id))
		if err != nil {
			return err
		}
		if by, _ := org.Signer(made.Signer); by.Staff == who {
			l.Links = append(l.Links, LeftLink{id, f.Reference})
		}
	}
	return nil
}

func (l *Leaving) family(org *policies.Org, f *policies.Family, who policies.StaffID, now policies.Micros) {
	here := LeftFamily{Family: f.ID, Reference: f.Reference}
	for id := range f.Team {
		if id != who && f.OnTeam(id) && org.Staff[id].Active(now) {
			here.Left++
		}
	}
	if f.OnTeam(who) {
		l.Team = append(l.Team, here)
		if here.Left < 2 {
			l.Alone = append(l.Alone, here)
		}
	}
	for _, e := range f.Listings() {
		if state := f.ListingState(org, e, now); e.Staff == who && (state == policies.ListingOpen || state == policies.ListingWaits) {
			l.Viewing = append(l.Viewing, here)
			break
		}
	}
}
