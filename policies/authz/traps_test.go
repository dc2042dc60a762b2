package authz

import (
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// TestTraps is the list of what Cedar lets pass, or answers with a yes, and the proof
// that we do not: one line each.
func TestTraps(t *testing.T) {
	for _, trap := range []struct {
		name  string
		proof func(*testing.T)
	}{
		{"ActionGroupWithoutItsEntitiesNeverMatches", TestActionsInStore},
		{"EveryGroupHasSomethingInIt", everyGroupIsFull},
		{"ForbidThatErrsIsSkipped", TestErrorDenies},
		{"StoreThatCannotErrIsNeverAsked", nothingIsLookedUp},
		{"WordOutsideItsListInARule", refused(`forbid (principal is Staff, action == Action::"clip.watch", resource) when { principal.role == Role::"ig_oficer" };`)},
		{"WordOutsideItsListInAFact", wordsOfFacts},
		{"HasOfAFactThatIsMisspelt", refused(`forbid (principal is Staff, action == Action::"clip.watch", resource is Clip) when { resource has stord };`)},
		{"HasOfAFactThatIsAlwaysThere", refused(`forbid (principal is Staff, action == Action::"clip.watch", resource is Clip) when { resource has stored && resource.stored };`)},
		{"FactMisspelt", refused(`forbid (principal is Staff, action == Action::"clip.watch", resource is Clip) unless { resource.stord };`)},
		{"GroupMisspelt", refused(`forbid (principal, action in Action::"watchin", resource);`)},
		{"IDsOfAPolicySetAreNumbers", idsAreOurs},
		{"SameIDTwice", refused(`forbid (principal, action == Action::"clip.watch", resource); ` + noted + `forbid (principal, action == Action::"clip.copy", resource);`)},
		{"SameTitleTwice", refused(`forbid (principal, action == Action::"clip.watch", resource); @id("B") @title("a") @source("b") forbid (principal, action == Action::"clip.copy", resource);`)},
		{"ReasonsInAnotherOrderEachTime", TestOrderIsStable},
		{"ExperimentalPackagesBehindOneFile", experimentalInOneFile},
	} {
		t.Run(trap.name, trap.proof)
	}
}

// refused proves that a bundle with this rule in it is not loaded.
func refused(rule string) func(*testing.T) {
	return func(t *testing.T) {
		if _, err := one(t, noted+rule); err == nil {
			t.Errorf("loaded: %s", rule)
		}
	}
}

// everyGroupIsFull: a rule about a group that nothing is in would be dead, and look
// alive. Groups of roles that sign nothing are there so that a rule may name them.
func everyGroupIsFull(t *testing.T) {
	b := loaded(t)
	members := map[types.EntityUID]int{}
	for _, action := range b.actions {
		for group := range action.Parents.All() {
			members[group]++
		}
	}
	for _, r := range b.Rules() {
		for _, in := range strings.Split(r.Text, `action in `)[1:] {
			for uid := range b.actions {
				named := strings.HasPrefix(in, uid.String()) || strings.HasPrefix(in, "[") && strings.Contains(in[:strings.Index(in, "]")], uid.String())
				listed := strings.HasPrefix(in, "[")
				if named && members[uid] == 0 && !(listed && !isGroup(uid)) {
					t.Errorf("%s is about %s, and nothing is in it", r.ID, uid)
				}
			}
		}
	}
	if len(members) < 8 {
		t.Errorf("%d groups with something in them: %v", len(members), slices.Collect(maps.Keys(members)))
	}
}

// isGroup: kinds and actions have a full stop in their names, and "by." begins a role's.
func isGroup(uid types.EntityUID) bool {
	name := string(uid.ID)
	return !strings.Contains(name, ".") || strings.HasPrefix(name, "by.")
}

// nothingIsLookedUp: what could not be read is not asked about, and the store that the
// rules see has the two entities of the request, the actions, and nothing else.
func nothingIsLookedUp(t *testing.T) {
	b, w := loaded(t), policiestest.NewFilmed()
	ann := w.Staff["ann"].Caller()
	for name, r := range map[string]policies.Request{
		"family not read": {Caller: ann, Action: policies.ActWatch, Clip: w.Clip, Purpose: policies.FilmAndUse, Now: w.Now},
		"link not read":   {Caller: policies.Caller{Link: w.Link}, Action: policies.ActOpenLink, Link: w.Link, Now: w.Now},
	} {
		if got := b.Decide(r, w.Org, nil); got.Allowed {
			t.Errorf("%s: %s", name, verdict(got))
		}
	}
	f, ok := load(policies.Request{Caller: ann, Action: policies.ActWatch, Clip: w.Clip, Purpose: policies.FilmAndUse, Now: w.Now}, w.Org, w.Family, new(known))
	if !ok {
		t.Fatal("nothing to ask about")
	}
	f.actions = b.actions
	for _, uid := range []types.EntityUID{entity("Staff", w.Staff["bea"].ID.String()), entity("Clip", "another"), entity("Staff", "")} {
		if _, found := f.Get(uid); found {
			t.Errorf("%s was found", uid)
		}
	}
	for _, uid := range []types.EntityUID{f.principal.UID, f.resource.UID, entity("Action", "watching")} {
		if _, found := f.Get(uid); !found {
			t.Errorf("%s was not found", uid)
		}
	}
}

// wordsOfFacts: a state with a word that no rule can name allows nothing by it. Cedar
// compares such a word, finds it different, and lets a forbid pass.
func wordsOfFacts(t *testing.T) {
	b := loaded(t)
	w := policiestest.NewFilmed()
	r := policies.Request{Caller: w.Staff["sup"].Caller(), Action: policies.ActWatch, Clip: w.Clip, Purpose: policies.Supervision, Now: w.Now}
	if got := b.Decide(r, w.Org, w.Family); !got.Allowed {
		t.Fatalf("the supervisor: %s", verdict(got))
	}
	w.Org.Staff[w.Staff["sup"].ID].Role = "ig_oficer"
	if got := b.Decide(r, w.Org, w.Family); got.Allowed {
		t.Errorf("a role that nobody knows: %s", verdict(got))
	}
	w = policiestest.NewFilmed()
	w.Family.People[w.Mum].Contact = "link_saef"
	if got := b.Decide(policies.Request{Caller: policies.Caller{Link: w.Link}, Action: policies.ActOpenLink, Link: w.Link, Now: w.Now}, w.Org, w.Family); got.Allowed {
		t.Errorf("a contact flag that nobody knows: %s", verdict(got))
	}
	r = policies.Request{Caller: w.Staff["ann"].Caller(), Action: policies.ActCopy, Clip: w.Clip, Purpose: "peer", Now: w.Now}
	if got := b.Decide(r, w.Org, w.Family); got.Allowed || got.Rules[0] != policies.DefaultDeny {
		t.Errorf("a purpose that nobody knows: %s", verdict(got))
	}
}

// idsAreOurs: a set read from bytes numbers its policies; ours carry their @id, and a
// denial names it.
func idsAreOurs(t *testing.T) {
	text, err := files.ReadFile("2-film.cedar")
	if err != nil {
		t.Fatal(err)
	}
	set, err := cedar.NewPolicySetFromBytes("2-film.cedar", text)
	if err != nil {
		t.Fatal(err)
	}
	if set.Get("policy0") == nil {
		t.Error("Cedar does not number policies any more: is ruleOf still needed?")
	}
	for _, n := range loaded(t).list {
		if id := n.policy.Annotations()["id"]; string(n.id) != string(id) || id == "" {
			t.Errorf("rule %q is asked as %q", id, n.id)
		}
	}
}

// experimentalInOneFile: Cedar promises nothing about x/exp; an upgrade that breaks it
// breaks one file.
func experimentalInOneFile(t *testing.T) {
	for _, folder := range []string{".", "..", "../packs", "../policiestest"} {
		names, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				if strings.Contains(i.Path.Value, "cedar-go/x/exp") && filepath.Base(name) != "schema.go" {
					t.Errorf("%s imports %s", name, i.Path.Value)
				}
			}
		}
	}
}
