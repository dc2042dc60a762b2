package authz

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// longest is how many words a sentence has that somebody signs: what needs more is two
// rules, or is not understood yet.
const longest = 25

var ends = regexp.MustCompile(`[.!?]\s+|[.!?]$`)

// TestSentencesAreShort: every sentence of RULES.md that is for people.
func TestSentencesAreShort(t *testing.T) {
	check := func(where, text string) {
		for _, s := range ends.Split(text, -1) {
			if n := len(strings.Fields(s)); n > longest {
				t.Errorf("%s: %d words: %s", where, n, s)
			}
		}
	}
	for _, r := range loaded(t).Rules() {
		check(r.ID, r.Title)
		if !strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: its title is no sentence: %s", r.ID, r.Title)
		}
	}
	for _, r := range policies.AppliedRules() {
		check(r.ID, r.Title)
	}
	for _, r := range policies.RecordRules() {
		check("refused by the record", r.Title)
	}
	text, err := os.ReadFile("../RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			check("RULES.md", strings.Join(words, " "))
			words = nil
		case line == "## Each rule":
			return // titles again, Cedar, and the names of cases
		case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "|"), strings.HasPrefix(line, "- "), strings.HasPrefix(line, "Source:"):
			words = nil
		default:
			words = append(words, line)
		}
	}
}
