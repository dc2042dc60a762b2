package attune

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Decisions is what waits for people, and what they decide about it.
type Decisions struct{ d *desk }

// MatterView is one thing that waits for a person.
type MatterView struct {
	Kind      policies.MatterKind `json:"kind"`
	Of        string              `json:"of"`        // its id
	Family    policies.FamilyID   `json:"family"`    // zero for what is about the organisation
	Reference string              `json:"reference"` // "" for that too
	Since     time.Time           `json:"since"`
	Due       time.Time           `json:"due"` // the zero time where no deadline is known
	Overdue   bool                `json:"overdue"`
	For       []policies.Role     `json:"for"`
	Mine      bool                `json:"mine"` // on this person's desk
	Text      string              `json:"text"`
	Do        string              `json:"do"`
}

// Matters lists what waits in every record on this device, the most urgent first.
func (s *Decisions) Matters() ([]MatterView, error) {
	out := []MatterView{}
	org := s.d.mirror.Org()
	if org == nil {
		return out, nil // has not met the service yet: nothing waits here
	}
	pack, err := s.d.figures()
	if err != nil {
		return nil, err
	}
	all, err := s.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	now := policies.At(s.d.now())
	for _, f := range all {
		for _, m := range f.Matters(org, pack, now) {
			v := matterView(m, now)
			v.Family, v.Reference, v.Mine = f.ID, f.Reference, s.waits(org, f, m, now)
			out = append(out, v)
		}
	}
	for _, m := range org.Matters(pack, now) {
		v := matterView(m, now)
		v.Mine = s.waits(org, nil, m, now)
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b MatterView) int {
		return cmp.Or(never(a.Due).Compare(never(b.Due)), a.Since.Compare(b.Since), cmp.Compare(a.Of, b.Of))
	})
	return out, nil
}

// never puts what has no deadline behind everything that has one.
func never(due time.Time) time.Time {
	if due.IsZero() {
		return policies.MaxInstant.Time()
	}
	return due
}

func matterView(m policies.Matter, now policies.Micros) MatterView {
	v := MatterView{Kind: m.Kind, Of: m.Of, Since: m.Since.Time(), Overdue: m.Overdue(now), For: m.For, Text: m.Text, Do: m.Do}
	if m.Due != 0 {
		v.Due = m.Due.Time()
	}
	return v
}

// waits reports whether a matter is on this person's desk: by their role, where it is
// a practitioner's on the family's team, or as deputy in the place of a head of service.
func (s *Decisions) waits(org *policies.Org, f *policies.Family, m policies.Matter, now policies.Micros) bool {
	me := org.Staff[s.d.me.Staff]
	if me == nil {
		return false
	}
	if approval, ok := approvalOf(org, f, m); ok && approval == me.ID {
		return m.Kind == policies.ApprovalEnds // whose own it is asks anew, and decides nothing
	} else if f == nil && ok && m.Kind == policies.ApprovalEnds && me.Role == policies.Practitioner {
		return false
	}
	if m.Waits(policies.HeadOfService) && org.Deputises(me.ID, now) && (f == nil || !f.Worked(me.ID)) {
		return true
	}
	return m.Waits(me.Role) && (f == nil || me.Role != policies.Practitioner || f.OnTeam(me.ID))
}

// approvalOf is who asked for the approval that a matter is about; false for a matter
// about something else.
func approvalOf(org *policies.Org, f *policies.Family, m policies.Matter) (by policies.StaffID, ok bool) {
	var id policies.ApprovalID
	if m.Kind != policies.ApprovalWaits && m.Kind != policies.ApprovalEnds || id.UnmarshalText([]byte(m.Of)) != nil {
		return by, false
	}
	if f != nil && f.Approvals[id] != nil {
		return f.Approvals[id].By, true
	}
	if a := org.Approvals[id]; a != nil {
		return a.By, true
	}
	return by, false
}

