package policies_test

import (
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestLinkLeaked: only the server revokes a link for that reason, in any order of
// arrival, and what people are told says why.
func TestLinkLeaked(t *testing.T) {
	w := policiestest.NewFilmed()
	if w.Family.LinkLeaked(w.Link) || w.Family.LinkEnded(w.Link) {
		t.Fatal("a new link has ended")
	}
	other := policies.LinkID(w.Do("ann", "link.create", w.LinkBody("another")))
	w.Do("ann", "link.revoke", policies.LinkRevoke{Link: other})
	if !w.Family.LinkEnded(other) || w.Family.LinkLeaked(other) {
		t.Error("a link that a practitioner revoked is not one that leaked")
	}
	w.Do("server", "link.revoke", policies.LinkRevoke{Link: w.Link})
	if got := w.Family.LinkState(w.Link, w.Now); got != policies.LinkRevoked || !w.Family.LinkLeaked(w.Link) {
		t.Errorf("state = %q, leaked %v; want revoked because it leaked", got, w.Family.LinkLeaked(w.Link))
	}
	early := policies.LinkID{9} // its link.create has not arrived yet
	w.Do("server", "link.revoke", policies.LinkRevoke{Link: early})
	if !w.Family.LinkLeaked(early) {
		t.Error("a link that has not arrived cannot leak")
	}
}
