package packs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
	"github.com/attune-vf/attune/policies/policiestest"
)

// The sources of the table, as they were read; the packs name them too.
const (
	nhsAV       = "NHS Records Management Code 2021, audio and visual records: one month after an adequate summary, as its example"
	vigForm     = "sample VIG permission form: erased within 2 months of the end of involvement"
	nhsChild    = "NHS Records Management Code 2021, children: to the 25th birthday, or the 26th if 17 at the end of treatment"
	nhsMental   = "NHS Records Management Code 2021, mental health: 20 years after treatment, 10 after death, the longest"
	nhsAdult    = "NHS Records Management Code 2021, adults: 8 years"
	inNeed      = "a published council schedule (Devon): child in need, 18 and 3 years"
	protection  = "a published council schedule (Blackpool): child protection, 35 years from the last contact"
	limitation  = "Limitation Act 1980 s 5: 6 years"
	reg50       = "Care Planning Regulations 2010 reg 50: 75th birthday, or 15 years from a death before 18"
	adoption    = "Disclosure of Adoption Information Regulations 2005: 100 years from the order"
	courtPapers = "VIG permission form, extended: 2 months after the proceedings end"
	fostering   = "Fostering Services Regulations, carer's record: 10 years after approval ends"
	article17   = "UK GDPR Art 17 and service policy: 5 working days after a withdrawal; public holidays count"
	logging     = "Ministry of Justice, accounting: 2 years at most, 6 months at least"
	stubs       = "NHS Records Management Code 2021, destruction certificates: 20 years"
	sameNumber  = "Dodds v Walker [1981]: the day with the same number, or the last of a shorter month"
	leapBirth   = "born on 29 February: a year older on 1 March where there is no 29th"
	attained    = "Family Law Reform Act 1969 s 9: an age is attained as the birthday begins"
	heldFirst   = "Inquiries Act 2005 s 35, and any hold: nothing is destroyed while it stands"
)

