package statement

import (
	"testing"
	"unicode/utf8"
)

// What the encoder writes, scan lets through: for every character there is.
func TestScanTakesWhatEncodeWrites(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		b, err := encode(string(r))
		if err != nil {
			t.Fatalf("%U: %v", r, err)
		}
		if err := scan(b); err != nil {
			t.Fatalf("%U as %s: %v", r, b, err)
		}
	}
}

// What scan lets through as a string is what the encoder would write: a second
// spelling would be a second identity.
func TestScanTakesNoSecondSpelling(t *testing.T) {
	for _, escaped := range []string{`\/`, `\u0041`, `\u00e9`, `\u001F`, `\u0009`, `\u000a`, `\u007f`, `\u2028`, `\ud83d\ude00`, `\ud800`, `\u12`, `\x41`, `\`} {
		if err := scan([]byte(`"` + escaped + `"`)); err == nil {
			t.Errorf("%s passes", escaped)
		}
	}
}

func TestScanBoundsIntegers(t *testing.T) {
	for _, tc := range []struct{ text, rule string }{
		{"0", ""}, {"9007199254740991", ""}, {"9007199254740992", RuleIntegerRange},
		{"99999999999999999999999999", RuleIntegerRange}, {"-1", RuleIntegerRange}, {"-0", RuleInteger},
		{"-", RuleInteger}, {"00", RuleInteger}, {"1.5", RuleInteger}, {"1E3", RuleInteger}, {"0e0", RuleInteger},
	} {
		if got := Rule(scan([]byte(tc.text))); got != tc.rule {
			t.Errorf("%s: rule = %q, want %q", tc.text, got, tc.rule)
		}
	}
}
