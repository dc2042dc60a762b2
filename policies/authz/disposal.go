package authz

import (
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/cedar-policy/cedar-go/types"
)

// disposal is the mark or the order that the server would state about a clip, or that it is
// stored.
func (q *question) disposal() (types.Entity, bool) {
	if q.family == nil {
		return types.Entity{}, false
	}
	if b, ok := bodyOf[policies.ClipMark](q); ok {
		word := !slices.ContainsFunc(b.Authority, func(id policies.StatementID) bool { return !q.family.Authority(q.org, id) })
		return disposalOf(word, false, false, false), true
	}
	if b, ok := bodyOf[policies.ClipStored](q); ok {
		c := q.family.Clips[b.Clip]
		return disposalOf(false, false, false, c != nil && !c.Destroying.IsZero()), true
	}
	b, ok := bodyOf[policies.ClipDestroy](q)
	stands, over := q.family.MayDestroy(q.org, b, q.Now)
	return disposalOf(false, stands, over, false), ok
}

func disposalOf(word, stands, over, ordered bool) types.Entity {
	return thing(entity("Disposal", "disposal"), types.RecordMap{
		"word": types.Boolean(word), "stands": types.Boolean(stands), "over": types.Boolean(over), "ordered": types.Boolean(ordered),
	})
}
