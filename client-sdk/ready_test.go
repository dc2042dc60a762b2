package attune_test

import (
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
)

// TestReady: the day that a device shows is the day until which its filming gate opens.
func TestReady(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	r, err := sam.Ready()
	must(t, err)
	contact, err := sam.Mirror.Contact()
	must(t, err)
	if r.Until.Sub(contact.Add(7*24*time.Hour)).Abs() > time.Minute || r.Why != "" { // DESIGN §5: seven days
		t.Errorf("ready %+v, last contact %v", r, contact)
	}
	people := []policies.PersonID{f.mum, f.child}
	s.clock.Store(int64(time.Until(r.Until) - time.Minute))
	if g, err := sam.Clips.Gate(f.id, people); err != nil || !g.Open {
		t.Errorf("a minute before: %+v, %v", g, err)
	}
	s.pass(2 * time.Minute)
	if g, err := sam.Clips.Gate(f.id, people); err != nil || g.Open {
		t.Errorf("a minute after: %+v, %v", g, err)
	}
	if r, err := sam.Ready(); err != nil || !r.Until.IsZero() || !strings.Contains(r.Why, "has not met the service since") || r.Next == "" {
		t.Errorf("a minute after: %+v, %v", r, err)
	}
	s.sync(sam)
	if r, err := sam.Ready(); err != nil || r.Until.IsZero() {
		t.Errorf("after a contact: %+v, %v", r, err)
	}
	s.pass(-policies.Skew - time.Minute)
	if r, err := sam.Ready(); err != nil || !r.Until.IsZero() || !strings.Contains(r.Why, "clock") {
		t.Errorf("with a clock that was put back: %+v, %v", r, err)
	}

	// Near the end of a certificate that is the day.
	s.pass(policies.Skew + time.Minute)
	device := sam.Mirror.Org().Devices[sam.Keys.Device()].Until.Time()
	person := sam.Mirror.Org().Staff[sam.Keys.Staff()].Until.Time()
	first := device
	if person.Before(device) {
		first = person
	}
	if r, err := sam.Ready(); err != nil || r.Until.After(first) {
		t.Errorf("ready %+v past %v, %v", r, first, err)
	}
}

// TestReadyNobodyConfirmed: whose words nobody has heard is not ready, and told why.
func TestReadyNobodyConfirmed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	invitation, _, err := s.head.Staff.Invite(policies.Practitioner, "Sam Reed")
	must(t, err)
	s.sync(s.head)
	sam, _ := s.join("sam", invitation)
	if r, err := sam.Ready(); err != nil || !r.Until.IsZero() || r.Why == "" || r.Next == "" {
		t.Errorf("before any contact: %+v, %v", r, err)
	}
	s.sync(sam)
	if r, err := sam.Ready(); err != nil || !r.Until.IsZero() || !strings.Contains(r.Why, "six words") {
		t.Errorf("before the words: %+v, %v", r, err)
	}
}
