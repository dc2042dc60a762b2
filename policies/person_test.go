package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestWhoMayDecide: worlds begin in March 2026.
func TestWhoMayDecide(t *testing.T) {
	for _, tt := range []struct {
		name     string
		role     policies.FilmRole
		born     string
		basis    policies.Basis
		possible bool
	}{
		{"AdultForThemselves", policies.Visitor, "", policies.Own, true},
		{"ToddlerAsAnAdult", policies.Child, "2024-03", policies.Own, false},
		{"ToddlerAsCompetent", policies.Child, "2024-03", policies.Competent, false},
		{"ElevenAsCompetent", policies.Sibling, "2014-04", policies.Competent, false},
		{"TwelveSinceLastMonth", policies.Sibling, "2014-01", policies.Competent, true},
		{"SeventeenAsAnAdult", policies.Carer, "2008-06", policies.Own, false},
		{"EighteenSinceLastMonth", policies.Carer, "2008-01", policies.Own, true},
		{"YoungCarerFoundCompetent", policies.Carer, "2009-06", policies.Competent, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			id := policies.PersonID(w.Do("ann", "person.add", policies.PersonAdd{Role: tt.role, Basis: tt.basis, Born: tt.born, Contact: policies.NoLink}))
			form := w.ConsentBody()
			form.People = []policies.Covered{{Person: id, By: id, Basis: tt.basis}}
			err := policies.Pack{}.Permits(w.Family, form, w.Now)
			if tt.possible != (err == nil) || err != nil && !errors.Is(err, policies.ErrNotPossible) {
				t.Errorf("consent = %v, want possible: %v", err, tt.possible)
			}
		})
	}
	t.Run("ChildForAnother", func(t *testing.T) {
		w := policiestest.NewFilmed()
		form := w.ConsentBody()
		form.People = []policies.Covered{{Person: w.Mum, By: w.Kid, Basis: policies.Delegated}}
		if err := (policies.Pack{}).Permits(w.Family, &form, w.Now); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("a toddler decides for the mother: %v", err)
		}
	})
	t.Run("BornNextYear", func(t *testing.T) {
		w := policiestest.NewFilmed()
		if _, err := w.InFamily("ann", "person.add", policies.PersonAdd{Role: policies.Child, Basis: policies.ParentalResponsibility, Born: "2027-01", Contact: policies.NoLink}); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("a child born next year: %v", err)
		}
	})
	t.Run("ChildWithoutABirthMonth", func(t *testing.T) {
		b := policies.PersonAdd{Role: policies.Child, Basis: policies.ParentalResponsibility, Contact: policies.NoLink}
		if b.Check() == nil {
			t.Error("a child without a birth month was taken")
		}
	})
}
