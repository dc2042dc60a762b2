package policies

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Day is a day on the calendar of the service, without a time and without a
// zone. Retention counts days as people do: nobody keeps film "for 5,184,000
// seconds".
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the day at the service when something happened. A moment after
// midnight in summer is the day before in UTC, and a child's film would be counted
// from the wrong day.
func DayOf(m Micros, where *time.Location) Day { return dayAt(m.Time().In(where)) }

// ParseDay reads "2026-11-20", and refuses days that no calendar has.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(dayForm, text)
	if err != nil {
		return Day{}, fmt.Errorf("%q is not a day such as 2026-11-20", text)
	}
	return dayAt(t), nil
}

// LastOfMonth reads "2026-11" as the last day of that month. A birth is recorded
// as a month: counted from its last day, no period ends too early.
func LastOfMonth(text string) (Day, error) {
	t, err := time.Parse(monthForm, text)
	if err != nil {
		return Day{}, fmt.Errorf("%q is not a month such as 2026-11", text)
	}
	return Day{t.Year(), t.Month(), daysIn(t.Year(), t.Month())}, nil
}

// String is "2026-11-20", "" for no day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// IsZero reports whether d is no day.
func (d Day) IsZero() bool { return d == Day{} }

// MarshalText implements encoding.TextMarshaler.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Before reports whether d is earlier than e.
func (d Day) Before(e Day) bool { return d.noon().Before(e.noon()) }

// Plus is the last day of a period that began with what happened on d.
//
// The day itself does not count, and a period of months or years ends on the day
// with the same number: 2 months after 20 November end with 20 January. Where that
// month is too short it ends with its last day: 1 month after 31 January ends with
// 28 February, or the 29th in a leap year. Months and years are counted first, in
// one step, then days; in another order the result would differ.
//
// Source: Dodds v Walker [1981] 1 WLR 1027 (HL), the corresponding date rule.
func (d Day) Plus(p Period) Day {
	month := d.Year*12 + int(d.Month) - 1 + p.Years*12 + p.Months
	out := Day{month / 12, time.Month(month%12 + 1), d.Day}
	out.Day = min(out.Day, daysIn(out.Year, out.Month))
	return dayAt(out.noon().AddDate(0, 0, p.Days))
}

// Birthday is the day on which somebody born on d becomes so many years old. For a
// birth on 29 February it is 1 March in a year without one: the law of Scotland
// says so, the law of England and Wales is read both ways, and the later day
// destroys nothing early. It differs from [Day.Plus] in this only.
//
// Source: Age of Legal Capacity (Scotland) Act 1991 s 6; for England and Wales a
// decision of this project, which the IG lead must confirm.
func (d Day) Birthday(years int) Day {
	if d.Month == time.February && d.Day == 29 && daysIn(d.Year+years, time.February) == 28 {
		return Day{d.Year + years, time.March, 1}
	}
	return Day{d.Year + years, d.Month, d.Day}
}

// WorkingDays is the day after so many working days: Saturdays and Sundays do not
// count. Public holidays do, because they differ by nation and year; whoever needs
// them left out sets a larger figure.
func (d Day) WorkingDays(n int) Day {
	t := d.noon()
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if w := t.Weekday(); w != time.Saturday && w != time.Sunday {
			n--
		}
	}
	return dayAt(t)
}

// workingDays is the last instant of a clock of working days that began at m; zero
// where the pack has no such clock. Nobody's zone is known here: the day on which it
// began is taken an hour ahead, as in summer, and it ends with the day in UTC. Both
// errors make it longer, and never destroy early.
func (m Micros) workingDays(clock Figure) Micros {
	if clock.Value == 0 {
		return 0
	}
	return dayAt(m.plus(summerTime).Time()).WorkingDays(clock.Value).end()
}

// end is the last instant of the day in UTC.
func (d Day) end() Micros { return At(d.noon()) + 12*Hour - 1 }

// After is the first instant after the day, by the calendar of a place.
func (d Day) After(where *time.Location) Micros {
	return At(time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, where))
}

// noon in UTC has no summer time that could push a day over midnight.
func (d Day) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

func dayAt(t time.Time) Day {
	y, m, d := t.Date()
	return Day{y, m, d}
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 12, 0, 0, 0, time.UTC).Day()
}

// Period is a span of the calendar: "2 months", "18 years 3 months", "30 days".
// The zero Period is "0 days".
type Period struct{ Years, Months, Days int }

// maxPeriodYears bounds a period: adoption records are kept for a hundred years,
// and nothing for longer.
const maxPeriodYears = 125

var periodForm = regexp.MustCompile(`^(?:([1-9][0-9]{0,4}) (years?))?(?: ?\b([1-9][0-9]{0,4}) (months?))?(?: ?\b([1-9][0-9]{0,4}) (days?))?$`)

// ParsePeriod reads the text form strictly, because it is what an IG lead signs:
// years, then months, then days, each at most once, "1 month" and "2 months".
func ParsePeriod(text string) (Period, error) {
	if text == "0 days" {
		return Period{}, nil
	}
	bad := fmt.Errorf(`%q is not a period such as "2 months" or "18 years 3 months"`, text)
	m := periodForm.FindStringSubmatch(text)
	if m == nil || text == "" {
		return Period{}, bad
	}
	var p Period
	for i, into := range []*int{&p.Years, &p.Months, &p.Days} {
		*into, _ = strconv.Atoi(m[2*i+1]) // absent is 0; the form allows digits only
	}
	if p.String() != text {
		return Period{}, bad // "1 months", "2 month", a missing space
	}
	if p.Years > maxPeriodYears || p.Months > 12*maxPeriodYears || p.Days > 366*maxPeriodYears {
		return Period{}, fmt.Errorf("%q is longer than %d years", text, maxPeriodYears)
	}
	return p, nil
}

// String is the text form.
func (p Period) String() string {
	var parts []string
	for _, x := range []struct {
		n    int
		unit string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		if x.n != 0 {
			parts = append(parts, count(x.n, x.unit))
		}
	}
	if len(parts) == 0 {
		return "0 days"
	}
	return strings.Join(parts, " ")
}

// MarshalText implements encoding.TextMarshaler.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, strictly.
func (p *Period) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePeriod(string(b))
	return err
}

// count writes "1 month" and "2 months".
func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}
