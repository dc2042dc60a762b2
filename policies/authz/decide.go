package authz

import (
	"slices"

	"github.com/attune-vf/attune/policies"
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// Decide rules on a request, with the organisation and the family as they stand
// now; f is nil when the request is about no family. For a statement it is the
// family before the statement, or the one that family.open has just begun.
//
// The ruling names every rule that decided, sorted: the permits that apply, or
// the forbids that stand in the way; DEFAULT-DENY when nobody granted this, also
// for a clip or link that the family does not have; ERROR-DENY when a rule could
// not be evaluated, because Cedar skips such a rule, and a skipped forbid allows.
//
// A ruling to pull a family's record by PULL-DESK or PULL-NAMED and not by
// PULL-TEAM covers control statements only.
func (b *Bundle) Decide(r policies.Request, o *policies.Org, f *policies.Family) policies.Ruling {
	ruling := policies.Ruling{Action: r.Action, Bundle: b.sha256, Rules: []string{policies.DefaultDeny}}
	facts, ok := load(r, o, f, b.known)
	if !ok {
		return ruling
	}
	facts.actions = b.actions
	decision, why := cedar.Authorize(b.about(facts), facts, cedar.Request{
		Principal: facts.principal.UID, Action: facts.action, Resource: facts.resource.UID, Context: facts.context,
	})
	if len(why.Errors) > 0 {
		ruling.Rules = []string{policies.ErrorDeny}
		return ruling
	}
	ruling.Allowed = decision == cedar.Allow
	if len(why.Reasons) > 0 {
		ruling.Rules = names(why.Reasons)
	}
	return ruling
}

func names(reasons []types.DiagnosticReason) []string {
	list := make([]string, len(reasons))
	for i, r := range reasons {
		list[i] = string(r.PolicyID)
	}
	slices.Sort(list)
	return list
}
