package policies

import (
	_ "embed"
	"strings"
)

//go:embed RULES.md
var rulesPage string

// RuleSection is the part of RULES.md about one rule of Cedar: its sentence, source,
// text and the cases that it decided in the tests. "" for a rule that has none.
func RuleSection(id string) string {
	_, rest, found := strings.Cut(rulesPage, "\n### "+id+"\n\n")
	if !found {
		return ""
	}
	section, _, _ := strings.Cut(rest, "\n### ")
	return strings.TrimSpace(section)
}
