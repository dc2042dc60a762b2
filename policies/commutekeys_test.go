package policies_test

import (
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

// keyActs turn and wrap a family's key, by people some of whom have left, and from keys
// some of which were replaced already.
var keyActs = []func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body){
	func(t *rapid.T, w *policiestest.Filmed, i int) (string, policies.Kind, policies.Body) {
		replaces := []policies.StatementID{policies.StatementID(w.Family.ID)}
		for id := range w.Family.Turns {
			replaces = append(replaces, id)
		}
		slices.SortFunc(replaces, func(a, b policies.StatementID) int { return slices.Compare(a[:], b[:]) })
		by := team(t)
		return by, "key.turn", w.TurnBody(fmt.Sprint("key ", i), rapid.SampledFrom(replaces).Draw(t, "replaces"), by)
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		who := rapid.SampledFrom([]string{"ann", "bea", "outsider"}).Draw(t, "whom")
		return team(t), "key.wrap", policies.KeyWrap{Staff: w.Staff[who].ID, Key: policies.KeyName(w.Family.Recipient), To: policies.KeyName(policiestest.Recipient(who))}
	},
}
