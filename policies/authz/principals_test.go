package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// principal is one of those whom the rules speak about, for RULES.md: what they are in
// a sentence, and by which words of a permit they are meant.
type principal struct {
	name, sentence string
	meant          []string
}

// everybody lists all of them. Some are roles of staff, some a power that two roles
// have, some no person.
func everybody() []principal {
	role := func(r policies.Role) string { return fmt.Sprintf("Role::%q", string(r)) }
	return []principal{
		{"practitioner", "Works with families, and is on the team of some: those are theirs, and no others.", []string{role(policies.Practitioner), "{ principal.team }"}},
		{"supervisor, other named viewer", "Watches what a family named them for, until a date; often of another organisation.", []string{"resource.named", "principal.listed"}},
		{"head of service", "Permits filming and answers for the service; sees no film by rank.", []string{role(policies.HeadOfService), "by.head_of_service"}},
		{"deputy", "Decides about families in the head's place between two dates, never about their own.", []string{"principal.deputy", "principal.appointed"}},
		{"information governance officer", "Answers for records: reads consent forms and the log, never film.", []string{role(policies.IGOfficer)}},
		{"registrar", "No role of its own, but a power of head of service and information governance officer: staff, training, equipment.", []string{"by.head_of_service", "by.ig_officer"}},
		{"operator", "Runs the machine. OPERATOR-1 leaves them what anybody certified may do, and nothing else.", nil},
		{"anybody certified", "Joins, stops something, and receives who works here, in whatever role.", []string{`in Action::"joining"`, `in Action::"restriction"`, "{ resource.organisation }"}},
		{"carer by link", "Opened the link that they were given, with its PIN.", []string{"principal is Carer"}},
		{"server", "States what only it can know; it cannot read film.", []string{"principal is Server"}},
		{"sweeper", "The part of the server that tidies up; it acts for nobody.", []string{"principal is Sweeper"}},
		{"root", "The key of the founding, kept offline.", []string{"principal is Root"}},
	}
}

// whoThereIs is the part of RULES.md about principals, with the permits for each.
func whoThereIs(b *Bundle) string {
	var p strings.Builder
	p.WriteString("\n## Who there is\n\n| Who | In a sentence | Granted by |\n|---|---|---|\n")
	for _, who := range everybody() {
		fmt.Fprintf(&p, "| %s | %s | %s |\n", who.name, who.sentence, strings.Join(permitsFor(b, who), ", "))
	}
	return p.String()
}

func permitsFor(b *Bundle, who principal) (ids []string) {
	for _, r := range b.Rules() {
		if r.Effect == "permit" && slices.ContainsFunc(who.meant, func(w string) bool { return strings.Contains(r.Text, w) }) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// TestEveryPermitIsForSomebody: no permit is left that RULES.md does not give to one of
// those whom it lists.
func TestEveryPermitIsForSomebody(t *testing.T) {
	b := loaded(t)
	given := map[string]bool{}
	for _, who := range everybody() {
		for _, id := range permitsFor(b, who) {
			given[id] = true
		}
	}
	for _, r := range b.Rules() {
		if r.Effect == "permit" && !given[r.ID] {
			t.Errorf("%s is for nobody on the list", r.ID)
		}
	}
}
