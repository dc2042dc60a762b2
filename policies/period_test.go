package policies_test

import (
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"pgregory.net/rapid"
)

func day(t *testing.T, text string) policies.Day {
	t.Helper()
	d, err := policies.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Written by hand, with a calendar: the rules are in the docstring of Plus.
func TestPlus(t *testing.T) {
	for _, c := range []struct{ name, from, period, want string }{
		{"SameNumber", "2026-11-20", "2 months", "2027-01-20"},
		{"ShortMonth", "2026-01-31", "1 month", "2026-02-28"},
		{"ShortMonthInALeapYear", "2028-01-31", "1 month", "2028-02-29"},
		{"FromTheEndOfFebruary", "2026-02-28", "1 month", "2026-03-28"},
		{"FromThirtyToThirtyOne", "1978-09-30", "4 months", "1979-01-30"}, // the dates of Dodds v Walker
		{"ThirtyFirstToApril", "2026-03-31", "1 month", "2026-04-30"},
		{"OverTheYear", "2026-12-31", "2 months", "2027-02-28"},
		{"LeapDayPlusAYear", "2028-02-29", "1 year", "2029-02-28"},
		{"LeapDayPlusFour", "2028-02-29", "4 years", "2032-02-29"},
		{"LeapDayTo2100", "2096-02-29", "4 years", "2100-02-28"}, // 2100 is no leap year
		{"To2000", "1996-02-29", "4 years", "2000-02-29"},
		{"MonthsBeforeDays", "2026-01-31", "1 month 1 day", "2026-03-01"},
		{"YearsAndMonthsInOneStep", "2027-01-31", "1 year 1 month", "2028-02-29"},
		{"DaysOverSummerTime", "2026-03-28", "2 days", "2026-03-30"},
		{"DaysOverWinterTime", "2026-10-24", "2 days", "2026-10-26"},
		{"Nothing", "2026-03-28", "0 days", "2026-03-28"},
		{"AHundredYears", "2026-03-28", "100 years", "2126-03-28"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := policies.ParsePeriod(c.period)
			if err != nil {
				t.Fatal(err)
			}
			if got := day(t, c.from).Plus(p).String(); got != c.want {
				t.Errorf("%s plus %s = %s, want %s", c.from, c.period, got, c.want)
			}
		})
	}
}

func TestBirthday(t *testing.T) {
	for _, c := range []struct {
		name, born string
		years      int
		want       string
	}{
		{"Plain", "2020-05-17", 18, "2038-05-17"},
		{"LeapDayInALeapYear", "2020-02-29", 4, "2024-02-29"},
		{"LeapDayInAnotherYear", "2020-02-29", 18, "2038-03-01"},
		{"LeapDayTwentyFifth", "2024-02-29", 25, "2049-03-01"},
		{"LeapDayIn2100", "2076-02-29", 24, "2100-03-01"},
		{"TwentyEighthStays", "2023-02-28", 25, "2048-02-28"},
		{"SeventyFifth", "2024-12-31", 75, "2099-12-31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := day(t, c.born).Birthday(c.years).String(); got != c.want {
				t.Errorf("born %s, %d years: %s, want %s", c.born, c.years, got, c.want)
			}
		})
	}
}

func TestLastOfMonth(t *testing.T) {
	for text, want := range map[string]string{"2024-02": "2024-02-29", "2023-02": "2023-02-28", "2100-02": "2100-02-28", "2026-12": "2026-12-31", "2026-04": "2026-04-30"} {
		if got, err := policies.LastOfMonth(text); err != nil || got.String() != want {
			t.Errorf("LastOfMonth(%s) = %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-1", "2026-11-20"} {
		if _, err := policies.LastOfMonth(text); err == nil {
			t.Errorf("LastOfMonth(%q) succeeded", text)
		}
	}
}

// A moment is a day where the service is: in summer, half past eleven at night in
// UTC is the next day in London.
func TestDayOf(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-07-01T23:30:00Z": "2026-07-02",
		"2026-12-01T23:30:00Z": "2026-12-01",
		"2026-03-29T00:59:59Z": "2026-03-29", // the clocks go forward at one
		"2026-10-24T23:30:00Z": "2026-10-25", // and back a day later
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := policies.DayOf(policies.At(moment), london).String(); got != want {
			t.Errorf("%s is %s, want %s", at, got, want)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-23", 5, "2026-11-30"}, // Monday to Monday
		{"2026-11-27", 1, "2026-11-30"}, // Friday to Monday
		{"2026-11-28", 1, "2026-11-30"}, // Saturday to Monday
		{"2026-11-29", 5, "2026-12-04"}, // Sunday to Friday
		{"2026-11-25", 0, "2026-11-25"},
	} {
		if got := day(t, c.from).WorkingDays(c.n).String(); got != c.want {
			t.Errorf("%s and %d working days: %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	for _, text := range []string{"", "2", "months", "0 months", "2 month", "1 months", "1 day 1 year", "2 weeks", "P2M", "-1 day", "1.5 years",
		"1 year1 month", " 1 year", "1 year ", "1  year", "126 years", "01 month", "1 year 0 months", "99999 days", "1 Year"} {
		if p, err := policies.ParsePeriod(text); err == nil {
			t.Errorf("ParsePeriod(%q) = %v", text, p)
		}
	}
}

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]policies.Period{
		"0 days": {}, "1 month": {Months: 1}, "18 years 3 months": {Years: 18, Months: 3}, "30 days": {Days: 30}, "1 year 1 day": {Years: 1, Days: 1},
		"2 years 3 months 4 days": {Years: 2, Months: 3, Days: 4},
	} {
		if got, err := policies.ParsePeriod(text); err != nil || got != want {
			t.Errorf("ParsePeriod(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

// A longer period never ends earlier, a later day never either, and the end is a
// day that the calendar has.
func TestPlusKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := func(name string) policies.Day {
			at := time.Date(1990, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 60*366).Draw(t, name))
			return policies.DayOf(policies.At(at), time.UTC)
		}
		d, e := from("d"), from("e")
		p := policies.Period{Years: rapid.IntRange(0, 100).Draw(t, "years"), Months: rapid.IntRange(0, 30).Draw(t, "months"), Days: rapid.IntRange(0, 400).Draw(t, "days")}
		end := d.Plus(p)
		if back, err := policies.ParseDay(end.String()); err != nil || back != end {
			t.Fatalf("%s plus %s is %s: %v", d, p, end, err)
		}
		if d.Before(e) && e.Plus(p).Before(end) {
			t.Fatalf("%s is before %s, and %s later it is not", d, e, p)
		}
		longer := p
		longer.Days++
		if !end.Before(d.Plus(longer)) {
			t.Fatalf("a day more than %s from %s ends no later", p, d)
		}
		if again, err := policies.ParsePeriod(p.String()); err != nil || again != p {
			t.Fatalf("%q reads back as %v: %v", p, again, err)
		}
	})
}
