package policies_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// keyed is a family whose key ann and bea have.
func keyed() *policiestest.World {
	w := policiestest.New()
	w.Open("ann")
	w.Do("ann", "team.add", add(w, "bea"))
	return w
}

// add puts somebody on the team with the key in force.
func add(w *policiestest.World, who string) policies.TeamAdd {
	return policies.TeamAdd{Staff: w.Staff[who].ID, Key: policies.KeyName(w.Family.Recipient), To: policies.KeyName(policiestest.Recipient(who))}
}

func due(w *policiestest.World) []policies.StaffID { return w.Family.KeyDue(w.Org, w.Now) }

func (k keyTest) wants(t *testing.T, w *policiestest.World) {
	t.Helper()
	var want []policies.StaffID
	for _, who := range k.due {
		want = append(want, w.Staff[who].ID)
	}
	if got := due(w); !slices.Equal(got, want) {
		t.Errorf("due because of %d people, want %v", len(got), k.due)
	}
}

type keyTest struct {
	name string
	do   func(w *policiestest.World)
	due  []string
}

// TestKeyDue: the key is due exactly while somebody was given it who should not have it.
//
// Source: DESIGN §4: team.remove and staff.revoke mark the key due.
func TestKeyDue(t *testing.T) {
	remove := func(w *policiestest.World, who string) {
		w.Do("head", "team.remove", policies.TeamRemove{Staff: w.Staff[who].ID})
	}
	revoke := func(w *policiestest.World, who string) {
		if _, err := w.InOrg(w.Key("deputy"), "staff.revoke", policies.StaffRevoke{Staff: w.Staff[who].ID}); err != nil {
			t.Fatal(err)
		}
	}
	turn := func(w *policiestest.World, name string, to ...string) policies.StatementID {
		return w.Do(to[0], "key.turn", w.TurnBody(name, w.Family.KeyStatement(), to...))
	}
	for _, c := range []keyTest{
		{"Nobody", func(*policiestest.World) {}, nil},
		{"Removed", func(w *policiestest.World) { remove(w, "bea") }, []string{"bea"}},
		{"RemovedAndBack", func(w *policiestest.World) { remove(w, "bea"); w.Do("ann", "team.add", add(w, "bea")) }, nil},
		{"RemovedAndTurned", func(w *policiestest.World) { remove(w, "bea"); turn(w, "new", "ann") }, nil},
		{"RemovedTurnedAndRemovedAgain", func(w *policiestest.World) { remove(w, "bea"); turn(w, "new", "ann"); remove(w, "bea") }, nil},
		{"TurnedWithoutKnowing", func(w *policiestest.World) { remove(w, "bea"); turn(w, "new", "ann", "bea") }, []string{"bea"}},
		{"NeverOnTheTeam", func(w *policiestest.World) { remove(w, "outsider") }, nil},
		{"AddedWithoutKey", func(w *policiestest.World) {
			w.Do("ann", "team.add", policies.TeamAdd{Staff: w.Staff["outsider"].ID})
			remove(w, "outsider")
		}, nil},
		{"AddedWithReplacedKey", func(w *policiestest.World) {
			late := add(w, "outsider")
			remove(w, "bea")
			turn(w, "new", "ann")
			w.Do("ann", "team.add", late)
			remove(w, "outsider")
		}, nil},
		{"Revoked", func(w *policiestest.World) { revoke(w, "bea") }, []string{"bea"}},
		{"RevokedAndTurned", func(w *policiestest.World) { revoke(w, "bea"); turn(w, "new", "ann") }, nil},
		{"TurnedByWhoLeft", func(w *policiestest.World) { turn(w, "new", "bea"); remove(w, "bea") }, []string{"bea"}},
		{"WhoTurnedAndDidNotSay", func(w *policiestest.World) {
			w.Do("bea", "key.turn", w.TurnBody("new", w.Family.KeyStatement(), "ann"))
			remove(w, "bea")
		}, []string{"bea"}},
		{"CertificateEnded", func(w *policiestest.World) { w.Org.Staff[w.Staff["bea"].ID].Until = w.Now }, []string{"bea"}},
		{"AnotherKeyOfTheirOwn", func(w *policiestest.World) {
			w.Org.Staff[w.Staff["bea"].ID].Recipient = policiestest.Recipient("bea, anew")
		}, []string{"bea"}},
		{"WrappedLater", func(w *policiestest.World) {
			turn(w, "new", "ann")
			w.Do("ann", "key.wrap", policies.KeyWrap{Staff: w.Staff["bea"].ID, Key: policies.KeyName(w.Family.Recipient), To: policies.KeyName(policiestest.Recipient("bea"))})
			remove(w, "bea")
		}, []string{"bea"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := keyed()
			c.do(w)
			c.wants(t, w)
		})
	}
}

