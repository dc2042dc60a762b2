package authz

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// TestEveryRuleMatters drops each rule in turn: some case must break.
//
// RANK-1 is the one rule whose loss changes only the reason: nothing permits a
// head of service to watch by rank either, but "nobody granted this" would not
// tell the person who reads the log what was tried.
func TestEveryRuleMatters(t *testing.T) {
	b, all := loaded(t), cases(t)
	for i, rule := range b.rules {
		without := b.replacing(i, nil)
		breaks := slices.ContainsFunc(all, func(c testcase) bool {
			if !slices.Contains(c.rules(), rule.ID) {
				return false
			}
			got := c.ask(t, without)
			return got.Allowed != c.allows() || rule.ID == "RANK-1" && verdict(got) != c.Expect
		})
		if !breaks {
			t.Errorf("without %s every case is decided as before", rule.ID)
		}
	}
}

// TestEveryRuleBothWays: each rule is seen to decide, and the same action to come
// out the other way.
func TestEveryRuleBothWays(t *testing.T) {
	all := cases(t)
	for _, rule := range loaded(t).Rules() {
		var decided, otherwise bool
		for _, c := range all {
			if slices.Contains(c.rules(), rule.ID) {
				decided = true
				otherwise = otherwise || slices.ContainsFunc(all, func(d testcase) bool {
					return d.When == c.When && d.allows() != c.allows()
				})
			}
		}
		if !decided || !otherwise && rule.ID != "RESTRICT-1" { // nothing stands in the way of a restriction
			t.Errorf("%s: decided %v, otherwise %v", rule.ID, decided, otherwise)
		}
	}
}

