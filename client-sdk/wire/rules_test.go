package wire_test

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
)

// TestEveryDenialHasAdvice: whichever rule stands in the way, the person is told
// what it means and what to do, in a sentence of its own.
func TestEveryDenialHasAdvice(t *testing.T) {
	b, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	denies := []string{policies.DefaultDeny, policies.ErrorDeny}
	for _, r := range b.Rules() {
		if r.Effect == "forbid" {
			denies = append(denies, r.ID)
		}
	}
	for _, r := range policies.AppliedRules() {
		denies = append(denies, r.ID)
	}
	for _, id := range denies {
		a, ok := wire.AdviceOf([]string{id})
		if !ok {
			t.Errorf("nobody is told what %s means: add it to the table in rules.go", id)
			continue
		}
		for _, s := range []string{a.Message, a.Next} {
			if !strings.HasSuffix(s, ".") || strings.ToUpper(s[:1]) != s[:1] || strings.Contains(s, id) {
				t.Errorf("%s: %q is no sentence", id, s)
			}
		}
	}
}

// TestAdviceOfSeveral: two forbids give both sentences, one that is repeated once,
// and an unknown one none.
func TestAdviceOfSeveral(t *testing.T) {
	a, ok := wire.AdviceOf([]string{"UPLOAD-APPROVAL", "NEW-RULE", "UPLOAD-CONSENT", "UPLOAD-APPROVAL"})
	if !ok || strings.Count(a.Message, ".") != 2 || !strings.Contains(a.Next, "head of service") || !strings.Contains(a.Next, "a form that covers") {
		t.Errorf("advice = %+v, %v", a, ok)
	}
	if a, ok := wire.AdviceOf([]string{"NEW-RULE"}); ok {
		t.Errorf("advice about an unknown rule: %+v", a)
	}
}
