package packs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/policies/policiestest"
)

// planning is a service that works by the council's figures, as adopted in policiestest, and
// a clip whose end those put on 30 August 2026.
type planning struct {
	*policiestest.Filmed
	t      *testing.T
	first  policies.Digest
	pack   policies.Pack
	figure map[policies.Digest]policies.Pack
	where  *time.Location
}

func newPlanning(t *testing.T) *planning {
	t.Helper()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	pack, _, err := packs.Load("council")
	if err != nil {
		t.Fatal(err)
	}
	w := &planning{policiestest.NewFilmed(), t, policies.Digest{}, pack, map[policies.Digest]policies.Pack{}, london}
	w.first = w.Org.Policy.SHA256
	w.figure[w.first] = pack
	w.on("2026-06-30")
	w.Do("ann", "family.close", policies.FamilyClose{EndedOn: "2026-06-30"})
	return w
}

func (w *planning) on(day string) {
	d, err := time.ParseInLocation("2006-01-02 15:04", day+" 10:00", w.where)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Now = policies.At(d)
}

// adopt changes how long after the end working clips are kept, and nothing else.
func (w *planning) adopt(keep policies.Period) {
	w.t.Helper()
	file := []byte("figures: " + keep.String() + w.Now.Time().String())
	if _, err := w.InOrg(w.Key("head"), "policy.adopt", policies.NewPolicyAdopt("council", file, policiestest.Digest("rules"))); err != nil {
		w.t.Fatal(err)
	}
	next := w.pack
	next.Retention = append([]policies.RetentionClass{}, w.pack.Retention...)
	for i, c := range next.Retention {
		if c.Class == policies.WorkingClips {
			next.Retention[i].Keep = []policies.KeepRule{{After: policies.OnInvolvementEnded, Value: keep, Source: "a test"}}
		}
	}
	w.figure[w.Org.Policy.SHA256] = next
}

func (w *planning) now() policies.Pack {
	p := w.figure[w.Org.Policy.SHA256]
	p.Before = w.figure
	return p
}

func (w *planning) want(name string, clip policies.ClipID, day string) {
	w.t.Helper()
	x, _ := w.Family.Fate(clip, policies.NewTerms(w.Org, w.now(), w.where, w.Now))
	if got := x.Until.String(); got != day {
		w.t.Errorf("%s: kept until %q, want %q: %v", name, got, day, x.Reasons)
	}
	if k, _ := w.Family.Keeping(w.Org, clip, w.now(), w.Now, w.where); k.Until.String() != day {
		w.t.Errorf("%s: retention list says %q, want %q", name, k.Until, day)
	}
}

func (w *planning) moves() []policies.Move {
	return w.Family.Moves(w.Org, w.now(), w.Now, w.where)
}

// TestChangeOfFigures: later dates count at once. Earlier ones count thirty days after two
// people in different roles signed the same list, and never of what nobody signed.
//
// Source: policies.md §2.5, DESIGN §9: a changed policy moves nothing earlier without an
// approved plan.
func TestChangeOfFigures(t *testing.T) {
	w := newPlanning(t)
	w.want("council", w.Clip, "2026-08-30")
	if got := w.moves(); len(got) > 0 {
		t.Errorf("moves without a change: %v", got)
	}

	w.adopt(policies.Period{Months: 4})
	w.want("later at once", w.Clip, "2026-10-30")
	if got := w.moves(); len(got) != 1 || got[0].Earlier || got[0].Before != "2026-08-30 destroy" || got[0].After != "2026-10-30 destroy" {
		t.Errorf("moves later: %+v", got)
	}

	w.on("2026-07-01")
	w.adopt(policies.Period{Months: 1})
	w.want("not earlier by itself", w.Clip, "2026-10-30")
	after := policies.ClipID(w.Do("ann", "clip.add", w.ClipBody()))
	w.want("film that came after the change", after, "2026-07-30")
	moves := w.moves()
	if len(moves) != 1 || !moves[0].Earlier || moves[0].Before != "2026-10-30 destroy" || moves[0].After != "2026-07-30 destroy" || moves[0].Clip != w.Clip {
		t.Fatalf("moves earlier: %+v", moves)
	}
	if got := w.Org.Matters(w.now(), w.Now); len(got) != 1 || got[0].Kind != policies.PlanWaits || !got[0].Waits(policies.IGOfficer) {
		t.Errorf("waiting for a plan: %v", got)
	}

	plan := policies.NewRetentionPlan(w.Org.Policy.Adopted, w.Now, moves)
	id, err := w.InOrg(w.Key("ig"), "retention.plan", plan)
	if err != nil {
		t.Fatal(err)
	}
	w.want("one signature", w.Clip, "2026-10-30")
	if got := w.Org.Matters(w.now(), w.Now); len(got) != 1 || !got[0].Waits(policies.HeadOfService) {
		t.Errorf("waiting for the second: %v", got)
	}
	if _, err := w.InOrg(w.Key("head"), "retention.approve", policies.RetentionApprove{Plan: id, Hash: policiestest.Digest("another")}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("another list: %v", err)
	}
	if _, err := w.InOrg(w.Key("ig"), "retention.approve", policies.RetentionApprove{Plan: id, Hash: plan.Hash}); !errors.Is(err, policies.ErrSigner) {
		t.Errorf("the same person twice: %v", err)
	}
	if _, err := w.InOrg(w.Key("head"), "retention.approve", policies.RetentionApprove{Plan: id, Hash: plan.Hash}); err != nil {
		t.Fatal(err)
	}
	w.on("2026-07-30")
	w.want("29 days after the second signature", w.Clip, "2026-10-30")
	w.on("2026-08-01")
	w.want("31 days after it", w.Clip, "2026-07-30")
	if got := w.moves(); len(got) > 0 {
		t.Errorf("moves after the plan: %+v", got)
	}
}

