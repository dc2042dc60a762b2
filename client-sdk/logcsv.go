package attune

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/attune-vf/attune/storage/accesslog"
)

// eventsHead and namesHead are the first lines of the two tables of an export.
var (
	eventsHead = [...]string{"row", "time (UTC)", "action", "outcome", "rules", "who", "family", "object", "range", "reason", "address", "request"}
	namesHead  = [...]string{"pseudonym", "name"}
)

// csvLine writes cells as one line of a table that a spreadsheet shows and does
// not run: every cell is quoted, control characters are replaced, and what a
// spreadsheet would take for a formula begins with an apostrophe instead.
//
// Source: OWASP, CSV injection; RFC 4180.
func csvLine(cells ...string) string {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%s"`, strings.ReplaceAll(cell(c), `"`, `""`))
	}
	b.WriteString("\r\n")
	return b.String()
}

// cell makes a text harmless. A text that begins with an apostrophe gets another,
// so that taking one away gives every text back. Programs skip what is blank at the
// beginning, and some take the wide forms of East Asian keyboards for the same.
func cell(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	bare := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' || r == '\uFFFD' })
	if strings.HasPrefix(s, "'") || bare != "" && strings.ContainsRune("=+-@\uFF1D\uFF0B\uFF0D\uFF20", []rune(bare)[0]) {
		return "'" + s
	}
	return s
}

// uncell is the inverse of cell, for texts without control characters.
func uncell(s string) string { return strings.TrimPrefix(s, "'") }

// eventLine is an event as people read it. It follows from the leaf, the names
// and the detail, so that a verifier can write it again and compare.
func eventLine(e accesslog.Event, names map[accesslog.Pseudonym]string, detail string) string {
	reason, address, typed := strings.Cut(detail, "\n")
	if !typed {
		reason, address = "", detail
	}
	return csvLine(fmt.Sprint(e.Index), time.UnixMicro(e.At).UTC().Format("2006-01-02 15:04:05.000000"), e.Action, e.Outcome, strings.Join(e.Rules, " "),
		names[e.Subject], names[e.Family], names[e.Object], e.Range, reason, address, e.Request)
}

// parseName reads a line of the table of names.
func parseName(line []byte) (p accesslog.Pseudonym, name string, err error) {
	cells, err := csv.NewReader(bytes.NewReader(line)).Read()
	if err != nil || len(cells) != len(namesHead) {
		return p, "", fmt.Errorf("not a line of two cells: %w", err)
	}
	if err := p.UnmarshalText([]byte(uncell(cells[0]))); err != nil {
		return p, "", err
	}
	name = uncell(cells[1])
	if csvLine(p.String(), name) != string(line) {
		return p, "", fmt.Errorf("differs from its own re-encoding")
	}
	return p, name, nil
}
