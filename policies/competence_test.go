package policies_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// young is a family with a young person in it, born in a month, for whom the mother
// signed, seen at a time.
func young(t *testing.T, born string, now string) (*policiestest.Filmed, policies.PersonID, policies.ConsentSign) {
	t.Helper()
	w := policiestest.NewFilmed()
	id := policies.PersonID(w.Do("ann", "person.add", policies.PersonAdd{Role: policies.Child, Basis: policies.ParentalResponsibility, Born: born, Contact: policies.NoLink}))
	form := w.ConsentBody()
	form.People = []policies.Covered{{Person: id, By: w.Mum, Basis: policies.ParentalResponsibility}}
	form.Until = form.From + policiestest.Day(700)
	w.Do("ann", "consent.sign", form)
	on, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	w.Now = policies.At(on)
	return w, id, form
}

func aged(years int) policies.Pack {
	return policies.Pack{CompetenceAge: policies.Figure{Value: years}, OfflineDays: policies.Figure{Value: 7}}
}

// TestWhoSignsFromTheAgeOn walks to a birthday in steps; the month counts as reached
// at its end, also where it is February.
func TestWhoSignsFromTheAgeOn(t *testing.T) {
	for _, tt := range []struct {
		name, born string
		age        int
		now        string
		signs      bool // somebody else may still sign
		waits      bool // the review waits for the team
	}{
		{"FourMonthsBefore", "2011-03", 16, "2026-11-30T12:00:00Z", true, false},
		{"ThreeMonthsBefore", "2011-03", 16, "2026-12-01T12:00:00Z", true, true},
		{"InTheMonth", "2011-03", 16, "2027-03-31T12:00:00Z", true, true},
		{"TheDayAfterTheMonth", "2011-03", 16, "2027-04-01T00:00:00Z", false, true},
		{"ScotlandBefore", "2014-07", 12, "2026-07-31T23:00:00Z", true, true},
		{"ScotlandAfter", "2014-07", 12, "2026-08-01T00:00:00Z", false, true},
		{"LeapFebruaryToACommonOne", "2012-02", 16, "2028-02-29T23:00:00Z", true, true},
		{"AfterLeapFebruary", "2012-02", 16, "2028-03-01T00:00:00Z", false, true},
		{"CommonFebruary", "2015-02", 12, "2027-03-01T00:00:00Z", false, true},
		{"NovemberOpensInTheSameYear", "2010-11", 16, "2026-08-01T00:00:00Z", true, true},
		{"January", "2011-01", 16, "2026-10-01T00:00:00Z", true, true},
		{"NoFigure", "2010-01", 0, "2027-01-01T00:00:00Z", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, id, form := young(t, tt.born, tt.now)
			err := aged(tt.age).Permits(w.Family, form, w.Now)
			if tt.signs != (err == nil) || err != nil && !errors.Is(err, policies.ErrNotPossible) {
				t.Errorf("the mother signs: %v, want allowed: %v", err, tt.signs)
			}
			waits := false
			for _, m := range w.Family.Matters(w.Org, aged(tt.age), w.Now) {
				waits = waits || m.Kind == "competence_review" && m.Of == id.String()
			}
			if waits != tt.waits {
				t.Errorf("the review waits: %v, want %v", waits, tt.waits)
			}
		})
	}
}

// TestReview: what was found counts from three months before, and not from years ago.
func TestReview(t *testing.T) {
	review := func(w *policiestest.Filmed, id policies.PersonID, on string, found policies.Competence) {
		w.Now += policies.Minute
		w.Do("bea", "person.change", policies.PersonChange{Person: id, Review: policies.CompetenceReview{On: on, Outcome: found}})
	}
	w, id, form := young(t, "2010-07", "2026-09-01T09:00:00Z")
	own := form
	own.People = []policies.Covered{{Person: id, By: id, Basis: policies.Competent}}
	pack := aged(16)
	if err := pack.Permits(w.Family, own, w.Now); err != nil {
		t.Errorf("they sign themselves: %v", err)
	}
	g := policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, []policies.PersonID{id}, w.Now, w.Now, pack)
	if !has(g, policies.ReviewRule) {
		t.Errorf("gate = %+v, want %s: the mother's form has outlived the age", g.Reasons, policies.ReviewRule)
	}
	review(w, id, "2026-03-31", policies.DoesNotDecide)
	if err := pack.Permits(w.Family, form, w.Now); err == nil {
		t.Error("a review of four months before the birthday's month counts")
	}
	review(w, id, "2026-04-01", policies.DoesNotDecide)
	if err := pack.Permits(w.Family, form, w.Now); err != nil {
		t.Errorf("after a review found that they do not decide: %v", err)
	}
	g = policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, []policies.PersonID{id}, w.Now, w.Now, pack)
	if has(g, policies.ReviewRule) {
		t.Error("the gate stays shut after the review")
	}
	review(w, id, "2026-09-01", policies.Decides)
	if err := pack.Permits(w.Family, form, w.Now); err == nil || !strings.Contains(err.Error(), "decides themselves") {
		t.Errorf("after a review found that they decide, the mother signs: %v", err)
	}
	if slices.ContainsFunc(w.Family.Matters(w.Org, pack, w.Now), func(m policies.Matter) bool { return m.Kind == policies.ReviewDue }) {
		t.Error("a review that was made still waits")
	}
}

