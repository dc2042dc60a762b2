package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestCover: until its date, until a removal that it did not know, and no longer.
func TestCover(t *testing.T) {
	w := keyed()
	who := w.Staff["outsider"].ID
	body := policies.CoverAuthorise{Staff: who, Until: w.Now + policiestest.Day(14)}
	unaware := w.ByDefault("deputy", "cover.authorise", body)
	w.Do("head", "cover.authorise", body)
	if !w.Family.TeamAt(who, w.Now) || w.Family.TeamAt(who, body.Until) {
		t.Fatal("the cover does not last until its date")
	}
	if got := w.Family.WithoutKey(w.Org, w.Now); len(got) != 1 || got[0] != who {
		t.Errorf("%d are without the key, want who covers", len(got))
	}
	w.Do("ann", "key.wrap", policies.KeyWrap{Staff: who, Key: policies.KeyName(w.Family.Recipient), To: policies.KeyName(policiestest.Recipient("outsider"))})
	if len(due(w)) != 0 {
		t.Error("the key is due while the cover lasts")
	}
	if got := w.Family.KeyDue(w.Org, body.Until); len(got) != 1 || got[0] != who {
		t.Error("the key is not due when the cover is over")
	}
	w.Do("ann", "team.remove", policies.TeamRemove{Staff: who})
	if _, err := w.Accept(unaware); err != nil || w.Family.TeamAt(who, w.Now) {
		t.Errorf("a cover that did not know of the removal undoes it (%v)", err)
	}
	w.Do("head", "cover.authorise", body)
	if !w.Family.TeamAt(who, w.Now) {
		t.Error("a cover that knew of the removal does not count")
	}
	for name, c := range map[string]struct {
		staff policies.StaffID
		until policies.Micros
	}{
		"TooLong":    {who, w.Now + policiestest.Day(60)},
		"Over":       {who, w.Now},
		"Supervisor": {w.Staff["sup"].ID, body.Until},
	} {
		if _, err := w.InFamily("head", "cover.authorise", policies.CoverAuthorise{Staff: c.staff, Until: c.until}); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("%s: %v, want not possible", name, err)
		}
	}
}

// TestRecovery: two officers in different roles, the envelope for the one who asked, and
// the key due once somebody has seen it.
func TestRecovery(t *testing.T) {
	w := keyed()
	head, ig := w.Staff["head"].ID, w.Staff["ig"].ID
	use := w.Do("head", "recovery.use", policies.RecoveryUse{Ground: policies.RecoverCover, Pair: policies.PairAB, For: w.Staff["bea"].ID})
	gets := func(who policies.StaffID, kind policies.Kind, name string) bool {
		return policies.MayReceive(w.Org, w.Family, who, kind, name, w.Now)
	}
	restore := policies.RecoveryRestore{Use: use, Key: policies.KeyName(w.Family.Recipient), To: policies.KeyName(policiestest.Recipient("bea"))}
	if gets(head, "recovery.use", "recovery/ab") {
		t.Error("handed out before somebody confirmed")
	}
	if _, err := w.InFamily("head", "recovery.restore", restore); !errors.Is(err, policies.ErrMissing) {
		t.Errorf("restored before somebody confirmed: %v", err)
	}
	for _, who := range []string{"head", "deputy"} {
		if _, err := w.InFamily(who, "recovery.confirm", policies.RecoveryConfirm{Use: use}); !errors.Is(err, policies.ErrNotPossible) {
			t.Errorf("confirmed by %s, in the same role: %v", who, err)
		}
	}
	if m := w.Family.Matters(w.Org, policies.Pack{}, w.Now); len(m) != 1 || m[0].Kind != policies.RecoveryWaits || !m[0].Waits(policies.IGOfficer) {
		t.Errorf("what waits: %+v, want the confirmation, for the IG officer", m)
	}
	w.Do("ig", "recovery.confirm", policies.RecoveryConfirm{Use: use})
	if m := w.Family.Matters(w.Org, policies.Pack{}, w.Now); len(m) != 1 || m[0].Kind != policies.RecoveryUsed || !m[0].Waits(policies.IGOfficer) || !m[0].Waits(policies.HeadOfService) {
		t.Errorf("what waits: %+v, want the key, for who asked and for the IG officer", m)
	}
	if !gets(head, "recovery.use", "recovery/ab") || gets(head, "recovery.use", "recovery/ac") || gets(ig, "recovery.use", "recovery/ab") ||
		gets(w.Staff["ann"].ID, "recovery.use", "recovery/ab") || gets(head, policies.KindFamilyOpen, "recovery/ab") {
		t.Error("the envelope of that pair goes to who asked for it, and to nobody else")
	}
	if _, err := w.InFamily("deputy", "recovery.restore", restore); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("brought back by somebody else: %v", err)
	}
	w.Do("head", "recovery.restore", restore)
	if got := due(w); len(got) != 1 || got[0] != head {
		t.Error("the key is not due although the head of service has seen it")
	}
	w.Do("ann", "key.turn", w.TurnBody("new", w.Family.KeyStatement(), "ann", "bea"))
	if len(due(w)) != 0 {
		t.Error("the key stays due")
	}
}
