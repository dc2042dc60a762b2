package attune_test

import (
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestForgotten: somebody syncs only after the recovery was ended, and brings what its
// author may not say any more. They are told what it is, and not only how many.
func TestForgotten(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	bea := s.hire(policies.Practitioner, "Bea Hall")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	s.sync(bea)
	s.sync(s.head)
	dir := s.backup()
	s.pass(time.Minute)
	logged, err := bea.Sessions.Log(f.id, "", 2, true, "by Bea")
	must(t, err)
	s.sync(bea)
	s.sync(sam)
	s.sync(s.head)
	must(t, s.head.Families.RemoveTeam(f.id, bea.Keys.Staff()))
	s.sync(s.head)
	s.pass(time.Hour)
	s.putBack(dir)
	if list, err := sam.Restored.Forgotten(); err != nil || len(list) > 0 {
		t.Errorf("before it is known: %+v, %v", list, err)
	}
	s.sync(iris)
	_, err = iris.Restored.Recovered()
	must(t, err)
	s.sync(iris)
	s.sync(sam)
	list, err := sam.Restored.Forgotten()
	if err != nil || len(list) != 1 {
		t.Fatalf("forgotten: %+v, %v; want Bea's visit", list, err)
	}
	if g := list[0]; g.Kind != "session.log" || g.Record != policies.RecordID(f.id) || g.Mine || g.Code == "" || g.Message == "" || g.Made.IsZero() {
		t.Errorf("forgotten: %+v, want the session %v", g, logged)
	}
	must(t, sam.Restored.Dismiss(list[0].ID))
	s.sync(sam)
	if list, err := sam.Restored.Forgotten(); err != nil || len(list) > 0 {
		t.Errorf("dismissed: %+v, %v", list, err)
	}
	if st, err := sam.Restored.Show(); err != nil || st.Lost != 1 {
		t.Errorf("what was dismissed is brought no more: %+v, %v", st, err)
	}
	wantCode(t, "dismissed again", sam.Restored.Dismiss(list[0].ID), attune.CodeUnknown)
}
