package policies_test

import (
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestCourseOf reads a course from the invented family: filmed in March, a child
// with a month of birth, nothing withdrawn until somebody withdraws.
func TestCourseOf(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	w := policiestest.NewFilmed()
	c := policies.CourseOf(w.Family, w.Now, london)
	clip := w.Family.Clips[w.Clip]
	if got, want := c.Events[policies.OnFilmed], policies.DayOf(clip.Captured.Until, london); got != want {
		t.Errorf("filmed on %s, want %s", got, want)
	}
	var born policies.Day
	for _, p := range w.Family.People {
		if p.Role == policies.Child {
			if born, err = policies.LastOfMonth(p.Born); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c.Born != born || born.IsZero() {
		t.Errorf("born %s, want %s: the last day of the month", c.Born, born)
	}
	if !c.Withdrawn.IsZero() {
		t.Errorf("withdrawn on %s, and nobody did", c.Withdrawn)
	}

	var people []policies.PersonID
	for id := range w.Family.People {
		people = append(people, id)
	}
	w.Now += policiestest.Day(3)
	w.Do("ann", "consent.withdraw", policies.ConsentWithdraw{People: people, Channel: policies.ByPhone})
	if got, want := policies.CourseOf(w.Family, w.Now, london).Withdrawn, policies.DayOf(w.Now, london); got != want {
		t.Errorf("withdrawn on %s, want %s", got, want)
	}
}
