package policies_test

import (
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestViewerChangesSeat: a viewer who is taken on the team, and who leaves it while
// still on the list, receives the record all the time and not the same of it: both
// begin anew.
func TestViewerChangesSeat(t *testing.T) {
	w := policiestest.NewFilmed()
	who := w.Staff["outsider"].ID
	ch, err := w.Accept(w.ByDefault("ann", "viewer.add", w.ListingBody("outsider")))
	if err != nil || len(ch.Joined) != 1 {
		t.Fatalf("viewer.add: %+v, %v, want one to join", ch, err)
	}
	own, family := "key/"+who.String(), policies.HeaderFor(w.Family.Recipient)
	holds := func(team bool) {
		t.Helper()
		for name, want := range map[string]bool{own: team, family: team, "title": true, policies.HeaderFor(policiestest.Recipient("outsider")): true} {
			kind := policies.Kind("clip.add")
			if name == own {
				kind = "team.add"
			}
			if got := policies.MayReceive(w.Org, w.Family, who, kind, name, w.Now); got != want {
				t.Errorf("on the team %v: may receive %s = %v, want %v", team, name, got, want)
			}
		}
	}
	holds(false)
	for _, s := range []struct {
		kind policies.Kind
		body policies.Body
		team bool
	}{
		{"team.add", policies.TeamAdd{Staff: who}, true},
		{"team.remove", policies.TeamRemove{Staff: who}, false},
	} {
		ch, err := w.Accept(w.ByDefault("ann", s.kind, s.body))
		if err != nil || len(ch.Joined) != 1 || ch.Joined[0] != who || len(ch.Left) != 0 {
			t.Errorf("%s: %+v, %v, want them to begin anew", s.kind, ch, err)
		}
		holds(s.team)
	}
	if ch, err = w.Accept(w.ByDefault("ann", "viewer.remove", policies.ViewerRemove{Staff: who})); err != nil || len(ch.Left) != 1 {
		t.Errorf("viewer.remove: %+v, %v, want them to leave", ch, err)
	}
}
