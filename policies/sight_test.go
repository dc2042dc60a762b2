package policies_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func sightPack() policies.Pack {
	return policies.Pack{Scheme: []policies.PurposeRule{
		{Purpose: policies.FilmAndUse, Viewers: []policies.Audience{policies.ForTeam}},
		{Purpose: policies.Supervision, Viewers: []policies.Audience{policies.ForSupervisor}},
		{Purpose: policies.TrainingEvent, Viewers: []policies.Audience{policies.ForEvent}, Separate: true},
		{Purpose: policies.FamilyCopy, Viewers: []policies.Audience{policies.ForCarer}},
	}}
}

// TestSight: each change that a family would want to know of changes a line, and
// nothing in them names anybody.
func TestSight(t *testing.T) {
	w := policiestest.NewFilmed()
	pack := sightPack()
	before := w.Family.Sight(w.Org, pack, w.Now)
	step := func(what, gone, came string) {
		t.Helper()
		after := w.Family.Sight(w.Org, pack, w.Now)
		has := func(list []string, text string) bool {
			return slices.ContainsFunc(list, func(l string) bool { return strings.Contains(l, text) })
		}
		if gone != "" && (!has(before, gone) || has(after, gone)) {
			t.Errorf("%s: %q is not what ended:\n%s\nthen\n%s", what, gone, strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		if came != "" && (has(before, came) || !has(after, came)) {
			t.Errorf("%s: %q is not what came:\n%s\nthen\n%s", what, came, strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		before = after
	}
	if want := "For supervision: a supervisor of another organisation, until 1 April 2026."; !slices.Contains(before, want) {
		t.Errorf("lines = %q, want %q among them", before, want)
	}
	w.Do("head", "team.remove", policies.TeamRemove{Staff: w.Staff["bea"].ID})
	for _, want := range []string{
		"Two of the three key holders together can open it, when nobody of the team can or a court orders it. We tell you, unless that is unsafe.",
		"In danger, or for a court, the police or a review of serious harm, one worker of the team may watch for some hours, whatever you said.",
	} {
		if !slices.Contains(before, want) {
			t.Errorf("lines = %q, want %q among them", before, want)
		}
	}
	step("one leaves the team", "family, 2 people", "family, 1 person")
	w.Do("ann", "consent.sign", separate(w, true, policies.TrainingEvent))
	step("a training event", "", "For training event: the people at the event that you agreed to.")
	w.Do("ann", "consent.withdraw", partly(w, policies.FamilyCopy))
	step("one of two wants no copies", "For family copy: you.", "For family copy: you; only film in which everybody agreed to this.")
	w.Do("ann", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Mum, w.Kid}, Purposes: []policies.Purpose{policies.Supervision}, Channel: policies.ByPhone})
	step("no supervision any more", "For supervision", "")
	form := w.ConsentBody() // a new form answers all that was withdrawn
	form.Viewers = append(form.Viewers, policies.NamedViewer{Staff: w.Staff["sup"].ID, Purpose: policies.FilmAndUse, Until: form.Until})
	w.Do("ann", "consent.sign", form)
	step("somebody is named for the work itself", "", "For film and use, also: a supervisor of another organisation, until 2 March 2027.")
	w.Do("ann", "consent.withdraw", policies.ConsentWithdraw{People: []policies.PersonID{w.Mum, w.Kid}, Channel: policies.ByPhone})
	step("nothing any more", "they may watch while we work", "Nobody may watch now")
}
