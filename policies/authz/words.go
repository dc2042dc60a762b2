package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// words is the part of the schema that follows from the tables in package
// policies: the closed word lists, and one action per kind of statement with the
// groups that rules refer to. Writing it here twice would let the two drift.
func words() string {
	var b strings.Builder
	enum(&b, "Role", policies.Roles())
	enum(&b, "Purpose", policies.Purposes())
	enum(&b, "Contact", policies.Contacts())
	for _, g := range groups() {
		fmt.Fprintf(&b, "action %q;\n", g)
	}
	for _, row := range policies.Kinds() {
		fmt.Fprintf(&b, "action %q in [%s] appliesTo { principal: [%s], resource: [%s], context: { now: Long } };\n",
			row.Kind, quoted(groupsOf(row)), strings.Join(principals(row), ", "), resource(row.Kind))
	}
	return b.String()
}

func enum[W ~string](b *strings.Builder, name string, list []W) {
	fmt.Fprintf(b, "entity %s enum [%s];\n", name, quoted(list))
}

func quoted[W ~string](list []W) string {
	q := make([]string, len(list))
	for i, w := range list {
		q[i] = fmt.Sprintf("%q", string(w))
	}
	return strings.Join(q, ", ")
}

// groups names the action groups of statement kinds. Every role has one, so that
// a rule about a role that signs nothing is still a valid rule.
func groups() []string {
	g := []string{"joining", "restriction", "team", "by.server", "by.root", "by.deputy"}
	for _, r := range policies.Roles() {
		g = append(g, "by."+string(r))
	}
	return g
}

// groupsOf says what a kind is to the rules. A restriction is in no role's group:
// RESTRICT-1 takes it from anyone whom the fold accepts as its author.
func groupsOf(row policies.Row) []string {
	var g []string
	signs := func(s policies.Signer) bool { return slices.Contains(row.Signers, s) }
	if signs(policies.SignInvite) || signs(policies.SignPerson) {
		g = append(g, "joining")
	}
	if signs(policies.SignServer) {
		g = append(g, "by.server")
	}
	if signs(policies.SignRoot) {
		g = append(g, "by.root")
	}
	if row.Restriction {
		return append(g, "restriction")
	}
	if row.ByTeam() {
		g = append(g, "team") // where others state it too, a rule of its own asks for the team
	}
	for _, r := range row.Roles {
		g = append(g, "by."+string(r))
	}
	if row.Deputy {
		g = append(g, "by.deputy")
	}
	return append(g, use[row.Kind].group...)
}

// use is a constant: the kinds whose ruling needs more than the record they are
// in, with the resource that carries those facts and the group they share with
// an action of another name.
var use = map[policies.Kind]struct {
	resource string
	group    []string
}{
	"clip.add":         {"Clip", []string{"uploading", "making"}},
	"approval.request": {"Record", []string{"making"}},
	"breakglass.open":  {"Glass", nil},
	"clip.stored":      {"Disposal", nil},
	"clip.mark":        {"Disposal", nil},
	"clip.destroy":     {"Disposal", nil},
	"link.create":      {"Link", []string{"linking"}},
	"link.pin":         {"Link", []string{"linking"}},
	"approval.grant":   {"Approval", nil},
	"viewer.add":       {"Listing", nil},
	"device.certify":   {"Device", nil},
	"staff.rekey":      {"Device", nil},
}

func resource(k policies.Kind) string {
	if u, ok := use[k]; ok {
		return u.resource
	}
	return "Record"
}

func principals(row policies.Row) []string {
	var list []string
	for _, s := range row.Signers {
		p := "Staff"
		switch s {
		case policies.SignRoot:
			p = "Root"
		case policies.SignServer:
			p = "Server"
		}
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}