func has(g policies.Gate, rule string) bool {
	for _, r := range g.Reasons {
		if r.Rule == rule {
			return true
		}
	}
	return false
}

// TestPersonChanged: what is known now counts, not what was when the link was
// made; the last word counts, whenever it arrives.
func TestPersonChanged(t *testing.T) {
	w := policiestest.NewFilmed()
	later := w.ByDefault("ann", "person.change", policies.PersonChange{Person: w.Mum, Contact: policies.NoLink})
	earlier := w.ByDefault("bea", "person.change", policies.PersonChange{Person: w.Mum, Contact: policies.InPersonOnly, Basis: policies.Delegated})
	later.At += 2 * policies.Minute
	earlier.At += policies.Minute
	w.Now += policies.Hour
	ch, err := w.Accept(later)
	if err != nil || len(ch.Links) != 1 {
		t.Fatalf("changes = %+v, %v, want her link", ch, err)
	}
	accept(t, w, earlier)
	p := w.Family.People[w.Mum]
	if p.Contact != policies.NoLink || p.Basis != policies.Delegated {
		t.Errorf("contact %q, basis %q; want what was said last of each", p.Contact, p.Basis)
	}
	for name, b := range map[string]policies.PersonChange{
		"a birth month to come": {Person: w.Kid, Born: "2030-01"},
		"a review to come":      {Person: w.Kid, Review: policies.CompetenceReview{On: "2030-01-01", Outcome: policies.Decides}},
	} {
		if _, err := w.InFamily("ann", "person.change", b); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("%s: %v, want not possible", name, err)
		}
	}
	if _, err := w.InFamily("ann", "person.change", policies.PersonChange{Person: policies.PersonID{9}, Contact: policies.NoLink}); !errors.Is(err, policies.ErrMissing) {
		t.Errorf("of somebody unknown: %v, want missing", err)
	}
}

// TestSaidNoToday: the gate is shut that day, until another visit is logged.
func TestSaidNoToday(t *testing.T) {
	w := policiestest.NewFilmed()
	day := w.Now.Time().Format("2006-01-02")
	gate := func() bool {
		return has(policies.FilmingGate(w.Org, w.Family, w.Staff["ann"].ID, []policies.PersonID{w.Mum}, w.Now, w.Now, aged(16)), "UPLOAD-TODAY")
	}
	if gate() {
		t.Error("shut before anybody said no")
	}
	no := policies.SessionID(w.Do("ann", "session.log", policies.SessionLog{On: day, Number: 2, Refused: true}))
	if !gate() || w.Family.HappyOn(no) || !w.Family.HappyOn(w.Session) {
		t.Error("no does not count, or counts for another visit")
	}
	w.Do("ann", "session.log", policies.SessionLog{On: day, Number: 3, StillHappy: true})
	if gate() {
		t.Error("shut after another visit the same day")
	}
	if (policies.SessionLog{On: day, Number: 4, StillHappy: true, Refused: true}).Check() == nil {
		t.Error("yes and no at once were taken")
	}
}

// TestUnsafeContactWins: a colleague who had not heard of it does not make it safe
// again, whichever came first; one who had does, and links made before stay shut.
func TestUnsafeContactWins(t *testing.T) {
	for _, shutFirst := range []bool{true, false} {
		w := policiestest.NewFilmed()
		unheard := w.ByDefault("bea", "person.change", policies.PersonChange{Person: w.Mum, Contact: policies.LinkSafe})
		unheard.At += policiestest.Day(2) // said later, by a device that knew nothing
		shut := w.ByDefault("ann", "person.change", policies.PersonChange{Person: w.Mum, Contact: policies.NoLink})
		w.Now += policiestest.Day(3)
		if shutFirst {
			accept(t, w, shut)
			accept(t, w, unheard)
		} else {
			accept(t, w, unheard)
			accept(t, w, shut)
		}
		if got := w.Family.People[w.Mum].Contact; got != policies.NoLink {
			t.Errorf("shut first: %v: contact = %q, want %q", shutFirst, got, policies.NoLink)
		}
		w.Do("ann", "person.change", policies.PersonChange{Person: w.Mum, Contact: policies.LinkSafe})
		if got := w.Family.People[w.Mum].Contact; got != policies.LinkSafe {
			t.Errorf("by somebody who knew: contact = %q, want %q", got, policies.LinkSafe)
		}
		if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkRevoked {
			t.Errorf("the link of before = %q, want %q", got, policies.LinkRevoked)
		}
	}
}
