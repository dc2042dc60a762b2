package packs_test

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
	"pgregory.net/rapid"
)

// TestForecast holds what the packs say against dates worked out by hand from the
// schedules in the sources.
func TestForecast(t *testing.T) {
	const child, teen = "2024-02-29", "2009-06-15" // the youngest in the film; one born on a leap day
	for _, c := range []struct {
		name, pack string
		class      policies.ClassName
		course     string // "event=day …", born=, stated words, held, withdrawn=
		want       string // standing, last day, what then
	}{
		{"RawFilmWaitsForTheSummary", "council", policies.RawFilm, "filmed=2026-01-05 clips_chosen=2026-01-10", "waiting"},
		{"RawFilmGoesAMonthAfterTheSummary", "council", policies.RawFilm, "clips_chosen=2026-01-10 summary_filed=2026-01-31", "dated 2026-02-28 destroy"},
		{"RawFilmGoesAMonthAfterTheLaterOfTwo", "council", policies.RawFilm, "clips_chosen=2026-03-10 summary_filed=2026-01-31", "dated 2026-04-10 destroy"},
		{"ClipsGoTwoMonthsAfterTheEnd", "council", policies.WorkingClips, "involvement_ended=2026-12-31", "dated 2027-02-28 destroy"},
		{"ClipsStayWhileWorkGoesOn", "council", policies.WorkingClips, "filmed=2026-01-05", "waiting"},
		{"HeldClips", "council", policies.WorkingClips, "involvement_ended=2026-12-31 held", "held"},
		{"WithdrawnOnAWednesday", "council", policies.WorkingClips, "withdrawn=2026-11-25", "dated 2026-12-02 destroy"},
		{"WithdrawnAndHeld", "council", policies.WorkingClips, "withdrawn=2026-11-25 held", "held"},
		{"WithdrawnInFrontOfACourt", "council", policies.WorkingClips, "withdrawn=2026-11-25 in_court", "held"},
		{"FormOutlivesWithdrawal", "council", policies.Forms, "withdrawn=2026-11-25 involvement_ended=2026-12-01 born=" + child, "dated 2049-03-01 review"},
		{"FormOfSeventeen", "council", policies.Forms, "involvement_ended=2026-12-01 born=" + teen, "dated 2035-06-15 review"},
		{"FormWhileWorkGoesOn", "council", policies.Forms, "born=" + teen, "dated 2035-06-15 review"},
		{"RawFilmOfSomebodyWhoWithdrewBeforeTheSummary", "council", policies.RawFilm, "filmed=2026-11-20 withdrawn=2026-11-27", "dated 2026-12-04 destroy"},
		{"FormOnTheEighteenthBirthday", "council", policies.Forms, "involvement_ended=2027-06-15 born=" + teen, "dated 2034-06-15 review"},
		{"FormOfAChildInNeed", "council", policies.Forms, "involvement_ended=2026-12-01 child_in_need born=" + teen, "dated 2030-06-15 review"},
		{"FormAfterChildProtection", "council", policies.Forms, "last_contact=2026-12-01 child_protection born=" + child, "dated 2061-12-01 review"},
		{"FormOfAdults", "council", policies.Forms, "case_closed=2026-12-01", "dated 2032-12-01 review"},
		{"CopyForACertificate", "council", policies.TrainingCopies, "permission_ended=2027-05-31", "dated 2027-05-31 destroy"},
		{"AccessLog", "council", policies.AccessLog, "case_closed=2024-02-29", "dated 2030-02-28 review"},

		{"NHSChild", "nhs", policies.RecordClips, "involvement_ended=2026-12-01 born=" + child, "dated 2049-03-01 review"},
		{"NHSSeventeen", "nhs", policies.RecordClips, "involvement_ended=2026-12-01 born=" + teen, "dated 2035-06-15 review"},
		{"NHSMentalHealthOfATeenager", "nhs", policies.RecordClips, "involvement_ended=2026-12-01 mental_health born=" + teen, "dated 2046-12-01 review"},
		{"NHSMentalHealthOfABaby", "nhs", policies.RecordClips, "involvement_ended=2026-12-01 mental_health born=" + child, "dated 2049-03-01 review"},
		{"NHSAdults", "nhs", policies.RecordClips, "involvement_ended=2026-12-01", "dated 2034-12-01 review"},
		{"NHSRecordOutlivesWithdrawal", "nhs", policies.RecordClips, "withdrawn=2026-11-25 involvement_ended=2026-12-01 born=" + child, "dated 2049-03-01 review"},
		{"NHSRawFilmIsLookedAt", "nhs", policies.RawFilm, "withdrawn=2026-11-25 clips_chosen=2026-01-10 summary_filed=2026-01-31", "undecided"},
		{"NHSWorkingClipWaitsForTheSummary", "nhs", policies.WorkingClips, "involvement_ended=2026-12-01", "waiting"},

		{"LookedAfter", "court", policies.RecordClips, "looked_after involvement_ended=2026-12-01 born=" + child, "dated 2099-03-01 review"},
		{"LookedAfterDiedAtTen", "court", policies.RecordClips, "looked_after death=2034-05-01 born=" + child, "dated 2049-05-01 review"},
		{"LookedAfterDiedAtForty", "court", policies.RecordClips, "looked_after death=2064-05-01 born=" + child, "dated 2099-03-01 review"},
		{"Adopted", "court", policies.RecordClips, "looked_after adoption_order=2028-02-29 born=" + child, "dated 2128-02-29 review"},
		{"BeforeACourt", "court", policies.WorkingClips, "in_court involvement_ended=2026-12-01 summary_filed=2026-12-01", "held"},
		{"AfterTheCourt", "court", policies.WorkingClips, "in_court involvement_ended=2026-12-01 summary_filed=2026-12-01 proceedings_ended=2027-06-30", "dated 2027-08-30 destroy"},
		{"NoCourt", "court", policies.WorkingClips, "involvement_ended=2026-12-01 summary_filed=2026-12-01", "dated 2027-02-01 destroy"},
		{"CarersOwnRecord", "court", policies.TrainingCopies, "permission_ended=2027-05-31 carers_record carer_approval_ended=2030-01-01", "dated 2040-01-01 destroy"},
		{"NoRuleFits", "nhs", policies.RecordClips, "death=2034-05-01", "waiting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _, err := packs.Load(c.pack)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range p.Forecast(courseOf(t, c.course)) {
				if f.Class != c.class {
					continue
				}
				got := string(f.Standing)
				if f.Standing == policies.StandDated {
					got += " " + f.Until.String() + " " + string(f.Then)
				}
				if got != c.want {
					t.Errorf("%s: %s, want %s\n%s", c.course, got, c.want, strings.Join(f.Reasons, "\n"))
				}
				if len(f.Reasons) == 0 {
					t.Error("no reason is given")
				}
			}
		})
	}
}

