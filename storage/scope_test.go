package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
)

// TestApprovalScope: whatever a device asks for, the server takes only the approvals
// that the service's figures name; for a family where filming was revoked, its own.
func TestApprovalScope(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	org := policies.RecordID(w.Org)
	adopt := func(scope string) {
		t.Helper()
		w.Clock.Forward(time.Minute)
		rules := ownPack(t, w, "approval_scope:\n  value: either\n", "approval_scope:\n  value: "+scope+"\n")
		body, file := rules.Body(t)
		w.Head.Does(org, "policy.adopt", body, file)
	}
	ask := func(record policies.RecordID) error {
		w.Clock.Forward(time.Minute)
		now := w.Clock.Micros()
		return w.Sam.Tries(record, "approval.request", &policies.ApprovalRequest{Programme: policies.VIG, From: now, Until: now + 1e6*3600})
	}
	before := policies.ApprovalID(w.Sam.Does(org, "approval.request", &policies.ApprovalRequest{
		Programme: policies.VIG, From: w.Clock.Micros(), Until: w.Clock.Micros() + 1e6*3600*24,
	}))
	adopt(policies.ByFamily)
	if err := ask(org); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("by family: asking for oneself = %v", err)
	}
	if err := w.Head.Tries(org, "approval.grant", &policies.ApprovalGrant{Request: before}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("by family: granting what was asked for before = %v", err)
	}
	if err := ask(f.Record); err != nil {
		t.Errorf("by family: asking for the family = %v", err)
	}
	adopt(policies.ByPractitioner)
	if err := ask(f.Record); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("by practitioner: asking for the family = %v", err)
	}
	if err := ask(org); err != nil {
		t.Errorf("by practitioner: asking for oneself = %v", err)
	}
	w.Head.Does(org, "approval.grant", &policies.ApprovalGrant{Request: before})
	w.Head.Does(f.Record, "approval.revoke", &policies.ApprovalRevoke{Request: f.Approval, Reason: policies.Safeguarding})
	if err := ask(f.Record); err != nil {
		t.Errorf("by practitioner, filming of the family revoked: asking for the family = %v", err)
	}
}
