package packs_test

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/packs"
)

// TestCouncil checks the figures of DESIGN §5, clocks.
func TestCouncil(t *testing.T) {
	p, digest, err := packs.Load("council")
	if err != nil {
		t.Fatal(err)
	}
	text, err := packs.Text("council")
	if err != nil {
		t.Fatal(err)
	}
	if digest != policies.DigestOf(text) {
		t.Error("the digest is not that of the file")
	}
	for _, f := range []struct {
		name      string
		got, want int
	}{
		{"offline days", p.OfflineDays.Value, 7}, {"link days", p.LinkDays.Value, 14}, {"link opens", p.LinkOpens.Value, 20},
		{"PIN tries", p.PINTries.Value, 5}, {"PIN pause", p.PINPauseMins.Value, 15}, {"invitation", p.InviteDays.Value, 7},
		{"certificate", p.CertMonths.Value, 12}, {"approval", p.ApprovalMonths.Value, 12}, {"consent", p.ConsentMonths.Value, 12},
		{"viewing", p.ViewingDays.Value, 30},
	} {
		if f.got != f.want {
			t.Errorf("%s = %d, want %d", f.name, f.got, f.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	text, err := packs.Text("council")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"UnknownField", "title:", "colour: red\ntitle:"},
		{"RepeatedField", "title:", "name: council\ntitle:"},
		{"SecondDocument", "name: council", "name: council\n---\nname: other"},
		{"OfflineForAMonth", "value: 7\n  source: Service policy (design default; 1", "value: 31\n  source: x (1"},
		{"LinkForTwoMonths", "value: 14\n  source: Service policy (design default; at most 28", "value: 60\n  source: x (28"},
		{"NoOpens", "value: 20", "value: 0"},
		{"WordForANumber", "value: 20", "value: many"},
		{"NoSource", "  source: Service policy (design default). Enough to watch daily for a fortnight and show it at home.\n", ""},
		{"NoTitle", "title: \"Council, educational psychology or voluntary agency: working material\"", "title: ''"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(string(text), c.old, c.new, 1)
			if changed == string(text) {
				t.Fatal("the case changes nothing")
			}
			if _, err := packs.Parse([]byte(changed)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestUnknownPack(t *testing.T) {
	for _, name := range []string{"", "nobody", "../packs/council", "council.yaml"} {
		if _, _, err := packs.Load(name); err == nil {
			t.Errorf("Load(%q) succeeded", name)
		}
	}
}
