package authz

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

func loaded(t testing.TB) *Bundle {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLoad(t *testing.T) {
	b := loaded(t)
	again := loaded(t)
	if b.SHA256() != again.SHA256() || b.SHA256().IsZero() {
		t.Error("the same rules have two names")
	}
	if len(b.Rules()) < 30 {
		t.Errorf("%d rules, at least 30 expected", len(b.Rules()))
	}
}

// one builds a bundle of one rule beside the real schema.
func one(t *testing.T, rule string) (*Bundle, error) {
	t.Helper()
	schema, err := files.ReadFile("schema.cedarschema")
	if err != nil {
		t.Fatal(err)
	}
	return build([]source{{"schema.cedarschema", string(schema)}, {"words", words()}, {"rule.cedar", rule}})
}

const noted = `@id("A") @title("a") @source("b") `

// TestLoadRefuses has one slip per case that Cedar's parser, its validator or our
// lint must catch: notes/policies.md §1.3.
func TestLoadRefuses(t *testing.T) {
	good := noted + `forbid (principal is Staff, action == Action::"clip.watch", resource) when { principal.role == Role::"ig_officer" };`
	if _, err := one(t, good); err != nil {
		t.Fatalf("the rule that every case breaks is refused: %v", err)
	}
	for _, c := range []struct{ name, rule string }{
		{"RoleMisspelt", strings.Replace(good, "ig_officer", "ig_oficer", 1)},
		{"RoleMisspeltInASet", noted + `forbid (principal is Staff, action, resource) when { [Role::"supervisor", Role::"boss"].contains(principal.role) };`},
		{"PurposeMisspelt", noted + `forbid (principal is Staff, action == Action::"clip.watch", resource) when { context.purpose == Purpose::"supervison" };`},
		{"ContactMisspelt", noted + `forbid (principal, action == Action::"link.open", resource is Link) when { resource.contact == Contact::"safe" };`},
		{"ActionMisspelt", strings.Replace(good, "clip.watch", "clip.wach", 1)},
		{"ActionMisspeltInAGroup", noted + `forbid (principal, action in [Action::"watching", Action::"copyng"], resource);`},
		{"ActionMisspeltInACondition", noted + `forbid (principal, action, resource) when { action in Action::"restrictions" };`},
		{"AttributeMisspelt", strings.Replace(good, "principal.role", "principal.rol", 1)},
		{"TypeMisspelt", strings.Replace(good, "principal is Staff", "principal is Staf", 1)},
		{"OnePersonNamed", noted + `permit (principal == Staff::"ann", action == Action::"clip.watch", resource);`},
		{"NoID", strings.Replace(good, `@id("A")`, "", 1)},
		{"EmptyTitle", strings.Replace(good, `@title("a")`, `@title("")`, 1)},
		{"NoSource", strings.Replace(good, `@source("b")`, "", 1)},
		{"SameIDTwice", good + strings.Replace(good, `@title("a")`, `@title("c")`, 1)},
		{"SameTitleTwice", good + strings.Replace(good, `@id("A")`, `@id("B")`, 1)},
		{"CalledDefaultDeny", strings.Replace(good, `@id("A")`, `@id("DEFAULT-DENY")`, 1)},
		{"NotCedar", "forbid everything"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := one(t, c.rule); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// TestActionsInStore proves the trap and the answer to it: without the action
// entities a forbid on a group is skipped, and rank would see film.
func TestActionsInStore(t *testing.T) {
	w := policiestest.NewFilmed()
	r := policies.Request{Caller: w.Staff["ig"].Caller(), Action: policies.ActCopy, Clip: w.Clip, Purpose: policies.FamilyCopy, Now: w.Now}
	b := loaded(t)
	if got := b.Decide(r, w.Org, w.Family); got.Rules[0] != "RANK-2" {
		t.Fatalf("rules = %v, want RANK-2", got.Rules)
	}
	for uid := range b.actions {
		if _, ok := (&facts{actions: b.actions}).Get(uid); !ok {
			t.Errorf("%s is not in the store", uid)
		}
	}
	b.actions = nil
	if got := b.Decide(r, w.Org, w.Family); got.Rules[0] != policies.DefaultDeny {
		t.Errorf("rules = %v: the trap this test is about is gone; is the answer still needed?", got.Rules)
	}
}

// TestErrorDenies breaks a forbid at run time: Cedar skips it and allows; we deny.
func TestErrorDenies(t *testing.T) {
	w := policiestest.NewFilmed()
	b, err := one(t, noted+`permit (principal, action, resource);
		@id("B") @title("b") @source("b") forbid (principal is Staff, action == Action::"clip.watch", resource is Clip) when { context.now + 9223372036854775807 > 0 };`)
	if err != nil {
		t.Fatal(err)
	}
	got := b.Decide(policies.Request{Caller: w.Staff["ann"].Caller(), Action: policies.ActWatch, Clip: w.Clip, Purpose: policies.FilmAndUse, Now: w.Now}, w.Org, w.Family)
	if got.Allowed || len(got.Rules) != 1 || got.Rules[0] != policies.ErrorDeny {
		t.Errorf("ruling = %+v, want a denial by %s", got, policies.ErrorDeny)
	}
}

// TestOrderIsStable asks one question with many reasons many times.
func TestOrderIsStable(t *testing.T) {
	w := policiestest.NewFilmed()
	b := loaded(t)
	r := policies.Request{Caller: w.Staff["ig"].Caller(), Action: policies.ActCopy, Clip: w.Clip, Purpose: policies.Peers, Now: w.Now}
	want := "COPY-PURPOSE RANK-2 VIEW-CONSENT"
	for range 200 {
		if got := strings.Join(b.Decide(r, w.Org, w.Family).Rules, " "); got != want {
			t.Fatalf("rules = %s, want %s", got, want)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	w := policiestest.NewFilmed()
	bundle := loaded(b)
	r := policies.Request{Caller: w.Staff["ann"].Caller(), Action: policies.ActWatch, Clip: w.Clip, Purpose: policies.FilmAndUse, Now: w.Now}
	b.ReportAllocs()
	for b.Loop() {
		if !bundle.Decide(r, w.Org, w.Family).Allowed {
			b.Fatal("denied")
		}
	}
}
