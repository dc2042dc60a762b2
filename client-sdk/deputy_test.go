package attune_test

import (
	"context"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// endOfDeputy is how long the deputy of these tests has.
const endOfDeputy = 10 * 24 * time.Hour

// deputised is a service where Bea, who works with no family, is a deputy, and has
// heard so.
func deputised(t *testing.T) (s *service, sam, bea *attune.Client) {
	t.Helper()
	s = newService(t)
	sam, bea = s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Bea Hall")
	_, err := s.head.Deputies.Appoint(bea.Keys.Staff(), time.Time{}, s.now().Add(endOfDeputy), policies.OnLeave)
	must(t, err)
	s.sync(s.head)
	s.sync(sam)
	s.sync(bea)
	return s, sam, bea
}

func families(t *testing.T, c *attune.Client) int {
	t.Helper()
	list, err := c.Families.List()
	must(t, err)
	return len(list)
}

func state(t *testing.T, c *attune.Client, id policies.ApprovalID) policies.ApprovalState {
	t.Helper()
	v, err := c.Approvals.Show(id)
	must(t, err)
	return v.State
}

// TestDeputyWhoseDatesEndOffline: what was granted without a network after the last
// day, or before it and sent after it, is refused and stays under "needs attention";
// what stops something and was signed in time counts.
func TestDeputyWhoseDatesEndOffline(t *testing.T) {
	t.Parallel()
	s, sam, bea := deputised(t)
	f := s.family(sam)
	granted := approvals(t, sam)[0].ID
	s.sync(bea)
	if families(t, bea) != 1 {
		t.Fatal("the deputy does not receive the family")
	}
	asked, err := sam.Approvals.Request(f.id, 1)
	must(t, err)
	s.sync(sam)
	s.sync(bea)
	must(t, bea.Approvals.Grant(asked))
	must(t, bea.Approvals.Revoke(granted, policies.Safeguarding))
	s.pass(endOfDeputy + time.Hour)
	r, err := bea.Sync(context.Background())
	must(t, err)
	if len(r.Refused) != 1 || r.Refused[0].Kind != "approval.grant" || r.Refused[0].Code != wire.CodeSigner {
		t.Fatalf("refused = %+v, want the grant, because nobody may sign it any more", r.Refused)
	}
	s.sync(sam)
	if got := state(t, sam, granted); got != policies.ApprovalRevoked {
		t.Errorf("what the deputy revoked in time is %s", got)
	}
	if got := state(t, sam, asked); got != policies.Requested {
		t.Errorf("what the deputy granted too late is %s", got)
	}
	s.sync(bea)
	if n := families(t, bea); n != 0 {
		t.Errorf("after the last day the deputy's device holds %d families", n)
	}
	if _, err := bea.Approvals.Show(asked); err == nil {
		t.Error("the family's approvals are still there")
	}
}

func approvals(t *testing.T, c *attune.Client) []attune.ApprovalView {
	t.Helper()
	list, err := c.Approvals.List()
	must(t, err)
	return list
}

// TestDeputyDecides: the deputy grants what the head of service could not, and not
// for a family of their own; ended early, they receive nothing more at once.
func TestDeputyDecides(t *testing.T) {
	t.Parallel()
	s, sam, bea := deputised(t)
	f := s.family(sam)
	asked, err := sam.Approvals.Request(f.id, 1)
	must(t, err)
	s.sync(sam)
	s.sync(bea)
	must(t, bea.Approvals.Grant(asked))
	s.sync(bea)
	s.sync(sam)
	if got := state(t, sam, asked); got != policies.Granted {
		t.Errorf("what the deputy granted is %s", got)
	}

	// On the team Bea has the whole record, and decides nothing for it any more.
	must(t, sam.Families.AddTeam(f.id, bea.Keys.Staff()))
	again, err := sam.Approvals.Request(f.id, 2)
	must(t, err)
	s.sync(sam)
	s.sync(bea)
	if err := bea.Approvals.Grant(again); !ruledBy(err, "DEPUTY-TEAM") {
		t.Fatalf("granting for a family of their own = %v, want DEPUTY-TEAM", err)
	}
	if waiting, err := bea.Approvals.Waiting(); err != nil || len(waiting) > 0 {
		t.Errorf("waits for the deputy: %+v, %v", waiting, err)
	}
	if got := s.waiting(bea, policies.ApprovalWaits); len(got) > 0 {
		t.Errorf("on the deputy's desk: %+v", got)
	}
	must(t, sam.Families.RemoveTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	s.sync(bea)
	v, err := bea.Families.Show(f.id)
	must(t, err)
	if v.People[0].Label != "" {
		t.Errorf("off the team the deputy still reads %q", v.People[0].Label)
	}

	must(t, s.head.Deputies.End(bea.Keys.Staff()))
	s.sync(s.head)
	s.sync(bea)
	if n := families(t, bea); n != 0 {
		t.Errorf("after the end the deputy's device holds %d families", n)
	}
	list, err := bea.Deputies.List()
	must(t, err)
	if len(list) != 1 || list[0].Name != "Bea Hall" || list[0].State != policies.DeputyEnded {
		t.Errorf("deputies = %+v", list)
	}
}
