package attune_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestWholeRecord: a device forgets a family once an IG officer let its record go and the
// service certified its end; it says so, and what it had queued is refused with the reason.
func TestWholeRecord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	iris := s.hire(policies.IGOfficer, "Iris Officer")
	id, err := sam.Families.Open("NF-0007", policies.VIG)
	must(t, err)
	_, err = sam.Families.AddPerson(id, policies.Carer, policies.Own, "", policies.LinkSafe, "Mum "+marker)
	must(t, err)
	must(t, sam.Families.EndWork(id, ""))
	s.sync(sam)
	s.sync(iris)
	w, err := iris.Retention.Record(id)
	must(t, err)
	if w.State != policies.FateWaiting {
		t.Fatalf("its case is not known to have closed: %+v", w)
	}
	_, err = iris.Retention.LetRecordGo(id, "2015-06-30", "2021-06-30")
	must(t, err)
	s.sync(iris)
	s.pass(31 * 24 * time.Hour)
	if out := s.sweep(); !slices.Equal(out.Ended, []policies.FamilyID{id}) {
		t.Fatalf("%+v, want the record ended", out)
	}
	_, err = sam.Families.AddPerson(id, policies.Carer, policies.Own, "", policies.LinkSafe, "Dad") // away, and does not know
	must(t, err)
	r, err := sam.Sync(context.Background())
	must(t, err)
	if !slices.Contains(r.Dropped, id) {
		t.Errorf("dropped %v, want the family", r.Dropped)
	}
	if len(r.Refused) != 1 || r.Refused[0].Code != wire.CodeEnded {
		t.Errorf("refused %+v, want what was said too late, with its reason", r.Refused)
	}
	if _, ok := sam.Mirror.Family(id); ok {
		t.Error("the family is still on Sam's device")
	}
	s.sync(iris)
	list, err := iris.Destroyed.Records()
	must(t, err)
	if len(list) != 1 || list[0].Family != id || list[0].Received == 0 {
		t.Errorf("ended records %+v, want this one, with Sam's word", list)
	}
	if r := s.sync(sam); len(r.Dropped) > 0 || len(r.Refused) > 0 {
		t.Errorf("once more: %+v", r)
	}
}
