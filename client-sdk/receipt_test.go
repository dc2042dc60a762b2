package attune_test

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestWhoHasNotConfirmed: the IG officer sees which device was to lose something and has
// not said that it did, until it has; also of one that was revoked, and says it when it
// comes back.
func TestWhoHasNotConfirmed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ig := s.hire(policies.IGOfficer, "Ivy Gold")
	sam, ann := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ann Bell")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	s.sync(ann)
	phone := s.enrol(ann, "phone")
	listed := func(when string, want ...attune.Unconfirmed) {
		t.Helper()
		s.sync(ig)
		got, err := ig.Devices.Unconfirmed()
		must(t, err)
		if len(got) != len(want) {
			t.Fatalf("%s: %+v, want %d", when, got, len(want))
		}
		for i, u := range got {
			if u.Device != want[i].Device || u.Reference != want[i].Reference || u.Name != "Ann Bell" || u.Since.IsZero() || s.now().Before(u.Since) {
				t.Errorf("%s: %+v, want %+v", when, u, want[i])
			}
		}
	}
	listed("at first")
	must(t, sam.Families.RemoveTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	got, err := func() ([]attune.Unconfirmed, error) { s.sync(ig); return ig.Devices.Unconfirmed() }()
	if err != nil || len(got) != 2 {
		t.Fatalf("taken off the team: %+v, %v; want both devices", got, err)
	}
	s.sync(ann)
	listed("one has said so", attune.Unconfirmed{Device: phone.Keys.Device(), Reference: "NF-1042"})
	must(t, ann.Devices.Revoke(phone.Keys.Device()))
	s.sync(ann)
	listed("the other was lost", attune.Unconfirmed{Device: phone.Keys.Device()})
	if _, err := phone.Sync(context.Background()); err == nil {
		t.Error("a revoked device is not told")
	}
	listed("it was found")
	if waiting, err := phone.Outbox.Waiting(); err != nil || len(waiting) != 0 {
		t.Errorf("%d wait, %v", len(waiting), err)
	}
	if refused, err := phone.Outbox.Attention(); err != nil || len(refused) != 0 {
		t.Errorf("%+v, %v", refused, err)
	}

	// On the team again, and off it: what was said before does not count.
	must(t, sam.Families.AddTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	s.sync(ann)
	listed("on the team again")
	must(t, sam.Families.RemoveTeam(f.id, ann.Keys.Staff()))
	s.sync(sam)
	listed("off it again", attune.Unconfirmed{Device: ann.Keys.Device(), Reference: "NF-1042"})
	s.sync(ann)
	listed("said so again")
}

// TestViewerConfirms: whose date passed says so too, although nobody stated anything.
func TestViewerConfirms(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.list()
	w.sync(w.sam)
	w.sync(w.mo)
	w.pass(70 * day) // the form says two months
	list := func() []attune.Unconfirmed {
		w.sync(w.head)
		list, err := w.head.Devices.Unconfirmed()
		must(t, err)
		return list
	}
	if got := list(); len(got) != 1 || got[0].Name != "Mo Finch" || got[0].Reference == "" {
		t.Fatalf("after their date: %+v, want the viewer's device", got)
	}
	for range 3 {
		w.sync(w.mo)
	}
	if got := list(); len(got) != 0 {
		t.Errorf("after their sync: %+v", got)
	}
}
