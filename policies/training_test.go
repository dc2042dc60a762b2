package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func TestCheckTraining(t *testing.T) {
	type train = policies.StaffTrain
	refuses(t, "StaffTrain", func() train {
		return train{Staff: policies.StaffID{1}, Programme: policies.VIPPSD, Level: policies.Trainee, Until: policiestest.Start, Supervisor: policies.StaffID{2}}
	}, []slip[train]{
		{"Nobody", func(b *train) { b.Staff = policies.StaffID{} }},
		{"ProgrammeOutsideTheList", func(b *train) { b.Programme = "theraplay" }},
		{"LevelOutsideTheList", func(b *train) { b.Level = "expert" }},
		{"NoEnd", func(b *train) { b.Until = 0 }},
		{"TraineeOfNobody", func(b *train) { b.Supervisor = policies.StaffID{} }},
		{"TheirOwnSupervisor", func(b *train) { b.Supervisor = b.Staff }},
	})
}

// taught is a world whose registrar records training in VIG.
type taught struct{ *policiestest.World }

func (w taught) train(who string, level policies.Level, until policies.Micros, supervisor string) error {
	_, err := w.InOrg(w.Key("head"), "staff.train", policies.StaffTrain{
		Staff: w.Staff[who].ID, Programme: policies.VIG, Level: level, Until: until, Supervisor: w.Staff[supervisor].ID,
	})
	return err
}

func (w taught) may(t *testing.T, when policies.Micros, inTime, supervised bool) {
	t.Helper()
	a, b := w.Org.MayMakeFilm(w.Staff["ann"].ID, policies.VIG, when)
	if a != inTime || b != supervised {
		t.Errorf("in time %v, supervised %v; want %v, %v", a, b, inTime, supervised)
	}
}

// TestTrainee: possible only under somebody recorded as a supervisor, and in force only
// while that person is.
func TestTrainee(t *testing.T) {
	w := taught{policiestest.New()}
	soon := w.Now + policiestest.Day(300)
	w.may(t, w.Now, true, true) // nothing is recorded
	if err := w.train("ann", policies.Trainee, soon, "sup"); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("under somebody who is not recorded: %v", err)
	}
	if err := w.train("ann", policies.Trainee, soon, "bea"); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("under a colleague: %v", err)
	}
	if err := errors.Join(w.train("sup", policies.Supervising, w.Now+policiestest.Day(30), ""), w.train("ann", policies.Trainee, soon, "sup")); err != nil {
		t.Fatal(err)
	}
	w.may(t, w.Now, true, true)
	w.may(t, w.Now+policiestest.Day(31), true, false) // the supervisor's own accreditation is over
	w.may(t, w.Now+policiestest.Day(301), false, false)
	if got := orgMatters(w.World, policies.TraineeUncovered); len(got) > 0 {
		t.Errorf("matters = %+v, want none", got)
	}
	w.Now += policiestest.Day(1)
	if _, err := w.InOrg(w.Key("head"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff["sup"].ID}); err != nil {
		t.Fatal(err)
	}
	w.may(t, w.Now, true, false)
	w.may(t, w.Now-policies.Hour, true, true) // what was filmed before they left stays supervised
	if got := orgMatters(w.World, policies.TraineeUncovered); len(got) != 1 || got[0].Of != w.Staff["ann"].ID.String() {
		t.Errorf("matters = %+v, want the trainee", got)
	}
	if err := w.train("ann", policies.Accredited, soon, ""); err != nil {
		t.Fatal(err)
	}
	w.may(t, w.Now, true, true) // the last record counts
	if n := len(w.Org.Staff[w.Staff["ann"].ID].Training); n != 1 {
		t.Errorf("%d records of one programme", n)
	}
}

// TestAccreditationEnds is told sixty days before, and stays until it is renewed.
func TestAccreditationEnds(t *testing.T) {
	w := taught{policiestest.New()}
	end := w.Now + policiestest.Day(100)
	if err := w.train("ann", policies.Accredited, end, ""); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]int{0: 0, 39: 0, 41: 1, 99: 1, 101: 1, 300: 1} {
		w.Now = policiestest.Start + policiestest.Day(days)
		if got := orgMatters(w.World, policies.TrainingEnds); len(got) != want || want == 1 && (got[0].Due != end || !got[0].Waits(policies.IGOfficer)) {
			t.Errorf("after %d days: %+v, want %d", days, got, want)
		}
	}
	if err := w.train("ann", policies.Accredited, w.Now+policiestest.Day(300), ""); err != nil {
		t.Fatal(err)
	}
	if got := orgMatters(w.World, policies.TrainingEnds); len(got) > 0 {
		t.Errorf("renewed, and %+v", got)
	}
}

// TestWhoIsNotTrained: an IG officer and an operator make no film; a slip of the year
// is refused; an end that is over may be recorded, where it ended early.
func TestWhoIsNotTrained(t *testing.T) {
	w := taught{policiestest.New()}
	w.Join("op", policies.Operator)
	w.Confirm("op")
	for _, who := range []string{"ig", "op"} {
		if err := w.train(who, policies.Accredited, w.Now+policiestest.Day(9), ""); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if err := w.train("ann", policies.Accredited, w.Now+policiestest.Day(366*6), ""); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("in six years: %v", err)
	}
	if err := w.train("ann", policies.Accredited, w.Now-policiestest.Day(9), ""); err != nil {
		t.Errorf("over already: %v", err)
	}
	w.may(t, w.Now, false, true)
}

// TestGateAsksForTraining before the camera opens.
func TestGateAsksForTraining(t *testing.T) {
	w := policiestest.NewFilmed()
	gate := func() policies.Gate {
		return policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, []policies.PersonID{w.Mum}, w.Now, w.Now, policies.Pack{OfflineDays: policies.Figure{Value: 7}})
	}
	if g := gate(); !g.Open {
		t.Fatalf("reasons = %+v", g.Reasons)
	}
	if err := (taught{w.World}).train("ann", policies.Accredited, w.Now, ""); err != nil {
		t.Fatal(err)
	}
	if g := gate(); g.Open || len(g.Reasons) != 1 || g.Reasons[0].Rule != "TRAINING-ENDED" {
		t.Errorf("reasons = %+v, want TRAINING-ENDED", g.Reasons)
	}
}