// Make records what a head of service decided about an objection, a clip that met a
// stop on its way, or a withdrawal, and on what ground.
func (s *Decisions) Make(family policies.FamilyID, of policies.StatementID, outcome policies.Outcome, ground policies.Ground) error {
	f, err := s.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	can, recorded := f.Decidable(of)
	switch {
	case can == nil:
		return problem(CodeUnknown, "Sync, and look at what waits.", "There is nothing to decide about %s in family %s.", of.Short(), f.Reference)
	case !slices.Contains(can, outcome):
		return problem(CodeInput, "Choose one that fits what it is about.", "What can be decided here is %s.", wordList(can))
	case !slices.Contains(policies.GroundsFor(outcome), ground):
		return problem(CodeInput, "Choose one of these.", "This rests on %s.", wordList(policies.GroundsFor(outcome)))
	case recorded == s.d.me.Staff:
		return problem(CodeInput, "Ask the deputy head of service.", "Nobody decides on what they recorded themselves.")
	}
	_, err = s.d.outbox.file(draft{policies.RecordID(family), "decision.make", policies.DecisionMake{Of: of, Outcome: outcome, Ground: ground}, nil})
	return err
}

// Confirm records that this person made sure that a withdrawal came from the family.
// Nothing is destroyed by it now; it is one of the things that destroying takes.
func (s *Decisions) Confirm(family policies.FamilyID, of policies.StatementID, identity policies.Identity) error {
	f, err := s.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	switch stop := f.Stops[of]; {
	case stop == nil:
		return problem(CodeUnknown, "Sync, and look at what waits.", "There is no withdrawal %s in family %s.", of.Short(), f.Reference)
	case stop.By == s.d.me.Staff:
		return problem(CodeInput, "Ask a colleague of the team, or the head of service.", "Nobody confirms a withdrawal that they recorded themselves.")
	}
	_, err = s.d.outbox.file(draft{policies.RecordID(family), "disposal.authorise", policies.DisposalAuthorise{Of: of, Identity: identity}, nil})
	return err
}

// Find is what a number, or the beginning of one, means among what can be decided or
// confirmed in a family.
func (s *Decisions) Find(family policies.FamilyID, text string) (policies.StatementID, error) {
	f, err := s.d.mirror.provisional(family)
	if err != nil {
		return policies.StatementID{}, err
	}
	ids := slices.Concat(slices.Collect(maps.Keys(f.Objections)), slices.Collect(maps.Keys(f.Stops)))
	for id := range f.Clips {
		ids = append(ids, policies.StatementID(id))
	}
	return pick("matter", text, ids)
}

// wordList is words of a closed list as people read them.
func wordList[W ~string](list []W) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// DestinyView is what is to become of a clip's film.
type DestinyView struct {
	Clip    policies.ClipID  `json:"clip"`
	Title   string           `json:"title"` // "" without the key
	Destiny policies.Destiny `json:"destiny"`
	From    time.Time        `json:"from"` // the zero time where none is known
	Reasons []string         `json:"reasons"`
	Rules   []string         `json:"rules"` // one for each reason
}

// Destinies lists the clips of a family that somebody asked to be destroyed, with every
// reason for and against. Nothing is destroyed by it.
func (s *Decisions) Destinies(family policies.FamilyID) ([]DestinyView, error) {
	v, err := (&Families{s.d}).Show(family)
	if err != nil {
		return nil, err
	}
	f, err := s.d.mirror.provisional(family)
	if err != nil {
		return nil, err
	}
	pack, err := s.d.figures()
	if err != nil {
		return nil, err
	}
	org, err := s.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	out, now := []DestinyView{}, policies.At(s.d.now())
	for _, c := range v.Clips {
		d := f.Destruction(org, c.ID, pack, now)
		if d.Destiny == policies.DestinyNone {
			continue
		}
		view := DestinyView{Clip: c.ID, Title: c.Title, Destiny: d.Destiny, Reasons: []string{}, Rules: []string{}}
		if d.From != 0 {
			view.From = d.From.Time()
		}
		for _, r := range d.Reasons {
			view.Reasons, view.Rules = append(view.Reasons, r.Text), append(view.Rules, r.Rule)
		}
		out = append(out, view)
	}
	return out, nil
}