// thirtyYears is worked out by hand from the sources beside each line, on paper calendars,
// and not from the code. Until is the last day that something is kept; "" is beyond 2055. Over
// is the day on which that shows, where something else kept it for longer.
var thirtyYears = []struct {
	name, pack string
	class      policies.ClassName
	story      string // what happened on which day, or from one day until another
	until      string
	then       policies.Fate
	over       string
	source     string
}{
	{"RawFilmAtTheEndOfJanuary", "council", policies.RawFilm, "2026-01-05 filmed, 2026-01-20 summary_filed, 2026-01-31 clips_chosen", "2026-02-28", "destroy", "", nhsAV + "; " + sameNumber},
	{"RawFilmInALeapYear", "council", policies.RawFilm, "2028-01-05 filmed, 2028-01-30 summary_filed, 2028-01-31 clips_chosen", "2028-02-29", "destroy", "", nhsAV + "; " + sameNumber},
	{"RawFilmWithALateSummary", "council", policies.RawFilm, "2026-01-05 filmed, 2026-01-10 clips_chosen, 2031-08-31 summary_filed", "2031-09-30", "destroy", "", nhsAV + "; " + sameNumber},
	{"RawFilmWithoutASummaryStays", "council", policies.RawFilm, "2026-01-05 filmed, 2026-01-10 clips_chosen, 2026-03-01 involvement_ended", "", "", "", nhsAV + ": the only instance is kept"},
	{"ClipsAfterNewYearsEve", "council", policies.WorkingClips, "2026-03-02 filmed, 2026-12-31 involvement_ended", "2027-02-28", "destroy", "", vigForm + "; " + sameNumber},
	{"ClipsAfterNewYearsEveInALeapYear", "council", policies.WorkingClips, "2026-03-02 filmed, 2027-12-31 involvement_ended", "2028-02-29", "destroy", "", vigForm + "; " + sameNumber},
	{"ClipsOfWorkThatBeganAgain", "council", policies.WorkingClips, "2026-03-02 filmed, 2026-06-30 involvement_ended, 2026-08-15 involvement_ended", "2026-10-15", "destroy", "", vigForm + ": of several ends the last"},
	{"ClipsWhileWorkGoesOnForThirtyYears", "council", policies.WorkingClips, "2026-03-02 filmed", "", "", "", vigForm},
	{"ClipsThroughTheSpringChangeOfClocks", "council", policies.WorkingClips, "2026-01-29 involvement_ended", "2026-03-29", "destroy", "", vigForm + ": days of the calendar, the 29th has 23 hours"},
	{"ClipsThroughTheAutumnChangeOfClocks", "council", policies.WorkingClips, "2026-08-25 involvement_ended", "2026-10-25", "destroy", "", vigForm + ": days of the calendar, the 25th has 25 hours"},

	{"WithdrawnOnAFriday", "council", policies.WorkingClips, "2026-03-02 filmed, 2026-07-31 withdrawn", "2026-08-07", "destroy", "", article17},
	{"WithdrawnOnChristmasEve", "council", policies.WorkingClips, "2026-03-02 filmed, 2026-12-24 withdrawn", "2026-12-31", "destroy", "", article17},
	{"WithdrawnAfterItsTime", "council", policies.WorkingClips, "2026-03-02 filmed, 2027-06-30 involvement_ended, 2027-07-05 withdrawn", "2027-07-12", "destroy", "", article17 + ", sooner than the schedule"},
	{"WithdrawnWhileAnInquirySits", "council", policies.WorkingClips, "2026-03-02 filmed, 2026-07-31 withdrawn, 2026-08-03..2041-11-30 held", "2026-08-07", "destroy", "2041-11-30", heldFirst},
	{"HeldPastItsTime", "council", policies.WorkingClips, "2026-03-02 filmed, 2026-12-31 involvement_ended, 2027-01-10..2030-05-05 held", "2027-02-28", "destroy", "2030-05-05", heldFirst},
	{"HeldForThirtyYears", "council", policies.RawFilm, "2026-01-20 summary_filed, 2026-01-31 clips_chosen, 2026-02-01..2056-01-01 held", "", "", "", heldFirst},
	{"FormOutlivesTheWithdrawal", "council", policies.Forms, "2012-09-30 born, 2026-07-31 withdrawn, 2026-08-31 involvement_ended", "2037-09-30", "review", "", "UK GDPR Art 7(1), 17(3)(e); " + nhsChild},

	{"SixteenOnTheLastDay", "council", policies.CaseRecord, "2010-05-10 born, 2027-05-09 involvement_ended", "2035-05-10", "review", "", nhsChild + "; " + attained},
	{"SeventeenOnTheDayOfClosing", "council", policies.CaseRecord, "2010-05-10 born, 2027-05-10 involvement_ended", "2036-05-10", "review", "", nhsChild + "; " + attained},
	{"SeventeenOnTheLastDay", "council", policies.CaseRecord, "2010-05-10 born, 2028-05-09 involvement_ended", "2036-05-10", "review", "", nhsChild + "; " + attained},
	{"EighteenOnTheDayOfClosing", "council", policies.CaseRecord, "2010-05-10 born, 2028-05-10 involvement_ended", "2035-05-10", "review", "", nhsChild + "; " + attained},
	{"LeapBirthTheDayBeforeEighteen", "council", policies.CaseRecord, "2008-02-29 born, 2026-02-28 involvement_ended", "2034-03-01", "review", "", nhsChild + "; " + leapBirth},
	{"LeapBirthEighteenOnTheFirstOfMarch", "council", policies.CaseRecord, "2008-02-29 born, 2026-03-01 involvement_ended", "2033-03-01", "review", "", nhsChild + "; " + leapBirth},
	{"LeapBirthInALeapYear", "council", policies.CaseRecord, "2012-02-29 born, 2029-06-01 involvement_ended", "2038-03-01", "review", "", nhsChild + ", the 26th; " + leapBirth},
	{"BabyOfALeapDay", "council", policies.Forms, "2024-02-29 born, 2026-12-01 involvement_ended", "2049-03-01", "review", "", nhsChild + "; " + leapBirth},
	{"ChildInNeed", "council", policies.Forms, "2015-08-31 born, child_in_need, 2026-12-01 involvement_ended", "2036-08-31", "review", "", inNeed},
	{"ChildInNeedOfALeapDay", "council", policies.Forms, "2012-02-29 born, child_in_need, 2026-12-01 involvement_ended", "2033-03-01", "review", "", inNeed + ": 18 on 1 March 2030; " + leapBirth},
	{"ChildProtection", "council", policies.CaseRecord, "2015-08-31 born, child_protection, 2026-06-01 last_contact", "", "", "", protection + ": 1 June 2061"},
	{"AdultsOnly", "council", policies.CaseRecord, "2028-02-29 case_closed", "2034-02-28", "review", "", limitation + "; " + sameNumber},
	{"AccessLog", "council", policies.AccessLog, "2027-08-31 case_closed", "2033-08-31", "review", "", limitation},
	{"SecurityLog", "council", policies.SecurityLog, "2026-02-28 logged", "2028-02-28", "destroy", "", logging},
	{"Certificate", "council", policies.Certificates, "2026-03-31 disposed", "2046-03-31", "review", "", stubs},
	{"CopyForACertificate", "council", policies.TrainingCopies, "2027-05-31 permission_ended", "2027-05-31", "destroy", "", "AVIGuk training pathway: the date stands on the form"},

	{"NHSClipsWaitForTheSummary", "nhs", policies.WorkingClips, "2026-03-02 filmed, 2026-12-01 involvement_ended, 2027-06-15 summary_filed", "2027-02-01", "destroy", "2027-06-15", vigForm + "; " + nhsAV},
	{"NHSRawFilmWithdrawnIsLookedAt", "nhs", policies.RawFilm, "2026-01-20 summary_filed, 2026-01-31 clips_chosen, 2026-02-10 withdrawn", "", "", "", "GMC, visual and audio recordings: it may be part of the record, so a person decides"},
	{"NHSChild", "nhs", policies.RecordClips, "2014-10-31 born, 2026-12-01 involvement_ended", "2039-10-31", "review", "", nhsChild},
	{"NHSSeventeen", "nhs", policies.RecordClips, "2009-06-15 born, 2026-12-01 involvement_ended", "2035-06-15", "review", "", nhsChild},
	{"NHSRecordOutlivesTheWithdrawal", "nhs", policies.RecordClips, "2009-06-15 born, 2026-11-25 withdrawn, 2026-12-01 involvement_ended", "2035-06-15", "review", "", "UK GDPR Art 17(3)(c); " + nhsChild},
	{"NHSMentalHealthOfATeenager", "nhs", policies.RecordClips, "2009-06-15 born, mental_health, 2026-12-01 involvement_ended", "2046-12-01", "review", "", nhsMental},
	{"NHSMentalHealthOfABaby", "nhs", policies.RecordClips, "2025-09-30 born, mental_health, 2026-12-01 involvement_ended", "2050-09-30", "review", "", nhsMental + "; " + nhsChild},
	{"NHSMentalHealthDiedYoung", "nhs", policies.RecordClips, "2009-06-15 born, mental_health, 2026-12-01 involvement_ended, 2030-04-30 death", "2046-12-01", "review", "", nhsMental},
	{"NHSMentalHealthDiedLater", "nhs", policies.RecordClips, "2009-06-15 born, mental_health, 2026-12-01 involvement_ended, 2044-04-30 death", "2054-04-30", "review", "", nhsMental},
	{"NHSAdults", "nhs", policies.RecordClips, "2028-02-29 involvement_ended", "2036-02-29", "review", "", nhsAdult + "; " + sameNumber},

	{"BeforeACourtForYears", "court", policies.WorkingClips, "2026-03-02 filmed, 2026-05-01..2028-08-31 court, 2026-12-01 involvement_ended, 2026-12-01 summary_filed", "2028-10-31", "destroy", "", courtPapers + "; " + sameNumber},
	{"CourtEndsBeforeNewYear", "court", policies.WorkingClips, "2026-03-02 filmed, 2026-05-01..2028-12-30 court, 2026-12-01 involvement_ended, 2026-12-01 summary_filed", "2029-02-28", "destroy", "", courtPapers + "; " + sameNumber},
	{"CourtThatNeverEnds", "court", policies.RawFilm, "2026-03-02 filmed, 2026-04-01 summary_filed, 2026-04-01 clips_chosen, 2026-05-01..2056-01-01 court", "", "", "", "court flag: no disposal; without it the film would go on 2 May 2026"},
	{"WorkOutlastsTheCourt", "court", policies.WorkingClips, "2026-03-02 filmed, 2026-05-01..2026-08-31 court, 2027-12-31 involvement_ended, 2026-12-01 summary_filed", "2028-02-29", "destroy", "", vigForm},
	{"LookedAfter", "court", policies.RecordClips, "2024-02-29 born, looked_after, 2026-12-01 involvement_ended", "", "", "", reg50 + ": 1 March 2099"},
	{"LookedAfterTurnsSeventyFive", "court", policies.RecordClips, "1969-02-28 born, looked_after, 1986-01-01 involvement_ended", "2044-02-28", "review", "", reg50},
	{"LookedAfterDiedAtTen", "court", policies.RecordClips, "2024-02-29 born, looked_after, 2026-12-01 involvement_ended, 2034-05-01 death", "2049-05-01", "review", "", reg50},
	{"LookedAfterDiedOnALeapDay", "court", policies.RecordClips, "2024-03-10 born, looked_after, 2026-12-01 involvement_ended, 2032-02-29 death", "2047-02-28", "review", "", reg50 + "; " + sameNumber},
	{"LookedAfterDiedTheDayBeforeEighteen", "court", policies.RecordClips, "2010-05-10 born, looked_after, 2026-12-01 involvement_ended, 2028-05-09 death", "2043-05-09", "review", "", reg50 + "; " + attained},
	{"LookedAfterDiedOnTheEighteenthBirthday", "court", policies.RecordClips, "2010-05-10 born, looked_after, 2026-12-01 involvement_ended, 2028-05-10 death", "", "", "", reg50 + ": 10 May 2085; " + attained},
	{"Adopted", "court", policies.RecordClips, "2024-03-10 born, looked_after, 2026-12-01 involvement_ended, 2028-02-29 adoption_order", "", "", "", adoption + ": 29 February 2128"},
	{"AdoptedAndDied", "court", policies.RecordClips, "2024-03-10 born, looked_after, 2026-12-01 involvement_ended, 2028-02-29 adoption_order, 2034-05-01 death", "", "", "", adoption + ", the longer"},
	{"MinimumStandsBeforeAWithdrawal", "court", policies.RecordClips, "2024-03-10 born, looked_after, 2026-12-01 involvement_ended, 2027-03-01 withdrawn, 2034-05-01 death", "2049-05-01", "review", "", reg50 + ": a statutory minimum; UK GDPR Art 17(3)(b)"},
	{"CarersOwnRecord", "court", policies.TrainingCopies, "carers_record, 2027-05-31 permission_ended, 2030-01-01 carer_approval_ended", "2040-01-01", "destroy", "", fostering},
}

