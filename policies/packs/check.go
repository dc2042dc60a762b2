package packs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// checker collects the first thing that is wrong with a pack, with its line.
type checker struct {
	lines map[string]int
	err   error
}

// that notes what is wrong at a place unless ok. A place that is not in the file
// is told by the nearest one around it.
func (c *checker) that(ok bool, place, format string, args ...any) {
	if ok || c.err != nil {
		return
	}
	line, near := 0, place
	for line == 0 && near != "" {
		line = c.lines[near]
		near = near[:max(strings.LastIndexByte(near, '.'), 0)]
	}
	c.err = at(max(line, 1), "%s: %s", place, fmt.Sprintf(format, args...))
}

func (c *checker) source(place, text string) {
	c.that(strings.TrimSpace(text) != "", place+".source", "no source is given")
	c.text(place+".source", text)
}

// text keeps what a paper prints on one line and out of the marks of a template.
func (c *checker) text(place, s string) {
	c.that(!strings.ContainsAny(s, "{}|\n") && len(s) <= 400, place, "%q has a brace, a bar or more than 400 letters", s)
}

// there refuses a field that was left out: leaving out must not mean no, or zero.
func (c *checker) there(place string, fields ...string) {
	for _, f := range fields {
		c.that(c.lines[place+"."+f] > 0, place, "%s is missing", f)
	}
}

func oneOf[W ~string](c *checker, place string, w W, list []W) {
	c.that(slices.Contains(list, w), place, "%q is none of %v", w, list)
}

func (c *checker) pack(p policies.Pack) {
	c.that(slices.Contains(Names(), p.Name), "name", "%q is none of %v; keep the name of the pack that was copied, for the papers go by it, and put your own in the title", p.Name, Names())
	c.that(strings.TrimSpace(p.Title) != "", "title", "a pack needs a title")
	c.text("title", p.Title)
	for _, l := range p.Limits() {
		c.there(l.Name, "value", "source")
		c.that(l.Figure.Value >= l.Least && l.Figure.Value <= l.Most, l.Name, "%d given, %d to %d allowed: %s", l.Figure.Value, l.Least, l.Most, l.Why)
		c.source(l.Name, l.Figure.Source)
	}
	c.that(p.Clocks.KeyDays.Value >= p.OfflineDays.Value, "clocks.key_days", "keys would leave a device that may still film and watch")
	oneOf(c, "approval_scope.value", p.ApprovalScope.Value, policies.ApprovalScopes())
	c.source("approval_scope", p.ApprovalScope.Source)
	oneOf(c, "lawful_basis.value", p.Basis.Value, policies.LawfulBases())
	c.source("lawful_basis", p.Basis.Source)
	c.retention(p.Retention)
	c.scheme(p)
	c.labels(p.Labels)
}

func (c *checker) retention(list []policies.RetentionClass) {
	seen := map[policies.ClassName]bool{}
	for i, r := range list {
		place := fmt.Sprintf("retention.%d", i)
		c.there(place, "class", "keep", "minimum", "then", "withdrawal", "summary_gate", "controller", "source")
		oneOf(c, place+".class", r.Class, policies.ClassNames())
		c.that(!seen[r.Class], place+".class", "%s stands twice: an object has one class", r.Class)
		seen[r.Class] = true
		oneOf(c, place+".then", r.Then, []policies.Fate{policies.FateDestroy, policies.FateReview})
		c.that(r.Then == policies.FateReview || r.Class.Working(), place+".then", "%s may be a record: a person looks before it is destroyed (records management code)", r.Class)
		oneOf(c, place+".withdrawal", r.Withdrawal, []policies.Fate{policies.FateDestroy, policies.FateReview, policies.FateRestrict})
		c.that(r.Withdrawal != policies.FateDestroy || r.Class.IsFilm(), place+".withdrawal", "withdrawing ends the use of film; %s proves that it was lawful", r.Class)
		c.that(r.Withdrawal == policies.FateRestrict || r.Class.IsFilm(), place+".withdrawal", "nothing but film is looked at for a withdrawal; write restrict for %s", r.Class)
		c.that(!r.SummaryGate || r.Class.IsFilm(), place+".summary_gate", "a summary stands for film, not for %s", r.Class)
		oneOf(c, place+".controller", r.Controller, []policies.Holder{policies.FilmingService, policies.RecordHolder})
		c.source(place, r.Source)
		c.that(len(r.Keep) > 0, place+".keep", "no period is given")
		c.rules(place+".keep", r.Keep)
		c.rules(place+".minimum", r.Minimum)
	}
	for _, n := range policies.ClassNames() {
		c.that(seen[n], "retention", "the class %s is missing", n)
	}
}

