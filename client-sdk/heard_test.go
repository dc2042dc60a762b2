package attune_test

import (
	"testing"

	"github.com/attune-vf/attune/policies"
)

// TestNoColleaguesWord: a device that is served, and hears of nobody else for a fortnight,
// says so; being away itself is another matter, and so is what its own person does.
func TestNoColleaguesWord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	quiet := func(want bool, when string) {
		t.Helper()
		if last, got, err := sam.Mirror.Colleague(); err != nil || got != want || last.IsZero() {
			t.Errorf("%s: %v, quiet %v, %v; want %v", when, last, got, err, want)
		}
	}
	quiet(false, "at first")
	s.pass(13 * day)
	s.sync(sam)
	quiet(false, "after 13 days")
	s.pass(2 * day)
	_, err := sam.Families.Open("NF-2000", policies.VIG)
	must(t, err)
	s.sync(sam)
	quiet(true, "after 15 days, and something of one's own")
	sam = s.reopen("Sam Reed", sam)
	quiet(true, "opened again")
	s.pass(15 * day)
	quiet(false, "away oneself")
	_, _, err = s.head.Staff.Invite(policies.Practitioner, "Bea Hall")
	must(t, err)
	s.sync(s.head)
	s.sync(sam)
	quiet(false, "when a colleague did something")
}
