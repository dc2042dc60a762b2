package policies_test

import (
	"testing"

	"github.com/attune-vf/attune/policies"
)

func TestLabelName(t *testing.T) {
	salt := policies.Bytes16{1, 2, 3}
	for name, tt := range map[string]struct {
		label []byte
		want  string
	}{
		"Name":        {policies.NameLabel(salt, "Ana Okoro"), "Ana Okoro"},
		"OtherScript": {policies.NameLabel(salt, "Żaneta Ćwik"), "Żaneta Ćwik"},
		"NoName":      {policies.NameLabel(salt, ""), ""},
		"BareText":    {[]byte("Ana Okoro"), ""},
		"TwoLines":    {policies.NameLabel(salt, "Ana\n7 clip.watch"), ""},
		"NotText":     {policies.NameLabel(salt, "\xff\xfe"), ""},
		"Deleted":     {nil, ""},
	} {
		if got := policies.LabelName(tt.label); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if string(policies.NameLabel(salt, "Ana")) == string(policies.NameLabel(policies.Bytes16{}, "Ana")) {
		t.Error("two labels of one name are the same bytes")
	}
}