func (c *checker) rules(place string, list []policies.KeepRule) {
	for i, k := range list {
		place := fmt.Sprintf("%s.%d", place, i)
		c.there(place, "after", "value", "source")
		oneOf(c, place+".after", k.After, policies.Triggers())
		child := slices.ContainsFunc(k.When, policies.Case.OfChild)
		c.that(k.After.Birthday() == 0 || child, place+".when", "a birthday needs a child: say when it applies")
		for _, w := range k.When {
			oneOf(c, place+".when", w, policies.Cases())
		}
		c.that(!slices.ContainsFunc(list[:i], func(o policies.KeepRule) bool {
			return o.After == k.After && slices.Equal(o.When, k.When)
		}), place, "this rule stands twice")
		c.that(k.After.Birthday() > 0 || k.Value != policies.Period{} || k.After == policies.OnPermissionEnded, place+".value", "0 days would destroy on the day itself")
		c.source(place, k.Source)
	}
}

func (c *checker) scheme(p policies.Pack) {
	seen := map[policies.Purpose]bool{}
	for i, s := range p.Scheme {
		place := fmt.Sprintf("scheme.%d", i)
		c.there(place, "purpose", "asks", "easy", "separate", "viewers", "days", "days.value")
		oneOf(c, place+".purpose", s.Purpose, policies.Purposes())
		c.that(!seen[s.Purpose], place+".purpose", "%s is asked twice", s.Purpose)
		seen[s.Purpose] = true
		c.that(s.Asks != "" && s.Easy != "", place+".asks", "the form needs its words for %s, in both readings", s.Purpose)
		c.text(place+".asks", s.Asks)
		c.text(place+".easy", s.Easy)
		c.that(len(s.Viewers) > 0, place+".viewers", "nobody may watch for %s", s.Purpose)
		for _, v := range s.Viewers {
			oneOf(c, place+".viewers", v, policies.Audiences())
		}
		c.that(s.Days.Value >= 0 && s.Days.Value <= 365, place+".days", "%d given, 0 to 365 allowed: consent is looked at within a year", s.Days.Value)
		c.that(s.Purpose != policies.Supervision || s.Days.Value == p.ViewingDays.Value, place+".days", "viewing_days says %d", p.ViewingDays.Value)
		c.that(!s.Separate || s.Purpose != policies.FilmAndUse, place+".separate", "the main form is about this")
		c.source(place+".days", s.Days.Source)
	}
	c.that(seen[policies.FilmAndUse], "scheme", "nobody is asked whether they may be filmed")
}

func (c *checker) labels(list []policies.Label) {
	seen := map[policies.Programme]bool{}
	for i, l := range list {
		place := fmt.Sprintf("labels.%d", i)
		oneOf(c, place+".programme", l.Programme, policies.Programmes())
		c.that(!seen[l.Programme], place+".programme", "%s stands twice", l.Programme)
		seen[l.Programme] = true
		c.that(strings.TrimSpace(l.Chosen) != "", place+".chosen", "a chosen clip needs a name")
		c.text(place+".chosen", l.Chosen)
		c.source(place, l.Source)
	}
	for _, m := range policies.Programmes() {
		c.that(seen[m], "labels", "the programme %s is missing", m)
	}
}
