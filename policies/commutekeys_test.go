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
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		who := rapid.SampledFrom([]string{"bea", "outsider"}).Draw(t, "who covers")
		return boss(t, w), "cover.authorise", policies.CoverAuthorise{Staff: w.Staff[who].ID, Until: w.Now + policiestest.Day(rapid.IntRange(1, 40).Draw(t, "days of cover"))}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return officer(t), "recovery.use", policies.RecoveryUse{Ground: policies.RecoverCover, Pair: policies.PairAB, For: w.Staff["outsider"].ID}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return officer(t), "recovery.confirm", policies.RecoveryConfirm{Use: recovery(t, w)}
	},
	func(t *rapid.T, w *policiestest.Filmed, _ int) (string, policies.Kind, policies.Body) {
		return officer(t), "recovery.restore", policies.RecoveryRestore{Use: recovery(t, w), Key: policies.KeyName(w.Family.Recipient), To: policies.KeyName(policiestest.Recipient("outsider"))}
	},
}

func officer(t *rapid.T) string { return rapid.SampledFrom([]string{"head", "ig"}).Draw(t, "officer") }

func recovery(t *rapid.T, w *policiestest.Filmed) policies.StatementID {
	return one(t, w.Family.Recoveries)
}
