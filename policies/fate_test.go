package policies_test

import (
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
	"pgregory.net/rapid"
)

// fated is the pack of these tests: film is kept for 30 days from filming, or from the
// summary where the class asks for one.
func fated(change func(*policies.RetentionClass)) policies.Pack {
	p := clocked
	p.Clocks.Grace = policies.Figure{Value: 7, Source: "test"}
	p.Clocks.Backup = policies.Figure{Value: 35, Source: "test"}
	class := policies.RetentionClass{
		Class: policies.WorkingClips, Then: policies.FateDestroy, Withdrawal: policies.FateDestroy, Controller: policies.FilmingService, Source: "Service policy.",
		Keep: []policies.KeepRule{{After: policies.OnFilmed, Value: policies.Period{Days: 30}, Source: "Service policy."}},
	}
	if change != nil {
		change(&class)
	}
	p.Retention = []policies.RetentionClass{class}
	return p
}

func fateOf(w *policiestest.Filmed, p policies.Pack) policies.Fated {
	x, _ := w.Family.Fate(w.Clip, policies.NewTerms(w.Org, p, time.UTC, w.Now))
	return x
}

// TestFate: what stands first decides. Filmed on Monday 2 March 2026, kept to 1 April.
func TestFate(t *testing.T) {
	type world = *policiestest.Filmed
	withdrawn := func(w world) policies.StatementID { return w.Do("ann", "consent.withdraw", withdraw(w)) }
	confirmed := func(w world) { w.Do("bea", "disposal.authorise", confirm(withdrawn(w))) }
	letGo := func(w world) { w.Do("ig", "disposal.approve", w.ApproveBody()) }
	marked := func(w world) {
		word := w.Do("ig", "disposal.approve", w.ApproveBody())
		w.Do("server", "clip.mark", w.MarkBody(word, policies.BySchedule))
	}
	hold := func(w world) { w.Do("ig", "hold.place", policies.HoldPlace{Kind: "police"}) }
	kept := func(w world) {
		w.Do("head", "decision.make", policies.DecisionMake{Of: withdrawn(w), Outcome: policies.Keep, Ground: policies.LegalClaim})
	}
	law := func(c *policies.RetentionClass) {
		c.Minimum = []policies.KeepRule{{After: policies.OnFilmed, Value: policies.Period{Days: 100}, Source: "An Act."}}
	}
	looked := func(c *policies.RetentionClass) { c.Then = policies.FateReview }
	for _, c := range []struct {
		name  string
		pack  func(*policies.RetentionClass)
		given func(w world)
		day   int // after the filming
		then  func(w world)
		later int
		want  policies.FateState
	}{
		{name: "OnItsLastDay", day: 30, want: policies.FateKept},
		{name: "PastItsDate", day: 31, want: policies.FateDue},
		{name: "LetGoPastItsDate", day: 31, then: letGo, want: policies.FateReady},
		{name: "LetGoBeforeItsDate", given: letGo, day: 30, want: policies.FateKept},
		{name: "LetGoBeforeItsDateAndPastIt", given: letGo, day: 31, want: policies.FateReady},
		{name: "Marked", day: 31, then: marked, later: 7, want: policies.FateGrace},
		{name: "MarkedAndItsGraceOver", day: 31, then: marked, later: 8, want: policies.FateGo},
		{name: "HeldInItsGrace", day: 31, then: func(w world) { marked(w); hold(w) }, later: 8, want: policies.FateHeld},
		{name: "Held", day: 31, then: func(w world) { letGo(w); hold(w) }, want: policies.FateHeld},
		{name: "HeldBeforeTheLaw", pack: law, given: hold, day: 31, want: policies.FateHeld},
		{name: "TheLawBeforeAWithdrawal", pack: law, given: confirmed, day: 31, want: policies.FateKept},
		{name: "TheLawBeforeAnApproval", pack: law, day: 31, then: letGo, want: policies.FateKept},
		{name: "TheLawIsOver", pack: law, given: confirmed, day: 101, want: policies.FateReady},
		{name: "WithdrawnAndTheClockRuns", given: confirmed, day: 7, want: policies.FateClock},
		{name: "WithdrawnAndTheClockHasRun", given: confirmed, day: 8, want: policies.FateReady},
		{name: "WithdrawnAndNobodyConfirmed", given: func(w world) { withdrawn(w) }, day: 20, want: policies.FateLook},
		{name: "WithdrawnWhereItIsRestricted", pack: func(c *policies.RetentionClass) { c.Withdrawal = policies.FateRestrict }, given: confirmed, day: 20, want: policies.FateKept},
		{name: "WithdrawnWhereItIsRestrictedPastItsDate", pack: func(c *policies.RetentionClass) { c.Withdrawal = policies.FateRestrict }, given: confirmed, day: 31, want: policies.FateDue},
		{name: "WithdrawnWhereSomebodyDecides", pack: func(c *policies.RetentionClass) { c.Withdrawal = policies.FateReview }, given: confirmed, day: 20, want: policies.FateLook},
		{name: "WithdrawnAndKept", given: kept, day: 20, want: policies.FateKept},
		{name: "WithdrawnAndKeptPastItsDate", given: kept, day: 31, want: policies.FateDue},
		{name: "WithdrawnAndKeptAndLetGoSince", given: kept, day: 31, then: letGo, want: policies.FateReady},
		{name: "LetGoAndThenKept", given: func(w world) { letGo(w); w.Now += policies.Hour; kept(w) }, day: 31, want: policies.FateDue},
		{name: "ForAPersonToLookAt", pack: looked, day: 31, want: policies.FateLook},
		{name: "LookedAt", pack: looked, day: 31, then: letGo, want: policies.FateReady},
		{name: "NoRuleFits", pack: func(c *policies.RetentionClass) { c.Keep[0].When = []policies.Case{policies.IfAdultsOnly} }, day: 31, want: policies.FateLook},
		{name: "ItsSummaryIsMissing", pack: func(c *policies.RetentionClass) { c.SummaryGate = true }, day: 31, want: policies.FateWaiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, p := policiestest.NewFilmed(), fated(c.pack)
			if c.given != nil {
				c.given(w)
			}
			w.Now = policiestest.Start + policiestest.Day(c.day)
			if c.then != nil {
				c.then(w)
			}
			w.Now += policiestest.Day(c.later)
			x := fateOf(w, p)
			if x.State != c.want {
				t.Errorf("%q, want %q; %v", x.State, c.want, x.Reasons)
			}
			if len(x.Reasons) == 0 {
				t.Error("no reason is given")
			}
		})
	}
}