// TestThirtyYears walks each story day by day from 2026 to 2056, knowing on each day only
// what had happened by then. Nothing may be over on any day before the one in the table, nor
// be kept after it.
func TestThirtyYears(t *testing.T) {
	first, last := policies.Day{Year: 2026, Month: 1, Day: 1}, policies.Day{Year: 2056, Month: 1, Day: 1}
	for _, c := range thirtyYears {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, _, err := packs.Load(c.pack)
			if err != nil {
				t.Fatal(err)
			}
			class, ok := p.Class(c.class)
			if !ok || c.source == "" {
				t.Fatalf("%s has no class %s, or the line no source", c.pack, c.class)
			}
			p.Retention = []policies.RetentionClass{class}
			want := c.over
			if want == "" && c.until != "" {
				d, _ := policies.ParseDay(c.until)
				want = d.Plus(policies.Period{Days: 1}).String()
			}
			over := ""
			for d := first; d.Before(last); d = d.Plus(policies.Period{Days: 1}) {
				f := p.Forecast(known(t, c.story, d))[0]
				gone := f.Standing == policies.StandDated && f.Until.Before(d)
				switch {
				case gone && over == "":
					if over = d.String(); f.Until.String() != c.until || f.Then != c.then {
						t.Errorf("kept until %s, then %s; the sources say %s, then %s: %s\n%s", f.Until, f.Then, c.until, c.then, c.source, strings.Join(f.Reasons, "\n"))
					}
				case !gone && over != "":
					t.Fatalf("over on %s, and kept again on %s", over, d)
				}
			}
			if over != want {
				t.Errorf("over on %q; the sources say %q: %s", over, want, c.source)
			}
		})
	}
}

