package policies_test

import (
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestExposure: what somebody of the team, a viewer, one who left and a stranger could
// open, and nothing that was added afterwards.
func TestExposure(t *testing.T) {
	w := policiestest.NewFilmed()
	first := w.Now
	w.Now += policiestest.Day(1)
	w.Do("ann", "clip.add", w.ClipBody())
	w.Do("ann", "team.remove", policies.TeamRemove{Staff: w.Staff["bea"].ID})
	for _, c := range []struct {
		who   string
		at    policies.Micros
		team  bool
		clips int
	}{
		{"ann", first, true, 1},
		{"ann", w.Now, true, 2},
		{"bea", w.Now, true, 2}, // it is not known here whether she opened any before she left
		{"sup", w.Now, false, 2},
		{"sup", first - policiestest.Day(1), false, 0},
		{"outsider", w.Now, false, 0},
		{"head", w.Now, false, 0},
	} {
		if got := w.Family.ExposedTo(w.Staff[c.who].ID, c.at); got.Team != c.team || len(got.Clips) != c.clips {
			t.Errorf("%s: %+v, want team %v and %d clips", c.who, got, c.team, c.clips)
		}
	}
}
