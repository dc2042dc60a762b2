package policies_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// nth is an invented identifier.
func nth[Noun any](n int) (id policies.ID[Noun]) {
	binary.BigEndian.PutUint64(id[:], uint64(n+1))
	return id
}

// fill puts n invented things into a map that may be nil.
func fill[Noun, T any](m *map[policies.ID[Noun]]*T, n int, thing func() *T) {
	*m = map[policies.ID[Noun]]*T{}
	for i := range n {
		(*m)[nth[Noun](i)] = thing()
	}
}

func blank[T any]() *T { return new(T) }

// TestRoom: each thing has its bound; one below it there is room.
func TestRoom(t *testing.T) {
	w := policiestest.NewFilmed()
	sam := policies.Author{Signer: policies.SignDevice, Staff: w.Staff["ann"].ID}
	for name, c := range map[string]struct {
		kind policies.Kind
		body policies.Body
		most int
		fill func(f *policies.Family, n int)
	}{
		"People":   {"person.add", &policies.PersonAdd{}, policies.MaxFamilyPeople, func(f *policies.Family, n int) { fill(&f.People, n, blank[policies.Person]) }},
		"Sessions": {"session.log", &policies.SessionLog{}, policies.MaxFamilySessions, func(f *policies.Family, n int) { fill(&f.Sessions, n, blank[policies.Session]) }},
		"Clips":    {"clip.add", &policies.ClipAdd{}, policies.MaxFamilyClips, func(f *policies.Family, n int) { fill(&f.Clips, n, blank[policies.Clip]) }},
		"ClipsOfOne": {"clip.add", &policies.ClipAdd{}, policies.MaxClipsEach, func(f *policies.Family, n int) {
			fill(&f.Clips, n, func() *policies.Clip { return &policies.Clip{By: sam.Staff} })
		}},
		"Links":      {"link.create", &policies.LinkCreate{}, policies.MaxFamilyLinks, func(f *policies.Family, n int) { fill(&f.Links, n, blank[policies.Link]) }},
		"Forms":      {"consent.sign", &policies.ConsentSign{}, policies.MaxFamilyForms, func(f *policies.Family, n int) { fill(&f.Consents, n, blank[policies.Consent]) }},
		"Viewers":    {"viewer.add", &policies.ViewerAdd{}, policies.MaxFamilyViewers, func(f *policies.Family, n int) { fill(&f.Viewers, n, blank[policies.Listing]) }},
		"Approvals":  {"approval.request", &policies.ApprovalRequest{}, policies.MaxFamilyMatters, func(f *policies.Family, n int) { fill(&f.Approvals, n, blank[policies.Approval]) }},
		"Cases":      {"case.change", &policies.CaseChange{}, policies.MaxFamilyMatters, func(f *policies.Family, n int) { fill(&f.Cases, n, blank[policies.CaseState]) }},
		"Covers":     {"cover.authorise", &policies.CoverAuthorise{}, policies.MaxFamilyMatters, func(f *policies.Family, n int) { fill(&f.Covers, n, blank[policies.Cover]) }},
		"Recoveries": {"recovery.use", &policies.RecoveryUse{}, policies.MaxFamilyMatters, func(f *policies.Family, n int) { fill(&f.Recoveries, n, blank[policies.Recovery]) }},
		"Glass":      {"breakglass.open", &policies.BreakglassOpen{}, policies.MaxFamilyMatters, func(f *policies.Family, n int) { fill(&f.Glass, n, blank[policies.Glass]) }},
		"Team": {"team.add", &policies.TeamAdd{}, policies.MaxFamilyTeam, func(f *policies.Family, n int) {
			f.Team = map[policies.StaffID]*policies.TeamMember{sam.Staff: {Added: make([]policies.Grant, n)}}
		}},
		"TurnsOfOne": {"key.turn", &policies.KeyTurn{}, policies.MaxTurnsEach, func(f *policies.Family, n int) {
			fill(&f.Turns, n, func() *policies.Turn { return &policies.Turn{By: sam.Staff} })
		}},
		"Annotations": {"clip.annotate", &policies.ClipAnnotate{}, policies.MaxFamilyStated, func(f *policies.Family, n int) { f.Count = int64(n) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := policies.Statement{Kind: c.kind, Body: c.body}
			f := w.Family.Clone()
			if c.fill(f, c.most); !errors.Is(f.Room(s, sam), policies.ErrRoom) {
				t.Errorf("%d of %d: %v, want no room", c.most, c.most, f.Room(s, sam))
			}
			if c.fill(f, c.most-1); f.Room(s, sam) != nil {
				t.Errorf("%d of %d: %v, want room", c.most-1, c.most, f.Room(s, sam))
			}
		})
	}
}

// TestAlwaysRoom: nothing fills a record so that it could not be stopped, or its key not
// be turned by somebody else once who turned it too often has left.
func TestAlwaysRoom(t *testing.T) {
	w := policiestest.NewFilmed()
	f := w.Family.Clone()
	f.Count = 1 << 40
	gone := w.Staff["ann"].ID
	fill(&f.Turns, 10*policies.MaxTurnsEach, func() *policies.Turn { return &policies.Turn{By: gone} })
	for _, row := range policies.Kinds() {
		s := policies.Statement{Kind: row.Kind, Body: row.New()}
		err := f.Room(s, policies.Author{Signer: policies.SignDevice, Staff: policies.StaffID{9}})
		if wants := row.Restriction || row.Kind == "key.turn" || row.Kind == "key.wrap"; (err == nil) != wants {
			t.Errorf("%s: %v, room wanted: %t", row.Kind, err, wants)
		}
	}
	if err := f.Room(policies.Statement{Kind: "clip.stored", Body: &policies.ClipStored{}}, policies.Author{Signer: policies.SignServer}); err != nil {
		t.Errorf("the server cannot sign for film: %v", err)
	}
}

// TestEnoughHeld: the sixteenth hold of one thing is the last while they stand, and no
// other is turned away for them.
func TestEnoughHeld(t *testing.T) {
	w := policiestest.NewFilmed()
	f, now := w.Family.Clone(), w.Now
	place := &policies.HoldPlace{Kind: "police"}
	for i := range policies.MaxStanding {
		if f.EnoughHeld(place, now) {
			t.Fatalf("enough after %d", i)
		}
		f.Holds[nth[policies.Statement](i)] = &policies.Hold{Clips: []policies.ClipID{}, Kind: "police"}
	}
	if !f.EnoughHeld(place, now) {
		t.Error("not enough yet")
	}
	if f.EnoughHeld(&policies.HoldPlace{Kind: "court"}, now) {
		t.Error("another kind of hold is turned away")
	}
}
