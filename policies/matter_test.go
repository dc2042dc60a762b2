package policies_test

import (
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

var clocked = policies.Pack{Clocks: policies.Clocks{
	Reminder: policies.Figure{Value: 2}, Withdrawal: policies.Figure{Value: 5}, ProvisionalHold: policies.Figure{Value: 5},
	Complaint: policies.Figure{Value: 30}, Request: policies.Figure{Value: 1},
}}

func matters(w *policiestest.Filmed, kind policies.MatterKind) []policies.Matter {
	all := w.Family.Matters(w.Org, clocked, w.Now)
	return slices.DeleteFunc(all, func(m policies.Matter) bool { return m.Kind != kind })
}

// TestNothingWaits in a family where all is settled.
func TestNothingWaits(t *testing.T) {
	w := policiestest.NewFilmed()
	if got := w.Family.Matters(w.Org, clocked, w.Now); len(got) > 0 {
		t.Errorf("matters = %+v, want none", got)
	}
}

// TestMattersEscalate: a request of a Monday is due on Wednesday, goes to the IG
// officer after that, and stays until it is decided.
func TestMattersEscalate(t *testing.T) {
	w := policiestest.NewFilmed()
	id := policies.ApprovalID(w.Do("ann", "approval.request", w.RequestBody()))
	for _, c := range []struct {
		days int
		want []policies.Role
	}{
		{0, []policies.Role{policies.HeadOfService}},
		{2, []policies.Role{policies.HeadOfService}},
		{3, []policies.Role{policies.HeadOfService, policies.IGOfficer}},
		{90, []policies.Role{policies.HeadOfService, policies.IGOfficer}},
	} {
		w.Now = policiestest.Start + policiestest.Day(c.days)
		got := matters(w, policies.ApprovalWaits)
		if len(got) != 1 || got[0].Of != id.String() || !slices.Equal(got[0].For, c.want) {
			t.Errorf("after %d days: %+v, want for %v", c.days, got, c.want)
		}
		if len(got) == 1 && got[0].Due.Time().Format("2006-01-02") != "2026-03-04" {
			t.Errorf("due = %s, want Wednesday 4 March", got[0].Due.Time())
		}
	}
	w.Do("head", "approval.decline", policies.ApprovalDecline{Request: id, Reason: policies.NotNow})
	if got := matters(w, policies.ApprovalWaits); len(got) > 0 {
		t.Errorf("declined, and still waiting: %+v", got)
	}
}

// TestStopEscalatesByDesk: team, then head of service, then IG officer.
func TestStopEscalatesByDesk(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Do("server", "consent.suspend", w.Family.Suspension(w.Link, w.Now))
	for days, want := range map[int]int{0: 1, 7: 1, 8: 2, 14: 2, 16: 3, 300: 3} {
		w.Now = policiestest.Start + policiestest.Day(days)
		if got := matters(w, policies.StopWaits); len(got) != 1 || len(got[0].For) != want || got[0].For[0] != policies.Practitioner {
			t.Errorf("after %d days: %+v, want %d desks", days, got, want)
		}
	}
	w.Do("ann", "consent.sign", w.ConsentBody())
	if got := matters(w, policies.StopWaits); len(got) > 0 {
		t.Errorf("answered by a new form, and still waiting: %+v", got)
	}
}

// TestObjectionWaitsUntilDecided, either way.
func TestObjectionWaitsUntilDecided(t *testing.T) {
	w := policiestest.NewFilmed()
	of := w.Do("ann", "consent.object", policies.ConsentObject{People: []policies.PersonID{w.Kid}, By: w.Mum, Channel: policies.Writing})
	if got := matters(w, policies.ObjectionWaits); len(got) != 1 || !got[0].Waits(policies.HeadOfService) || got[0].Waits(policies.Practitioner) {
		t.Fatalf("matters = %+v, want one for the head of service", got)
	}
	w.Do("head", "decision.make", policies.DecisionMake{Of: of, Outcome: policies.StaysShut, Ground: policies.CourtOrder})
	if got := matters(w, policies.ObjectionWaits); len(got) > 0 {
		t.Errorf("decided, and still waiting: %+v", got)
	}
}

// TestCountersignWaits until the head of service has signed.
func TestCountersignWaits(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Do("ann", "viewer.remove", policies.ViewerRemove{Staff: w.Staff["sup"].ID})
	of := w.Do("ann", "viewer.add", w.ListingBody("sup"))
	if got := matters(w, policies.CountersignWaits); len(got) != 1 || got[0].Of != of.String() {
		t.Fatalf("matters = %+v, want the new entry", got)
	}
	w.Do("head", "countersign", policies.Countersign{Of: of})
	if got := matters(w, policies.CountersignWaits); len(got) > 0 {
		t.Errorf("countersigned, and still waiting: %+v", got)
	}
}