// TestPlanOfOtherFigures ends with them, and so do plans that are too old.
func TestPlanOfOtherFigures(t *testing.T) {
	w := newPlanning(t)
	nothing := policies.NewRetentionPlan(w.Org.Policy.Adopted, w.Now, nil)
	if _, err := w.InOrg(w.Key("ig"), "retention.plan", nothing); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("without a change: %v", err)
	}
	w.adopt(policies.Period{Months: 1})
	old := policies.NewRetentionPlan(w.Org.Policy.Adopted, w.Now-8*24*policies.Hour, w.moves())
	if _, err := w.InOrg(w.Key("ig"), "retention.plan", old); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("of last week: %v", err)
	}
	plan := policies.NewRetentionPlan(w.Org.Policy.Adopted, w.Now, w.moves())
	id, err := w.InOrg(w.Key("ig"), "retention.plan", plan)
	if err != nil {
		t.Fatal(err)
	}
	w.adopt(policies.Period{Days: 20})
	if _, err := w.InOrg(w.Key("head"), "retention.approve", policies.RetentionApprove{Plan: id, Hash: plan.Hash}); !errors.Is(err, policies.ErrNotPossible) {
		t.Errorf("after other figures: %v", err)
	}
	w.on("2027-01-01")
	w.want("nobody signed", w.Clip, "2026-08-30")
}

// TestFiguresThatAreNotHere: what they bind has no date, and is kept.
func TestFiguresThatAreNotHere(t *testing.T) {
	w := newPlanning(t)
	w.adopt(policies.Period{Months: 1})
	delete(w.figure, w.first)
	w.on("2027-01-01")
	w.want("unknown figures", w.Clip, "")
}

// TestPlanHashIsOfTheList: any line, the day or the change makes another hash, and the order
// in which families come makes none.
func TestPlanHashIsOfTheList(t *testing.T) {
	a := policies.Move{Family: policies.FamilyID{1}, Clip: policies.ClipID{2}, Class: policies.RawFilm, Before: "waiting", After: "2026-01-01 destroy", Earlier: true}
	b := a
	b.Family = policies.FamilyID{3}
	of := policies.StatementID{9}
	want := policies.PlanHash(of, 5, []policies.Move{a, b})
	if got := policies.PlanHash(of, 5, []policies.Move{b, a}); got != want {
		t.Error("the order of arrival changes the hash")
	}
	other := a
	other.After = "2026-01-02 destroy"
	for name, got := range map[string]policies.Digest{
		"another date": policies.PlanHash(of, 5, []policies.Move{other, b}), "a line less": policies.PlanHash(of, 5, []policies.Move{a}),
		"another day": policies.PlanHash(of, 6, []policies.Move{a, b}), "another change": policies.PlanHash(policies.StatementID{8}, 5, []policies.Move{a, b}),
	} {
		if got == want {
			t.Errorf("%s: the same hash", name)
		}
	}
}
