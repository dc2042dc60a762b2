package authz

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	cedar "github.com/cedar-policy/cedar-go"
)

// equivalent are the mutants that no case can tell from the rule, and why. A line
// here is an argument, not a convenience: whoever adds one must be able to defend it.
var equivalent = map[string]string{
	"CONFIRM-1: clause 2 || right && left right of &&":  "\"resource is Record\" is there for the validator: only a Record is pulled",
	"OPERATOR-1: clause 2 || right && left right of &&": "\"resource is Record\" is there for the validator: only a Record is pulled",
}

// TestMutants deletes every rule, and of every rule each part that can be deleted:
// a clause, a side of an && or ||, an entry of a list, a word of its first line. Some
// case must then come out otherwise than it says. It prints the score.
func TestMutants(t *testing.T) {
	b, asked := loaded(t), allAsked(t)
	var killed, all int
	for i, n := range b.list {
		for _, m := range append([]mutant{{"the whole rule", nil}}, mutants(t, n.policy)...) {
			all++
			mutated := b.replacing(i, m.policy)
			name := string(n.id) + ": " + m.what
			_, excused := equivalent[name]
			switch breaks := asked.broken(mutated); {
			case breaks && excused:
				t.Errorf("%s is told apart by a case; it needs no excuse any more", name)
			case breaks:
				killed++
			case !excused:
				t.Errorf("%s: deleted, and every case is decided as before", name)
			}
		}
	}
	t.Logf("proof: %d of %d mutants of %d rules break a case; %d listed as equivalent", killed, all, len(b.list), len(equivalent))
	for _, name := range slices.Sorted(maps.Keys(equivalent)) {
		t.Logf("proof: equivalent: %s: %s", name, equivalent[name])
	}
}

// replacing is the bundle with one rule replaced, or without it where p is nil.
func (b *Bundle) replacing(i int, p *cedar.Policy) *Bundle {
	n := *b
	n.index = nil
	n.list = slices.Delete(slices.Clone(b.list), i, i+1)
	if p != nil {
		n.list = slices.Insert(n.list, i, named{b.list[i].id, p})
	}
	return &n
}

type mutant struct {
	what   string
	policy *cedar.Policy
}

// mutants are a rule with one part deleted, made of Cedar's JSON form of it.
func mutants(t *testing.T, p *cedar.Policy) []mutant {
	t.Helper()
	text, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	var out []mutant
	each(tree, func(what string) {
		text, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		m := mutant{what, new(cedar.Policy)}
		if err := m.policy.UnmarshalJSON(text); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		out = append(out, m)
	})
	return out
}

// each makes one deletion after the other in the tree, reports it, and undoes it.
func each(tree map[string]any, report func(what string)) {
	clauses := tree["conditions"].([]any)
	for i, c := range clauses {
		tree["conditions"] = slices.Delete(slices.Clone(clauses), i, i+1)
		report(fmt.Sprintf("clause %d", i+1))
		tree["conditions"] = clauses
		clause := c.(map[string]any)
		inside(clause["body"], func(v any) { clause["body"] = v }, fmt.Sprintf("clause %d", i+1), report)
	}
	action := tree["action"].(map[string]any)
	if list, ok := action["entities"].([]any); ok {
		without(list, func(l []any) { action["entities"] = l }, "action", report)
	}
}

// inside deletes within one expression: each side of a junction stands for the whole,
// each entry of a list goes, and then the same further down.
func inside(v any, put func(any), where string, report func(string)) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			inside(e, func(x any) { v[i] = x }, fmt.Sprintf("%s.%d", where, i), report)
		}
	case map[string]any:
		for _, op := range slices.Sorted(maps.Keys(v)) {
			sides, ok := v[op].(map[string]any)
			if op == "&&" || op == "||" {
				put(sides["right"])
				report(where + " left of " + op)
				put(sides["left"])
				report(where + " right of " + op)
				put(v)
			}
			if list, isSet := v[op].([]any); isSet && op == "Set" && len(list) > 1 {
				without(list, func(l []any) { v[op] = l }, where+" entry", report)
			}
			if ok {
				for _, side := range slices.Sorted(maps.Keys(sides)) {
					inside(sides[side], func(x any) { sides[side] = x }, where+" "+op+" "+side, report)
				}
			} else {
				inside(v[op], func(x any) { v[op] = x }, where+" "+op, report)
			}
		}
	}
}

func without(list []any, put func([]any), what string, report func(string)) {
	for i := range list {
		put(slices.Delete(slices.Clone(list), i, i+1))
		report(fmt.Sprintf("%s %d", what, i+1))
	}
	put(list)
}

// questions are the cases, made ready once: a ruling changes nothing.
type questions []prepared

type prepared struct {
	testcase
	request policies.Request
	org     *policies.Org
	family  *policies.Family
}

func allAsked(t *testing.T) questions {
	t.Helper()
	var out questions
	for _, c := range cases(t) {
		r, o, f := c.request(t)
		out = append(out, prepared{c, r, o, f})
	}
	return out
}

// broken reports whether any case comes out otherwise than it says, by decision or
// by the rules that it names.
func (qs questions) broken(b *Bundle) bool {
	return slices.ContainsFunc(qs, func(q prepared) bool {
		return verdict(b.Decide(q.request, q.org, q.family)) != strings.TrimSpace(q.Expect)
	})
}

// TestIndex asks every case of all rules, without the index: the answers agree.
func TestIndex(t *testing.T) {
	b := loaded(t)
	all := *b
	all.index = nil
	for _, q := range allAsked(t) {
		if got, want := verdict(b.Decide(q.request, q.org, q.family)), verdict(all.Decide(q.request, q.org, q.family)); got != want {
			t.Errorf("%s: %s with the index, %s without", q.Name, got, want)
		}
	}
	for k, list := range b.index {
		if len(list) == len(b.list) {
			t.Errorf("%s %s: the index leaves nothing out", k.principal, k.action)
		}
	}
}
