package attune_test

import (
	"context"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// TestSyncBeforeConfirmation: somebody lost their key, joined again, and waits for the second
// registrar to hear their words. Their device gets what everybody gets, once; and their
// families as soon as the words were heard, although nothing was said in them since.
func TestSyncBeforeConfirmation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ig, sam := s.hire(policies.IGOfficer, "Ivy Gold"), s.hire(policies.Practitioner, "Sam Reed")
	f := s.family(sam)
	invitation, err := s.head.Staff.Reinvite(sam.Keys.Staff())
	must(t, err)
	s.sync(s.head)
	again, j, err := attune.Join(context.Background(), s.home("new laptop"), invitation, later, s.config())
	must(t, err)
	t.Cleanup(func() { again.Close() })
	for range 3 {
		if r := s.sync(again); r.Pulled > 0 {
			t.Errorf("%d statements came again", r.Pulled)
		}
	}
	_, _, err = s.head.Staff.Invite(policies.Practitioner, "Bea Hall")
	must(t, err)
	s.sync(s.head)
	if r := s.sync(again); r.Pulled != 1 {
		t.Errorf("%d statements came, want the invitation", r.Pulled)
	}
	s.sync(ig)
	must(t, ig.Staff.Confirm(sam.Keys.Staff(), j.Words))
	s.sync(ig)
	for range 2 {
		s.sync(again)
	}
	if _, held := again.Mirror.Family(f.id); !held {
		t.Error("the family has not come")
	}
	if files, err := again.Evidence(); err != nil || len(files) > 0 {
		t.Errorf("evidence %v, %v", files, err)
	}
}
