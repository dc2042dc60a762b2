package main

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/authz"
	"github.com/attune-vf/attune/policies/packs"
)

// TestEveryRuleIsExplained: whatever id stands in a refusal, the answer has a
// sentence and a source; a rule of Cedar also its text and cases.
func TestEveryRuleIsExplained(t *testing.T) {
	b, err := authz.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Rules() {
		got, err := (&policyExplainCmd{Name: strings.ToLower(r.ID)}).rule()
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v %v", r.ID, got, err)
		}
		e := got[0]
		if e.Title != r.Title || e.Source != r.Source || !strings.Contains(e.Text, r.Effect) || len(e.Cases) == 0 {
			t.Errorf("%s: %+v", r.ID, e)
		}
		for _, c := range e.Cases {
			if !strings.Contains(c, r.ID) {
				t.Errorf("%s: the case %q is of another rule", r.ID, c)
			}
		}
	}
	ids := []string{policies.DefaultDeny, policies.ErrorDeny}
	for _, r := range policies.AppliedRules() {
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		if got, err := (&policyExplainCmd{Name: id}).rule(); err != nil || len(got) != 1 || got[0].Title == "" || got[0].Source == "" {
			t.Errorf("%s: %v %v", id, got, err)
		}
	}
}

// TestEveryFigureIsExplained by its name in the file, in every pack.
func TestEveryFigureIsExplained(t *testing.T) {
	for _, name := range packs.Names() {
		p, _, err := packs.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range p.Entries() {
			if seen[e.Name] {
				t.Errorf("%s: two entries are called %s", name, e.Name)
			}
			seen[e.Name] = true
			got, err := (&policyExplainCmd{Name: e.Name, Pack: name}).figures(nil)
			if err != nil || len(got) == 0 || !strings.HasPrefix(got[0].Title, e.Value) || got[0].Source != e.Source {
				t.Errorf("%s: %v %v", e.Name, got, err)
			}
		}
	}
}

func TestDifferences(t *testing.T) {
	council, _, err := packs.Load("council")
	if err != nil {
		t.Fatal(err)
	}
	if got := differences(council, council); len(got) != 0 {
		t.Errorf("a pack differs from itself: %v", got)
	}
	other := council
	other.LinkDays.Value = 7
	other.PINTries.Source = "another"
	other.Scheme = other.Scheme[:len(other.Scheme)-1]
	there := differences(council, other)
	want := []difference{{"link_days", "14 days", "7 days", false}, {"pin_tries", "5 tries", "5 tries", true}}
	for i, w := range want {
		if there[i] != w {
			t.Errorf("difference %d = %v, want %v", i, there[i], w)
		}
	}
	if len(there) != len(want)+4 || there[2].Other != "" || !strings.HasPrefix(there[2].Name, "scheme.research") {
		t.Errorf("what one lacks: %v", there[2:])
	}
	back := differences(other, council)
	if len(back) != len(there) || back[2].One != "" || back[2].Other == "" {
		t.Errorf("the other way round: %v", back)
	}
}
