package main

import (
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/attune-vf/attune/policies"
)

// table sets a list in columns, "(none)" when it is empty.
func table[T any](list []T, row func(T) []string) string {
	if len(list) == 0 {
		return "(none)"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, x := range list {
		cells := row(x)
		for i, c := range cells {
			cells[i] = oneLine(c)
		}
		w.Write([]byte(strings.Join(cells, "\t") + "\n")) // a strings.Builder takes everything
	}
	w.Flush()
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// oneLine keeps a text that somebody typed in its place: a name with a line break
// would stand as a row that nobody wrote, and with an escape could colour, move or
// turn round what the IG officer reads.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, s)
}

// plain writes a word of the protocol as people do: "head of service".
func plain(word string) string { return strings.ReplaceAll(word, "_", " ") }

func mark(yes bool, word string) string {
	if yes {
		return word
	}
	return ""
}

// date writes an instant in this machine's time zone; "" for none.
func date(m policies.Micros) string {
	if m == 0 {
		return ""
	}
	return m.Time().Local().Format("2 Jan 2006")
}

// parseDay reads 2026-11-20 as midnight in this machine's time zone.
func parseDay(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return t, problem("usage", "Write it as 2026-11-20.", "--%s is not a date: %q.", flag, text).status(exitUsage)
	}
	return t, nil
}

// parseUntil reads a last day, and gives its last instant: "until the 20th" includes
// the 20th.
func parseUntil(flag, text string) (time.Time, error) {
	t, err := parseDay(flag, text)
	if err != nil || t.IsZero() {
		return t, err
	}
	return t.AddDate(0, 0, 1).Add(-time.Microsecond), nil
}