// courseOf reads "filmed=2026-01-05 in_court held born=2024-02-29".
func courseOf(t *testing.T, text string) policies.Course {
	t.Helper()
	c := policies.Course{Events: map[policies.Trigger]policies.Day{}}
	for word := range strings.FieldsSeq(text) {
		name, value, dated := strings.Cut(word, "=")
		var d policies.Day
		if dated {
			var err error
			if d, err = policies.ParseDay(value); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case name == "held":
			c.Held = true
		case name == "born":
			c.Born = d
		case name == "withdrawn":
			c.Withdrawn = d
		case dated:
			c.Events[policies.Trigger(name)] = d
		default:
			c.Stated = append(c.Stated, policies.Case(name))
		}
	}
	return c
}

// TestHoldStandsBeforeEverything: whatever else is known, in every pack.
func TestHoldStandsBeforeEverything(t *testing.T) {
	for _, name := range packs.Names() {
		p, _, err := packs.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, course := range []string{"", "withdrawn=2026-11-25", "involvement_ended=2020-01-01 clips_chosen=2020-01-01 summary_filed=2020-01-01 withdrawn=2020-02-01"} {
			for _, f := range p.Forecast(courseOf(t, "held "+course)) {
				if f.Standing != policies.StandHeld || !f.Until.IsZero() {
					t.Errorf("%s, %s with %q: %s until %s", name, f.Class, course, f.Standing, f.Until)
				}
			}
		}
	}
}

// TestForecastKeepsItsOrder draws courses at random: a hold has no date, nothing is
// due before its minimum, a withdrawal stops all film and moves no record earlier,
// and learning that something happened never brings a date without a reason.
func TestForecastKeepsItsOrder(t *testing.T) {
	loaded := map[string]policies.Pack{}
	for _, name := range packs.Names() {
		p, _, err := packs.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		loaded[name] = p
	}
	rapid.Check(t, func(t *rapid.T) {
		p := loaded[rapid.SampledFrom(packs.Names()).Draw(t, "pack")]
		c := policies.Course{Events: map[policies.Trigger]policies.Day{}}
		draw := func(name string) policies.Day {
			return policies.Day{Year: 2020, Month: 1, Day: 1}.Plus(policies.Period{Days: rapid.IntRange(0, 30000).Draw(t, name)})
		}
		for _, trigger := range policies.Triggers() {
			if trigger.Birthday() == 0 && rapid.Bool().Draw(t, "has "+string(trigger)) {
				c.Events[trigger] = draw(string(trigger))
			}
		}
		if rapid.Bool().Draw(t, "child") {
			c.Born = draw("born")
		}
		c.Stated = rapid.SliceOfDistinct(rapid.SampledFrom(policies.Stated()), rapid.ID).Draw(t, "stated")
		before := p.Forecast(c)
		c.Withdrawn = draw("withdrawn")
		withdrawn := p.Forecast(c)
		c.Held = true
		for i, held := range p.Forecast(c) {
			class := p.Retention[i]
			if held.Standing != policies.StandHeld || !held.Until.IsZero() {
				t.Fatalf("held %s: %+v", class.Class, held)
			}
			least := p
			least.Retention = []policies.RetentionClass{{Class: policies.CaseRecord, Keep: class.Minimum, Then: class.Then, Withdrawal: policies.FateRestrict}}
			minimum := least.Forecast(policies.Course{Events: c.Events, Born: c.Born, Stated: c.Stated})[0]
			for _, f := range []policies.Forecast{before[i], withdrawn[i]} {
				if len(f.Reasons) == 0 || (f.Standing == policies.StandDated) == f.Until.IsZero() {
					t.Fatalf("%s: %+v", class.Class, f)
				}
				if f.Standing == policies.StandDated && minimum.Standing == policies.StandDated && f.Until.Before(minimum.Until) {
					t.Fatalf("%s is due on %s, and the law keeps it until %s", class.Class, f.Until, minimum.Until)
				}
				if f.Standing == policies.StandDated && minimum.Standing == policies.StandWaiting {
					t.Fatalf("%s has a date, and the minimum has none yet", class.Class)
				}
			}
			if withdrawn[i].Stopped != class.Class.IsFilm() || before[i].Stopped {
				t.Fatalf("%s: stopped %v", class.Class, withdrawn[i].Stopped)
			}
			if class.Withdrawal == policies.FateRestrict && withdrawn[i].Until != before[i].Until {
				t.Fatalf("%s: a withdrawal moved a record from %s to %s", class.Class, before[i].Until, withdrawn[i].Until)
			}
		}
	})
}
