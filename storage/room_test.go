package storage_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// TestFullRecord: the record takes so many people and no more, in one batch or after it;
// it can still be stopped, and nothing else is turned away.
func TestFullRecord(t *testing.T) {
	w := open(t)
	family := w.Open("NF-2041")
	there := len(w.FamilyState(family.ID).People)
	var batch []storage.Sealed
	for range policies.MaxFamilyPeople - there + 1 {
		s, _ := w.Sam.Say(family.Record, "person.add", &policies.PersonAdd{Role: policies.Visitor, Basis: policies.Own, Contact: policies.NoLink})
		batch = append(batch, s)
	}
	results := w.Push(w.Sam.Caller(), batch...)
	for i, r := range results {
		if last := i == len(results)-1; last != errors.Is(r.Err, policies.ErrRoom) {
			t.Errorf("person %d of %d: %v", there+i+1, policies.MaxFamilyPeople, r.Err)
		}
	}
	if got := len(w.FamilyState(family.ID).People); got != policies.MaxFamilyPeople {
		t.Errorf("%d people, want %d", got, policies.MaxFamilyPeople)
	}
	w.Sam.Does(family.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: 2, StillHappy: true})
	w.Sam.Does(family.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
}