// TestKeyInForce: the end of the longest chain, and of two of a length the one with the
// lower identifier.
func TestKeyInForce(t *testing.T) {
	w := keyed()
	opening := policies.StatementID(w.Family.ID)
	one := w.Do("ann", "key.turn", w.TurnBody("one", opening, "ann", "bea"))
	if w.Family.Recipient != policiestest.Recipient("one") {
		t.Fatal("the new key is not in force")
	}
	other := w.Do("bea", "key.turn", w.TurnBody("other", opening, "ann", "bea"))
	low, name, high := one, "one", other
	if slices.Compare(other[:], one[:]) < 0 {
		low, name, high = other, "other", one
	}
	if got := w.Family.KeyStatement(); got != low || w.Family.Recipient != policiestest.Recipient(name) {
		t.Errorf("in force is %s, want %s", got.Short(), low.Short())
	}
	w.Do("ann", "key.turn", w.TurnBody("longer", high, "ann"))
	if w.Family.Recipient != policiestest.Recipient("longer") {
		t.Error("a longer chain does not win")
	}
	if got := w.Family.Recipients(); len(got) != 4 || got[0] != policiestest.Recipient("family") {
		t.Errorf("%d keys, want the first and three more", len(got))
	}
	if got := w.Family.WithoutKey(w.Org, w.Now); len(got) != 1 || got[0] != w.Staff["bea"].ID {
		t.Errorf("without the key: %d, want bea alone", len(got))
	}
	if got := w.Family.LockedOut(w.Family.KeyStatement()); len(got) != 1 || got[0] != w.Staff["bea"].ID {
		t.Errorf("locked out: %d, want bea alone", len(got))
	}
}

// TestKeyTurnRefused: what no order of arrival makes possible, and what may yet be.
func TestKeyTurnRefused(t *testing.T) {
	w := keyed()
	opening := policies.StatementID(w.Family.ID)
	for _, c := range []struct {
		name, who string
		body      policies.Body
		want      error
	}{
		{"Stranger", "outsider", w.TurnBody("new", opening, "outsider"), policies.ErrSigner},
		{"OfNothing", "ann", w.TurnBody("new", policies.StatementID{9}, "ann"), policies.ErrMissing},
		{"FirstKeyAgain", "ann", w.TurnBody("family", opening, "ann"), policies.ErrNotPossible},
		{"ForNobody", "ann", w.TurnBody("new", opening), policies.ErrNotPossible},
		{"WrapForStranger", "ann", policies.KeyWrap{Staff: w.Staff["outsider"].ID, Key: policiestest.Digest("k"), To: policiestest.Digest("t")}, policies.ErrMissing},
		{"AddOneself", "ann", add(w, "ann"), policies.ErrNotPossible},
	} {
		kind := policies.Kind("key.turn")
		switch c.body.(type) {
		case policies.KeyWrap:
			kind = "key.wrap"
		case policies.TeamAdd:
			kind = "team.add"
		}
		if _, err := w.InFamily(c.who, kind, c.body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestTurnedOfALongChain: which key is in force is found in one walk over the turns, and
// ties go by the identifier, whatever the order of the map.
func TestTurnedOfALongChain(t *testing.T) {
	const long = 20_000
	f := &policies.Family{ID: policies.FamilyID{1}, Recipient: "age1first", Turns: map[policies.StatementID]*policies.Turn{}}
	before := policies.StatementID(f.ID)
	for i := range long {
		id := policies.StatementID(policies.DigestOf([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
		f.Turns[id] = &policies.Turn{ID: id, Recipient: id.String(), Replaces: before}
		before = id
	}
	if last, ok := f.LastTurn(); !ok || last.ID != before {
		t.Errorf("in force is %s, want the end of the chain, %s", last.ID.Short(), before.Short())
	}
	lower, higher := policies.StatementID{0: 0, 31: 1}, policies.StatementID{0: 255, 31: 1}
	for _, id := range []policies.StatementID{higher, lower} {
		f.Turns[id] = &policies.Turn{ID: id, Recipient: id.String(), Replaces: before}
	}
	for range 20 {
		if last, _ := f.LastTurn(); last.ID != lower {
			t.Fatalf("in force is %s, want the lower of two, %s", last.ID.Short(), lower.Short())
		}
	}
}
