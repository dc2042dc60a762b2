package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestStanding: two registrars in different roles, under the figures in force, until either
// of them or other figures end it.
func TestStanding(t *testing.T) {
	w := policiestest.NewFilmed()
	body := policies.DisposalStanding{Class: policies.RawFilm, Pack: w.Org.Policy.SHA256}
	stands := func(name string, want bool) {
		t.Helper()
		if got := len(w.Org.StandingFor(policies.RawFilm)) == 2; got != want {
			t.Errorf("%s: stands = %v, want %v", name, got, want)
		}
	}
	refused := func(name, who string, body policies.Body, want error) {
		t.Helper()
		if _, err := w.InOrg(w.Key(who), "disposal.standing", body); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	refused("a practitioner", "ann", body, policies.ErrSigner)
	refused("what may be a record", "ig", policies.DisposalStanding{Class: policies.RecordClips, Pack: body.Pack}, policies.ErrNotPossible)
	refused("other figures", "ig", policies.DisposalStanding{Class: policies.RawFilm, Pack: policiestest.Digest("another")}, policies.ErrNotPossible)
	inOrg(t, w, "ig", "disposal.standing", body)
	stands("one signature", false)
	if got := w.Org.Matters(clocked, w.Now); len(got) != 1 || got[0].Kind != policies.StandingWaits || !got[0].Waits(policies.HeadOfService) || got[0].Waits(policies.IGOfficer) {
		t.Errorf("waiting: %v", got)
	}
	refused("the same again", "ig", body, policies.ErrNotPossible)
	inOrg(t, w, "head", "disposal.standing", body)
	refused("another of the same role", "deputy", body, policies.ErrNotPossible)
	stands("both roles", true)
	for _, id := range w.Org.StandingFor(policies.RawFilm) {
		if !w.Family.Authority(w.Org, id) {
			t.Error("a signature is no authority")
		}
	}
	if len(w.Org.StandingFor(policies.WorkingClips)) > 0 {
		t.Error("it stands for another class too")
	}
	one := w.Org.StandingFor(policies.RawFilm)[0]
	inOrg(t, w, "head", "disposal.standing.end", policies.DisposalStandingEnd{Class: policies.RawFilm})
	stands("ended", false)
	if w.Family.Authority(w.Org, one) {
		t.Error("what was ended is an authority")
	}
	inOrg(t, w, "head", "disposal.standing", body)
	inOrg(t, w, "ig", "disposal.standing", body)
	stands("signed again", true)
	inOrg(t, w, "head", "policy.adopt", policies.NewPolicyAdopt("council", []byte("other figures"), policiestest.Digest("rules")))
	stands("other figures", false)
}
