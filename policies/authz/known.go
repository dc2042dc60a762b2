package authz

import (
	"sync"

	"github.com/attune-vf/attune/policies"
	"github.com/cedar-policy/cedar-go/types"
)

// known keeps the records of facts that are only yes or no. Cedar sorts and hashes a
// record whenever one is made, which took a third of a ruling, and of these there are few:
// a dozen facts, most of which go together. They say nothing of whom they were about.
type known struct {
	mu sync.RWMutex
	// mu guards the field below. At most one for each role and combination of facts.
	records map[outline]types.Record
}

// outline is a noun, the role of a person, and which of the noun's facts are true, one
// bit each in the order of its list.
type outline struct {
	noun  types.EntityType
	role  policies.Role // "" for what has none
	facts uint16
}

// record is the Cedar record of an outline whose facts have these names.
func (k *known) record(o outline, names []string) types.Record {
	k.mu.RLock()
	r, ok := k.records[o]
	k.mu.RUnlock()
	if ok {
		return r
	}
	m := types.RecordMap{}
	for i, name := range names {
		m[types.String(name)] = types.Boolean(o.facts&(1<<i) != 0)
	}
	if o.role != "" {
		m["role"] = entity("Role", string(o.role))
	}
	r = types.NewRecord(m)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.records == nil {
		k.records = map[outline]types.Record{}
	}
	k.records[o] = r
	return r
}

// bits are facts as an outline has them.
func bits(facts ...bool) (out uint16) {
	for i, yes := range facts {
		if yes {
			out |= 1 << i
		}
	}
	return out
}
