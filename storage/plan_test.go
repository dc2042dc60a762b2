package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
)

// TestPlanIsWorkedOutAgain: the service takes the list that it comes to itself, and no other.
func TestPlanIsWorkedOutAgain(t *testing.T) {
	w := open(t)
	w.Open("NF-2041")
	own := w.Rules
	own.Pack = append(own.Pack[:len(own.Pack):len(own.Pack)], "# another file\n"...)
	body, file := own.Body(t)
	w.Clock.Forward(time.Minute)
	adoption := w.Head.Does(policies.RecordID(w.Org), "policy.adopt", body, file)
	plan := policies.NewRetentionPlan(adoption, w.Clock.Micros(), nil)
	other := plan
	other.Hash = policies.DigestOf([]byte("another list"))
	if err := w.Officer.Tries(policies.RecordID(w.Org), "retention.plan", &other); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("another hash: %v, want not possible", err)
	}
	other = plan
	other.Earlier = 3
	if err := w.Officer.Tries(policies.RecordID(w.Org), "retention.plan", &other); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("another number: %v, want not possible", err)
	}
	if err := w.Officer.Tries(policies.RecordID(w.Org), "retention.plan", &plan); err != nil {
		t.Errorf("the same list: %v", err)
	}
}
