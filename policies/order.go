package policies

import (
	"maps"
	"slices"
	"strings"
)

// later orders what was said more than once: the last by its author's clock counts, and
// of two at one instant the one with the higher id, whatever arrived first.
func later(at Micros, id StatementID, than Micros, other StatementID) bool {
	if at != than {
		return at > than
	}
	return compareID(id, other) > 0
}

// put writes into a map of the state. The map is made where the state was stored
// before its kind was: JSON without the field leaves it nil.
func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// listed copies what a map of the state holds, in an order.
func listed[K comparable, V any](m map[K]*V, order func(a, b V) int) []V {
	var out []V
	for _, v := range m {
		out = append(out, *v)
	}
	slices.SortFunc(out, order)
	return out
}

// sorted lists what a map holds in the order of its ids.
func sorted[V any](m map[StatementID]V) []V {
	var out []V
	for _, id := range slices.SortedFunc(maps.Keys(m), compareID) {
		out = append(out, m[id])
	}
	return out
}

// plainWord is a word of a closed list as people read it.
func plainWord[W ~string](w W) string { return strings.ReplaceAll(string(w), "_", " ") }