// TestFateUnderOlderFigures: figures that are adopted later move nothing earlier by
// themselves, and later at once.
func TestFateUnderOlderFigures(t *testing.T) {
	keep := func(days int) policies.Pack {
		return fated(func(c *policies.RetentionClass) { c.Keep[0].Value.Days = days })
	}
	w := policiestest.NewFilmed()
	for _, c := range []struct {
		now, before int
		want        string
	}{{10, 30, "2026-04-01"}, {40, 30, "2026-04-11"}} {
		terms := policies.NewTerms(w.Org, keep(c.now), time.UTC, w.Now)
		terms.Older = []policies.OlderPack{{Pack: keep(c.before), Until: policies.MaxInstant}}
		if x, _ := w.Family.Fate(w.Clip, terms); x.Until.String() != c.want {
			t.Errorf("%d days, before %d: until %s, want %s", c.now, c.before, x.Until, c.want)
		}
	}
}

// TestStandingAuthorisation lets working material go, and nothing that a person looks at or
// somebody decided to keep.
func TestStandingAuthorisation(t *testing.T) {
	for _, c := range []struct {
		name  string
		class func(*policies.RetentionClass)
		kept  bool
		raw   bool
		want  policies.FateState
	}{
		{name: "RawFilm", raw: true, want: policies.FateReady},
		{name: "ForAPersonToLookAt", raw: true, class: func(c *policies.RetentionClass) { c.Then = policies.FateReview }, want: policies.FateLook},
		{name: "DecidedToKeep", raw: true, kept: true, want: policies.FateDue},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := policiestest.NewFilmed()
			p := fated(c.class)
			w.Family.Clips[w.Clip].Kind = policies.Film
			p.Retention[0].Class = policies.RawFilm
			if c.kept {
				of := w.Do("ann", "consent.withdraw", withdraw(w))
				w.Do("head", "decision.make", policies.DecisionMake{Of: of, Outcome: policies.Keep, Ground: policies.LegalClaim})
			}
			w.Now = policiestest.Start + policiestest.Day(31)
			terms := policies.NewTerms(w.Org, p, time.UTC, w.Now)
			terms.Standing = func(policies.ClassName) []policies.StatementID { return []policies.StatementID{{5}} }
			if x, _ := w.Family.Fate(w.Clip, terms); x.State != c.want {
				t.Errorf("%q, want %q; %v", x.State, c.want, x.Reasons)
			}
		})
	}
}

// TestHeldIsNeverDestroyed: in any story, while anything holds a clip it is held or past the
// order; no date alone lets it go; and what goes names a person's word.
func TestHeldIsNeverDestroyed(t *testing.T) {
	pack := fated(nil)
	rapid.Check(t, func(t *rapid.T) {
		w, _ := story(t)
		w.Now += policiestest.Day(rapid.SampledFrom([]int{0, 5, 40, 400}).Draw(t, "days"))
		terms := policies.NewTerms(w.Org, pack, time.UTC, w.Now)
		for id, c := range w.Family.Clips {
			x, ok := w.Family.Fate(id, terms)
			if !ok || x.State == "" || len(x.Reasons) == 0 {
				t.Fatalf("clip %s: %+v", id.Short(), x)
			}
			goes := slices.Contains([]policies.FateState{policies.FateReady, policies.FateGrace, policies.FateGo}, x.State)
			if c.Destroying.IsZero() && len(w.Family.HeldBy(w.Org, id, pack, w.Now)) > 0 && x.State != policies.FateHeld {
				t.Fatalf("held, and %q", x.State)
			}
			if goes && (len(x.Authority) == 0 || slices.ContainsFunc(x.Authority, func(s policies.StatementID) bool { return !w.Family.Authority(w.Org, s) })) {
				t.Fatalf("%q on nobody's word: %v", x.State, x.Authority)
			}
			if x.State == policies.FateGo && w.Family.Marked(w.Org, id) == nil {
				t.Fatal("to be destroyed, and not marked")
			}
		}
	})
}
