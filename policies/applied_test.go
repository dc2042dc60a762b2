package policies_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// TestRecordRulesAreHeld: each sentence of RULES.md about what a record cannot hold
// names a refusal that this package still speaks.
func TestRecordRulesAreHeld(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range files {
		if name == "applied.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	for _, r := range policies.RecordRules() {
		if !strings.Contains(code.String(), `notPossible("`+r.Says) {
			t.Errorf("%q: nothing refuses with %q", r.Title, r.Says)
		}
	}
}
