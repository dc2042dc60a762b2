package policies_test

import (
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// TestOptionalKinds: whatever is marked so must be safe to pass over.
func TestOptionalKinds(t *testing.T) {
	for _, row := range policies.Kinds() {
		if row.Kind.Optional() && (row.Class != policies.Content || row.Restriction) {
			t.Errorf("%s is optional, so it is content and no restriction", row.Kind)
		}
	}
	for kind, want := range map[policies.Kind]bool{
		"optional.mood": true, "optional.": false, "optional": false, "session.optional": false, "consent.withdraw": false, "": false,
	} {
		if kind.Optional() != want {
			t.Errorf("%q optional = %t, want %t", kind, !want, want)
		}
	}
}

// TestPass: it moves the head as the server's fold does, and nothing else.
func TestPass(t *testing.T) {
	w := policiestest.NewFilmed()
	s := policies.Statement{ID: policies.StatementID{1}, Signer: policies.KeyID(w.Staff["head"].Device), Record: policies.RecordID(w.Family.ID), Kind: "optional.mood", N: 1, At: w.Now, Body: policies.Unread{}}
	before := w.Family.Clone()
	if err := w.Family.Pass(w.Org, s); err != nil {
		t.Fatal(err)
	}
	if want := policies.NextHead(before.Head, policies.Content, s.ID, w.Org.Head); w.Family.Head != want || w.Family.Count != before.Count+1 {
		t.Errorf("head %s at %d, want %s at %d", w.Family.Head, w.Family.Count, want, before.Count+1)
	}
	for name, change := range map[string]func(*policies.Statement){
		"NotOptional":  func(s *policies.Statement) { s.Kind = "consent.revoke" },
		"KnownKind":    func(s *policies.Statement) { s.Kind = "consent.withdraw" },
		"OtherRecord":  func(s *policies.Statement) { s.Record = policies.RecordID{9} },
		"UnknownKey":   func(s *policies.Statement) { s.Signer = policies.KeyID{9} },
		"NoIdentifier": func(s *policies.Statement) { s.ID = policies.StatementID{} },
	} {
		t.Run(name, func(t *testing.T) {
			bad, f := s, w.Family.Clone()
			change(&bad)
			err := f.Pass(w.Org, bad)
			if !errors.Is(err, policies.ErrNotPossible) && !errors.Is(err, policies.ErrSigner) {
				t.Errorf("error = %v", err)
			}
			if f.Head != w.Family.Head || f.Count != w.Family.Count {
				t.Error("a refusal moved the head")
			}
		})
	}
	if _, err := w.Family.Clone().Apply(w.Org, s, w.Now); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("applied: %v, want refused: only what knows a kind applies it", err)
	}
}