// TestFactsFitTheSchema holds the facts of every case against the schema: then a
// rule that was validated cannot fail on them.
func TestFactsFitTheSchema(t *testing.T) {
	text, err := files.ReadFile("schema.cedarschema")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parseSchema(string(text) + words())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases(t) {
		r, o, f := c.request(t)
		facts, ok := load(r, o, f, new(known))
		if !ok {
			continue
		}
		for _, e := range []types.Entity{facts.principal, facts.resource} {
			if err := schema.validator.Entity(e); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
		if !c.allows() {
			continue // a denial may be of a request that makes no sense under the schema
		}
		if err := schema.validator.Request(cedar.Request{
			Principal: facts.principal.UID, Action: facts.action, Resource: facts.resource.UID, Context: facts.context,
		}); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// TestRoleByKind asks for every kind by every role, in a family where nothing
// else stands in the way. The table of kinds is the answer.
func TestRoleByKind(t *testing.T) {
	b := loaded(t)
	for role, who := range map[policies.Role]string{
		policies.Practitioner: "ann", policies.Supervisor: "sup", policies.HeadOfService: "deputy", policies.IGOfficer: "ig", policies.Operator: "op",
	} {
		for _, row := range policies.Kinds() {
			s := testcase{Given: []string{"requested by head", "operator op"}}.situation(t)
			st := s.statement(who, row)
			st.Signer = s.Key(who)
			if row.Kind == policies.KindRoot {
				continue // no device's statement: it has no organisation to be asked of
			}
			got := b.Decide(policies.Request{Caller: s.Staff[who].Caller(), Action: policies.Action(row.Kind), Statement: &st, Now: s.Now}, s.Org, s.Family)
			joins := slices.Contains(row.Signers, policies.SignInvite) || slices.Contains(row.Signers, policies.SignPerson)
			want := row.Restriction && slices.Contains(row.Signers, policies.SignDevice) || joins || slices.Contains(row.Roles, role)
			if got.Allowed != want {
				t.Errorf("%s by a %s: %s, want allowed %v", row.Kind, role, verdict(got), want)
			}
		}
	}
}

// TestDeputyByKind asks for every kind by a deputy: their own role's, and what the
// table says that a deputy does, never the rest of what a head of service does.
func TestDeputyByKind(t *testing.T) {
	b := loaded(t)
	for _, row := range policies.Kinds() {
		if row.Kind == policies.KindRoot {
			continue
		}
		s := testcase{Given: []string{"joined new", "confirmed new", "appointed new"}}.situation(t)
		st := s.statement("new", row)
		got := b.Decide(policies.Request{Caller: s.Staff["new"].Caller(), Action: policies.Action(row.Kind), Statement: &st, Now: s.Now}, s.Org, s.Family)
		joins := slices.Contains(row.Signers, policies.SignInvite) || slices.Contains(row.Signers, policies.SignPerson)
		own := row.Kind == policies.KindFamilyOpen // everything else of a practitioner's needs the team
		stops := row.Restriction && slices.Contains(row.Signers, policies.SignDevice)
		if want := stops || joins || row.Deputy || own; got.Allowed != want {
			t.Errorf("%s by a deputy: %s, want allowed %v", row.Kind, verdict(got), want)
		}
		if row.Deputy && !slices.Contains(row.Roles, policies.HeadOfService) {
			t.Errorf("%s: a deputy does what no head of service does", row.Kind)
		}
	}
}

// TestRestrictionsAreAlwaysAllowed: whatever became of their author.
func TestRestrictionsAreAlwaysAllowed(t *testing.T) {
	b := loaded(t)
	for _, row := range policies.Kinds() {
		if !row.Restriction || !slices.Contains(row.Signers, policies.SignDevice) {
			continue
		}
		for _, given := range []string{"removed ann", "revoked ann", "device revoked ann", "filming revoked"} {
			s := testcase{Given: []string{given}}.situation(t)
			s.Now += policiestest.Day(900)
			st := s.statement("ann", row)
			if got := b.Decide(policies.Request{Action: policies.Action(row.Kind), Statement: &st, Now: s.Now}, s.Org, s.Family); !got.Allowed {
				t.Errorf("%s after %s: %s", row.Kind, given, verdict(got))
			}
		}
	}
}

// TestUnlistedIsDenied: an action that nobody wrote a rule about, and requests
// that make no sense.
func TestUnlistedIsDenied(t *testing.T) {
	b, w := loaded(t), policiestest.NewFilmed()
	st := w.Make(w.Key("ann"), "session.log", policies.RecordID(w.Family.ID), policies.SessionLog{})
	ann := w.Staff["ann"].Caller()
	for name, r := range map[string]policies.Request{
		"UnknownAction":       {Caller: ann, Action: "clip.burn"},
		"KindWithoutABody":    {Caller: ann, Action: "clip.add"},
		"ActionOfAnotherKind": {Caller: ann, Action: "clip.add", Statement: &st},
		"Nobody":              {Action: policies.ActPull},
		"DeviceOfAnother":     {Caller: policies.Caller{Staff: ann.Staff, Device: w.Staff["bea"].Device}, Action: policies.ActPull},
		"NoDevice":            {Caller: policies.Caller{Staff: ann.Staff}, Action: policies.ActPull},
		"UnknownPurpose":      {Caller: ann, Action: policies.ActWatch, Clip: w.Clip, Purpose: "fun"},
		"NoPurpose":           {Caller: ann, Action: policies.ActWatch, Clip: w.Clip},
	} {
		r.Now = w.Now
		if got := b.Decide(r, w.Org, w.Family); got.Allowed || len(got.Rules) == 0 || got.Rules[0] == policies.ErrorDeny {
			t.Errorf("%s: %s", name, verdict(got))
		}
	}
	if got := b.Decide(policies.Request{Caller: ann, Action: policies.ActPull, Now: w.Now}, nil, nil); got.Allowed {
		t.Errorf("without an organisation: %s", verdict(got))
	}
}

// TestDeliveredByAnother: a statement that somebody else brings is judged by its
// author, and by whether the one who brings it may act at all.
func TestDeliveredByAnother(t *testing.T) {
	b, w := loaded(t), policiestest.NewFilmed()
	st := w.Make(w.Key("ann"), "session.log", policies.RecordID(w.Family.ID), policies.SessionLog{})
	r := policies.Request{Caller: w.Staff["bea"].Caller(), Action: "session.log", Statement: &st, Now: w.Now}
	if got := b.Decide(r, w.Org, w.Family); !got.Allowed {
		t.Errorf("by a colleague: %s", verdict(got))
	}
	if _, err := w.InOrg(w.Key("head"), "device.revoke", policies.DeviceRevoke{Device: w.Staff["bea"].Device}); err != nil {
		t.Fatal(err)
	}
	if got := verdict(b.Decide(r, w.Org, w.Family)); got != "deny ACTIVE-1" {
		t.Errorf("by a colleague's revoked device: %s, want deny ACTIVE-1", got)
	}
}

var update = flag.Bool("update", false, "write RULES.md anew")

// TestRulesPage compares RULES.md with what the rules and the table say now.
func TestRulesPage(t *testing.T) {
	want := page(loaded(t), cases(t))
	if *update {
		if err := os.WriteFile("../RULES.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("../RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("RULES.md is not what the rules say; run go test ./policies/authz -run RulesPage -update")
	}
}

// page is RULES.md: the rules for the people who sign them.
func page(b *Bundle, all []testcase) string {
	var p strings.Builder
	p.WriteString(`# The rules

Generated from policies/authz, the table of kinds and policies/cases; do not edit.
Every access is decided by these rules, and the ids of those that decided stand in
the access log. A few that count or tell are applied in place. What a record cannot
hold at all is refused when it is stated.
A **permit** grants. A **forbid** stands in the way whatever is granted. What nobody
granted is denied as ` + "`DEFAULT-DENY`" + `. A rule that cannot be evaluated denies as ` + "`ERROR-DENY`" + `.

`)
	fmt.Fprintf(&p, "Rules adopted by `policy.adopt` are named by the SHA-256 of their files: `%s`.\n", b.SHA256())
	p.WriteString("\n## In one table\n\n| Rule | | In a sentence | Source |\n|---|---|---|---|\n")
	for _, r := range b.Rules() {
		fmt.Fprintf(&p, "| %s | %s | %s | %s |\n", r.ID, r.Effect, r.Title, r.Source)
	}
	p.WriteString("\n## Applied in place\n\n| Rule | In a sentence | Source | Applied by |\n|---|---|---|---|\n")
	for _, r := range policies.AppliedRules() {
		fmt.Fprintf(&p, "| %s | %s | %s | %s |\n", r.ID, r.Title, r.Source, r.Where)
	}
	p.WriteString("\n## Refused by the record itself\n\nWhat a record cannot hold is refused, whoever states it and whatever the rules allow.\n\n| In a sentence | Source |\n|---|---|\n")
	for _, r := range policies.RecordRules() {
		fmt.Fprintf(&p, "| %s | %s |\n", r.Title, r.Source)
	}
	p.WriteString(whoThereIs(b))
	p.WriteString("\n## Who may state what\n\nA restriction is marked *stop*: it is always taken, and the fold asks for the role.\n\n| Kind | Class | Signed with |")
	for _, r := range policies.Roles() {
		fmt.Fprintf(&p, " %s |", r)
	}
	p.WriteString(" deputy |\n|---|---|---|" + strings.Repeat("---|", len(policies.Roles())+1) + "\n")
	for _, row := range policies.Kinds() {
		fmt.Fprintf(&p, "| %s | %s | %s |", row.Kind, className(row.Class), joined(row.Signers))
		for _, r := range policies.Roles() {
			fmt.Fprintf(&p, " %s |", mark(row, r))
		}
		fmt.Fprintf(&p, " %s |\n", markDeputy(row))
	}
	p.WriteString("\n## Each rule\n")
	for _, r := range b.Rules() {
		fmt.Fprintf(&p, "\n### %s\n\n%s\n\nSource: %s.\n\n```cedar\n%s\n```\n\nDecides:\n\n", r.ID, r.Title, r.Source, withoutNotes(r.Text))
		for _, c := range all {
			if slices.Contains(c.rules(), r.ID) {
				fmt.Fprintf(&p, "- %s: %s\n", c.Name, c.Expect)
			}
		}
	}
	return p.String()
}

func className(c policies.Class) string {
	return map[policies.Class]string{policies.Control: "control", policies.Content: "content"}[c]
}

func joined(list []policies.Signer) string {
	var words []string
	for _, s := range list {
		words = append(words, string(s))
	}
	return strings.Join(words, ", ")
}

// markDeputy is what being a deputy adds to somebody's own role.
func markDeputy(row policies.Row) string {
	switch {
	case !row.Deputy:
		return ""
	case row.Restriction:
		return "stop"
	}
	return "yes"
}

func mark(row policies.Row, r policies.Role) string {
	byDevice := slices.Contains(row.Signers, policies.SignDevice)
	switch {
	case !byDevice || len(row.Roles) > 0 && !slices.Contains(row.Roles, r):
		return ""
	case row.Restriction:
		return "stop"
	}
	return "yes"
}

// withoutNotes leaves out the annotations, which stand above as text.
func withoutNotes(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "@") {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, ""))
}
