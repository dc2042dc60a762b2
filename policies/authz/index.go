package authz

import (
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// asked is what the rules of one request have in common: the kind of whoever asks,
// and what they want.
type asked struct {
	principal types.EntityType
	action    types.EntityUID
}

// index holds, for each kind of principal and action, the rules whose first line
// could apply to them, in the order of the bundle. The others could not match, and
// most rules are among them: asking only these takes a third off the time of a ruling.
//
// A rule is left out only where its first line names another kind of principal or
// another action; what it says of the resource, and its conditions, are Cedar's to
// judge. The test asks every case of both, the index and all rules.
type index map[asked]ordered

// indexed makes the index of a list of rules under the schema. A pair that the schema
// does not know, such as a carer who would add a clip, has no rules.
func (s *schema) indexed(list ordered) index {
	ix := index{}
	for uid, action := range s.resolved.Actions {
		if action.AppliesTo == nil {
			continue // a group
		}
		for _, principal := range action.AppliesTo.Principals {
			for _, n := range list {
				if s.concerns(n.policy, principal, uid) {
					k := asked{principal, uid}
					ix[k] = append(ix[k], n)
				}
			}
		}
	}
	return ix
}

// about are the rules to ask about a request. Where there are none nobody granted it,
// whatever a rule without a word on who or what would say.
func (b *Bundle) about(f *facts) cedar.PolicyIterator {
	if b.index == nil {
		return b.list
	}
	return b.index[asked{f.principal.UID.Type, f.action}]
}
