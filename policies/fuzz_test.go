package policies

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
)

// FuzzParseID: an identifier has one spelling. Digests, keys and sixteen random
// bytes are read by the same rule.
func FuzzParseID(f *testing.F) {
	f.Add(ID[Clip]{1}.String())
	f.Add(Bytes16{2}.String())
	f.Add("")
	f.Add(strings.Repeat("A", 42) + "B")
	f.Add(ID[Clip]{1}.String() + "\n")
	f.Add(strings.Repeat("0", 41) + "A\n") // as long as an identifier, and a byte short
	f.Add(strings.Repeat("0", 20) + "A\n")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseID[Clip](text); err == nil && id.String() != text {
			t.Errorf("ID %q is read as %q", text, id)
		}
		var d Digest
		if err := d.UnmarshalText([]byte(text)); err == nil && d.String() != text {
			t.Errorf("digest %q is read as %q", text, d)
		}
		var b Bytes16
		if err := b.UnmarshalText([]byte(text)); err == nil && b.String() != text {
			t.Errorf("sixteen bytes %q are read as %q", text, b)
		}
		var k PublicKey
		_ = k.UnmarshalText([]byte(text))
	})
}

// FuzzLabelName: a name that a colleague's device made stands on one line.
func FuzzLabelName(f *testing.F) {
	f.Add(NameLabel(Bytes16{1}, "Sam Reed"))
	f.Add(NameLabel(Bytes16{1}, "Sam\nForged row"))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, label []byte) {
		name := LabelName(label)
		if strings.ContainsFunc(name, unicode.IsControl) || name != "" && !bytes.Equal(NameLabel(Bytes16(label[:16]), name), label) {
			t.Errorf("label %q gives %q", label, name)
		}
	})
}

// FuzzParsePeriod: what an IG lead signs has one spelling, and days are those of
// the calendar.
func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"2 months", "18 years 3 months", "1 months", "0 days", "2026-02-29", "2026-11-20", "2026-11"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParsePeriod(text); err == nil && p.String() != text {
			t.Errorf("period %q is read as %q", text, p)
		}
		if d, err := ParseDay(text); err == nil && d.String() != text && text != "0001-01-01" {
			t.Errorf("day %q is read as %q", text, d)
		}
	})
}
