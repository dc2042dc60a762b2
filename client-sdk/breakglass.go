package attune

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// BreakGlass opens film against somebody's will, to one person of the family's team,
// for hours: when somebody may be in danger, or a court asks. Every opening stands on
// the IG officers' list until one of them has looked at it.
type BreakGlass struct{ d *desk }

// OpenGlass is what a head of service, or their deputy, opens and why.
type OpenGlass struct {
	Family   policies.FamilyID
	Clips    []policies.ClipID
	For      policies.StaffID // somebody else, of the family's team
	Category policies.GlassCategory
	Hours    int    // the service's figure when 0, which is the most
	Reason   string // why, in words: sealed to the IG officers and the family's team
}

// GlassView is one opening as this device knows it.
type GlassView struct {
	policies.Glass
	Family    policies.FamilyID   `json:"family"`
	Reference string              `json:"reference"`
	ByName    string              `json:"by_name"`
	ForName   string              `json:"for_name"`
	State     policies.GlassState `json:"state"`
	Reviewed  bool                `json:"reviewed"` // an IG officer has looked at it
	Mine      bool                `json:"mine"`     // this person is to watch
}

// A reason is a sentence that somebody else can judge.
const (
	minReason = 15
	maxReason = 4000
)

// Open breaks the glass. The server asks again, and has the last word.
func (b *BreakGlass) Open(in OpenGlass) (policies.GlassID, time.Time, error) {
	none := time.Time{}
	pack, err := b.d.figures()
	if err != nil {
		return policies.GlassID{}, none, err
	}
	most := pack.Clocks.Breakglass.Value
	if in.Hours == 0 {
		in.Hours = most
	}
	if in.Hours < 1 || in.Hours > most {
		return policies.GlassID{}, none, problem(CodeInput, "Choose fewer hours; it can be opened again.", "The glass is broken for 1 to %d hours here.", most)
	}
	if err := b.mayOpen(in); err != nil {
		return policies.GlassID{}, none, err
	}
	to, err := (&Consents{b.d}).readers(in.Family)
	if err != nil {
		return policies.GlassID{}, none, err
	}
	sealed, err := seal.Seal([]byte(strings.TrimSpace(in.Reason)), to...)
	if err != nil {
		return policies.GlassID{}, none, err
	}
	until := b.d.now().Add(time.Duration(in.Hours) * time.Hour)
	reason := wire.Attachment{Name: "reason", Body: sealed}
	body := policies.BreakglassOpen{Clips: in.Clips, For: in.For, Category: in.Category, Until: policies.At(until), Fixed: fixed(reason)}
	s, err := b.d.outbox.file(draft{policies.RecordID(in.Family), "breakglass.open", body, []wire.Attachment{reason}})
	return policies.GlassID(s.ID), until, err
}

// mayOpen gives the reasons that this device can know.
func (b *BreakGlass) mayOpen(in OpenGlass) error {
	org, f, err := b.d.provisional(in.Family)
	if err != nil {
		return err
	}
	switch n := len(strings.TrimSpace(in.Reason)); {
	case n < minReason || n > maxReason:
		return problem(CodeInput, "Say in a sentence or two who is in danger, or which court asks.", "The reason has %d to %d letters.", minReason, maxReason)
	case in.For == b.d.me.Staff:
		return denied("BREAKGLASS-OTHER", "Name somebody else of the family's team.", "Nobody breaks the glass for themselves.")
	case !f.TeamAt(in.For, policies.At(b.d.now())):
		return denied("BREAKGLASS-TEAM", "Have the family's practitioner add them to the team first, or name somebody who is on it.",
			"Only somebody of the family's team can watch.")
	case !org.HasOfficer(policies.At(b.d.now())):
		return denied("BREAKGLASS-TOLD", "Have a registrar confirm an information governance officer, then sync.", "There is nobody who could be told.")
	}
	return nil
}

// Close ends an opening. By an IG officer it also says that they have looked at it,
// and takes it off their list; also when its hours are over.
func (b *BreakGlass) Close(family policies.FamilyID, id policies.GlassID) error {
	_, err := b.d.outbox.file(draft{policies.RecordID(family), "breakglass.close", policies.BreakglassClose{Glass: id}, nil})
	return err
}

// List is every opening that this device knows of, the oldest first.
func (b *BreakGlass) List() ([]GlassView, error) {
	all, err := b.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []GlassView{}
	for _, f := range all {
		if len(f.Glass) == 0 || (&Families{b.d}).watches(f) {
			continue
		}
		views, err := b.views(f)
		if err != nil {
			return nil, err
		}
		out = append(out, views...)
	}
	slices.SortFunc(out, func(x, y GlassView) int { return cmp.Or(cmp.Compare(x.At, y.At), compareIDs(x.ID, y.ID)) })
	return out, nil
}

func (b *BreakGlass) views(f *policies.Family) (out []GlassView, err error) {
	org, err := b.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	name := func(who policies.StaffID) string {
		if org.Staff[who] == nil || err != nil {
			return ""
		}
		var m Member
		m, err = (&Staff{b.d}).member(org, who)
		return m.Name
	}
	for _, g := range f.Glasses() {
		out = append(out, GlassView{
			Glass: g, Family: f.ID, Reference: f.Reference, ByName: name(g.By), ForName: name(g.For),
			State: f.GlassState(g.ID, policies.At(b.d.now())), Reviewed: f.GlassReviewed(g.ID), Mine: g.For == b.d.me.Staff,
		})
	}
	return out, err
}

// Waiting is what waits for this person: for an IG officer every opening that none of
// them has looked at, and for whoever is to watch what is open now.
func (b *BreakGlass) Waiting() ([]GlassView, error) {
	all, err := b.List()
	org := b.d.mirror.Org()
	if err != nil || org == nil {
		return []GlassView{}, err
	}
	me := org.Staff[b.d.me.Staff]
	officer := me != nil && me.Role == policies.IGOfficer
	return slices.DeleteFunc(all, func(v GlassView) bool {
		return !(officer && !v.Reviewed || v.Mine && v.State == policies.GlassOpen)
	}), nil
}

// Find is the opening that a number, or the beginning of one, means.
func (b *BreakGlass) Find(text string) (GlassView, error) {
	all, err := b.List()
	if err != nil {
		return GlassView{}, err
	}
	var ids []policies.GlassID
	for _, v := range all {
		ids = append(ids, v.ID)
	}
	id, err := pick("broken glass", text, ids)
	if err != nil {
		return GlassView{}, err
	}
	return all[slices.Index(ids, id)], nil
}

// Reason opens the reason of an opening, for an IG officer and the family's team.
func (b *BreakGlass) Reason(v GlassView) (string, error) {
	sealed, err := b.d.shelf.fixed(policies.StatementID(v.ID), "reason")
	if err != nil {
		return "", err
	}
	if sealed == nil {
		return "", problem(CodeUnknown, "It is for the IG officer and the family's team; sync, if you are one of them.", "The reason is not on this device.")
	}
	with := b.d.keys.identities()
	if key, err := b.d.keys.family(v.Family); err == nil {
		with = append(with, key...)
	}
	text, err := seal.Open(sealed, with...)
	if err != nil {
		return "", problem(CodeNoKey, "Ask the IG officer.", "This reason is not sealed to you.").because(err)
	}
	return string(text), nil
}
