package policies_test

import (
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestDormant: the team is asked after 60 days without film or form, the head of service
// too after 90, and nobody once the end of the work is recorded, or it went on.
func TestDormant(t *testing.T) {
	w := policiestest.NewFilmed()
	for _, c := range []struct {
		days int
		want []policies.Role
	}{
		{60, nil},
		{61, []policies.Role{policies.Practitioner}},
		{90, []policies.Role{policies.Practitioner}},
		{91, []policies.Role{policies.Practitioner, policies.HeadOfService}},
	} {
		w.Now = policiestest.Start + policiestest.Day(c.days)
		got := matters(w, policies.DormantFamily)
		if len(got) != min(len(c.want), 1) || len(got) == 1 && !slices.Equal(got[0].For, c.want) {
			t.Errorf("after %d days: %+v, want for %v", c.days, got, c.want)
		}
	}
	w.Do("ann", "family.close", policies.FamilyClose{EndedOn: "2026-05-01"})
	if got := matters(w, policies.DormantFamily); len(got) > 0 {
		t.Errorf("ended, and asked about: %+v", got)
	}
	w.Now += policiestest.Day(1)
	w.Do("ann", "consent.sign", w.ConsentBody())
	w.Now += policiestest.Day(61)
	if got := matters(w, policies.DormantFamily); len(got) != 1 {
		t.Errorf("it went on, ended again without a word, and nobody is asked: %+v", got)
	}
}
