package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestFilmPermittedAnew: a permission that was given anew in the knowledge of the
// revocation opens film again, and its end shuts it no more than the end of any other.
func TestFilmPermittedAnew(t *testing.T) {
	w := policiestest.NewFilmed()
	permitted := func(days int) bool { return w.Family.FilmPermitted(w.Org, w.Clip, w.Now+policiestest.Day(days)) }
	early := policies.ApprovalID(w.Do("bea", "approval.request", w.RequestBody()))
	w.Do("deputy", "approval.grant", policies.ApprovalGrant{Request: early})
	w.Do("head", "approval.revoke", policies.ApprovalRevoke{Request: w.Approval, Reason: policies.Safeguarding})
	if permitted(0) || permitted(400) {
		t.Error("a permission that did not know of the revocation opens the film")
	}
	anew := policies.ApprovalID(w.Do("bea", "approval.request", w.RequestBody()))
	if permitted(0) {
		t.Error("a request opens the film")
	}
	w.Do("head", "approval.grant", policies.ApprovalGrant{Request: anew})
	if !permitted(0) || !permitted(400) {
		t.Errorf("permitted anew: %v, and after its end: %v", permitted(0), permitted(400))
	}
	w.Do("head", "approval.revoke", policies.ApprovalRevoke{Request: anew, Reason: policies.Safeguarding})
	if permitted(0) || permitted(400) {
		t.Error("the second revocation is overlooked")
	}
}

// TestNobodyListsThemselves: else somebody whom the head of service takes off a team
// has seen to it that they watch on.
func TestNobodyListsThemselves(t *testing.T) {
	w := policiestest.NewFilmed()
	if _, err := w.Accept(w.ByDefault("ann", "viewer.add", w.ListingBody("ann"))); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("ann lists herself: %v", err)
	}
	if _, err := w.Accept(w.ByDefault("bea", "viewer.add", w.ListingBody("ann"))); err != nil {
		t.Errorf("bea lists ann: %v", err)
	}
}