// known is what had happened of a story by a day.
func known(t *testing.T, story string, by policies.Day) policies.Course {
	c := policies.Course{Events: map[policies.Trigger]policies.Day{}}
	day := func(text string) policies.Day {
		d, err := policies.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for part := range strings.SplitSeq(story, ", ") {
		when, what, dated := strings.Cut(part, " ")
		if !dated {
			c.Stated = append(c.Stated, policies.Case(part))
			continue
		}
		from, until, span := strings.Cut(when, "..")
		begins := day(from)
		if by.Before(begins) {
			continue
		}
		over := span && !by.Before(day(until))
		switch {
		case what == "held":
			c.Held = c.Held || !over
		case what == "court":
			c.Stated = append(c.Stated, policies.IfInCourt)
			if over {
				c.Events[policies.OnProceedingsEnded] = day(until)
			}
		case what == "born":
			c.Born = begins
		case what == "withdrawn":
			c.Withdrawn = begins
		default:
			c.Events[policies.Trigger(what)] = begins
		}
	}
	return c
}

// TestSummerTime: a summary that was filed, and film whose excerpts were made, half an hour
// after midnight in summer count from the day at the service; and the last day ends with its
// midnight there, an hour before that in UTC.
//
// Source: Summer Time Act 1972 s 1; by hand: 1 July and a month is 1 August.
func TestSummerTime(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := packs.Load("council")
	if err != nil {
		t.Fatal(err)
	}
	w := policiestest.NewFilmed()
	body := w.ClipBody()
	body.Kind, body.Chosen = policies.Film, false
	raw := policies.ClipID(w.Do("ann", "clip.add", body))
	w.Now = policies.At(time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC)) // half past midnight on 1 July
	w.Do("ann", "clip.add", w.ClipBody())
	w.Do("ann", "summary.file", policies.SummaryFile{Clips: []policies.ClipID{raw}, FiledOn: "2026-06-30", Where: "case_record"})
	state := func(at time.Time) policies.FateState {
		x, _ := w.Family.Fate(raw, policies.NewTerms(w.Org, p, london, policies.At(at)))
		if x.Until.String() != "2026-08-01" {
			t.Errorf("kept until %s, want 2026-08-01: %v", x.Until, x.Reasons)
		}
		return x.State
	}
	midnight := time.Date(2026, 8, 1, 23, 0, 0, 0, time.UTC)
	if got := state(midnight.Add(-time.Microsecond)); got != policies.FateKept {
		t.Errorf("in its last instant it is %s", got)
	}
	if got := state(midnight); got != policies.FateDue {
		t.Errorf("after midnight it is %s, want due", got)
	}
}
