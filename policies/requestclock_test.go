package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestAnswerBy is a table written by hand from UK GDPR Art 12A and the ICO's guidance on
// time limits: the corresponding day, else the last of the month; three months at once
// when extended; who they are starts it anew; days waiting for clarification do not count.
func TestAnswerBy(t *testing.T) {
	type moves = []policies.ClockMove
	const access, erasure, complaint = policies.AccessRequest, policies.ErasureRequest, policies.Complaint
	for _, c := range []struct {
		name  string
		kind  policies.RequestKind
		on    string
		moves moves
		want  string
	}{
		{"the corresponding day", access, "2026-09-03", nil, "2026-10-03"},
		{"a shorter month", erasure, "2026-08-31", nil, "2026-09-30"},
		{"February", policies.RectificationRequest, "2027-01-31", nil, "2027-02-28"},
		{"February of a leap year", access, "2028-01-31", nil, "2028-02-29"},
		{"over the year's end", access, "2026-12-15", nil, "2027-01-15"},
		{"three months at once", access, "2027-01-31", moves{{Step: "extend_complex", On: "2027-02-28"}}, "2027-04-30"},
		{"extended once only", access, "2026-03-10", moves{{Step: "extend_many", On: "2026-03-11"}, {Step: "extend_complex", On: "2026-03-12"}}, "2026-06-10"},
		{"told a day too late", access, "2027-01-31", moves{{Step: "extend_complex", On: "2027-03-01"}}, "2027-02-28"},
		{"stopped for who they are", erasure, "2026-03-02", moves{{Step: "pause_identity", On: "2026-03-05"}}, ""},
		{"anew from who they are", erasure, "2026-03-02", moves{{Step: "pause_identity", On: "2026-03-05"}, {Step: "resume", On: "2026-03-20"}}, "2026-04-20"},
		{"seven days for clarification", access, "2026-03-02", moves{{Step: "pause_clarify", On: "2026-03-04"}, {Step: "resume", On: "2026-03-11"}}, "2026-04-09"},
		{"clarified the same day", access, "2026-03-02", moves{{Step: "pause_clarify", On: "2026-03-04"}, {Step: "resume", On: "2026-03-04"}}, "2026-04-02"},
		{"told late but for the days that did not count", access, "2026-03-02", moves{{Step: "pause_clarify", On: "2026-03-04"}, {Step: "resume", On: "2026-03-11"}, {Step: "extend_complex", On: "2026-04-09"}}, "2026-06-09"},
		{"asked when the time was over", access, "2026-03-02", moves{{Step: "pause_clarify", On: "2026-04-03"}}, "2026-04-02"},
		{"resumed and never stopped", access, "2026-03-02", moves{{Step: "resume", On: "2026-03-20"}}, "2026-04-02"},
		{"thirty days to acknowledge", complaint, "2026-06-19", nil, "2026-07-19"},
		{"acknowledged", complaint, "2026-06-19", moves{{Step: "acknowledge", On: "2026-06-20"}}, ""},
		{"a court names its own day", policies.CourtNotice, "2026-06-19", nil, ""},
	} {
		r := policies.LegalRequest{Kind: c.kind, ReceivedOn: c.on, Moves: c.moves}
		if got := r.AnswerBy(clocked).String(); got != c.want {
			t.Errorf("%s: by %q, want %q", c.name, got, c.want)
		}
	}
}

// TestClockMoves: what the law does not know is not possible, and a stopped clock is
// still a matter, which escalates.
func TestClockMoves(t *testing.T) {
	w := policiestest.NewFilmed()
	w.Now += policiestest.Day(1)
	id := w.Do("ann", "request.open", policies.RequestOpen{Kind: policies.ErasureRequest, ReceivedOn: "2026-03-01"})
	for _, b := range []policies.RequestClock{
		{Request: id, Step: policies.AcknowledgeClock, On: "2026-03-02"},
		{Request: id, Step: policies.PauseClarify, On: "2026-03-02"},
		{Request: id, Step: policies.PauseIdentity, On: "2026-02-28"},
		{Request: id, Step: policies.PauseIdentity, On: "2026-05-02"},
	} {
		if _, err := w.InFamily("ig", "request.clock", b); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("%s on %s: %v", b.Step, b.On, err)
		}
	}
	w.Do("ig", "request.clock", policies.RequestClock{Request: id, Step: policies.PauseIdentity, On: "2026-03-02"})
	got := matters(w, policies.RequestWaits)
	if len(got) != 1 || got[0].Due.Time().Format("2006-01-02") != "2026-04-02" {
		t.Fatalf("matters = %+v, want one until 2 April", got)
	}
}

// TestRequestGround: what is not given in full has a ground, and nothing else has.
func TestRequestGround(t *testing.T) {
	for _, o := range policies.RequestOutcomes() {
		b := policies.RequestClose{Request: policies.StatementID{1}, Outcome: o}
		bare := b.Check() == nil
		b.Ground = "others_in_it"
		if full := o == "met" || o == "taken_back"; bare != full || (b.Check() == nil) == full {
			t.Errorf("%s: without a ground %t, with one %t", o, bare, b.Check() == nil)
		}
	}
}
