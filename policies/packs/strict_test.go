package packs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies/packs"
)

// TestParseNamesTheLine changes one line of a pack that is right, and wants the
// refusal to say which and why.
func TestParseNamesTheLine(t *testing.T) {
	text, err := packs.Text("council")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, why string }{
		{"UnknownField", "offline_days:\n", "offlin_days:\n", "no field offlin_days"},
		{"UnknownFieldBelow", "  key_days:\n", "  keys_days:\n", "no field keys_days"},
		{"RepeatedField", "link_opens:\n", "link_days:\n", "stands already in line"},
		{"Anchor", "  value: 20\n", "  value: &n 20\n", "anchors"},
		{"Alias", "title: ", "title: *n #", "unknown anchor"},
		{"MergeKey", "name: council\n", "<<: {name: council}\n", "merge keys"},
		{"QuotedName", "name: council\n", "\"name\": council\n", "quoted names"},
		{"Tag", "  value: 20\n", "  value: !!int 20\n", "types are not given"},
		{"Tab", "  value: 20\n", "  value:\t20\n", "a tab"},
		{"CarriageReturn", "  value: 20\n", "  value: 20\r\n", "another kind of line end"},
		{"NoForFalse", "    summary_gate: true\n", "    summary_gate: no\n", "something else"},
		{"YesForTrue", "    summary_gate: true\n", "    summary_gate: Yes\n", "something else"},
		{"CapitalTrue", "    summary_gate: true\n", "    summary_gate: True\n", "something else"},
		{"WordForTrue", "    summary_gate: true\n", "    summary_gate: often\n", "cannot unmarshal"},
		{"Octal", "  value: 20\n", "  value: 012\n", "something else"},
		{"Hexadecimal", "  value: 20\n", "  value: 0x14\n", "something else"},
		{"Underscore", "  value: 20\n", "  value: 2_0\n", "something else"},
		{"Float", "  value: 20\n", "  value: 20.0\n", "something else"},
		{"Exponent", "  value: 20\n", "  value: 2e1\n", "something else"},
		{"Sexagesimal", "  value: 20\n", "  value: 1:20\n", "something else"},
		{"Signed", "  value: 20\n", "  value: -20\n", "something else"},
		{"Nothing", "  value: 20\n", "  value:\n", "has no value"},
		{"Null", "  value: 20\n", "  value: ~\n", "something else"},
		{"QuotedNumber", "  value: 20\n", "  value: '20'\n", "cannot unmarshal"},
		{"DayForAWord", "name: council\n", "name: 2026-11-20\n", "something else"},
		{"SeveralLines", "name: council\n", "name: |\n  council\n", "one line"},
		{"SecondDocument", "name: council\n", "---\n", "one document"},
		{"Directive", "name: council\n", "%YAML 1.1\n", "one document"},
		{"TooManyOpens", "  value: 20\n", "  value: 1000\n", "1 to 100 allowed: a carer watches"},
		{"KeysBeforeFilmingEnds", "offline_days:\n  value: 7\n", "offline_days:\n  value: 14\n", ""}, // right: the design's own limit
		{"BackupForAYear", "    value: 35\n", "    value: 365\n", "1 to 35 allowed"},
		{"NoSourceBelow", "    source: UK GDPR Art 33(1).\n", "    source: ''\n", "no source"},
		{"UnknownClass", "class: raw_film\n", "class: films\n", "none of"},
		{"ClassTwice", "class: working_clips\n", "class: raw_film\n", "stands twice"},
		{"UnknownTrigger", "after: clips_chosen\n", "after: chosen\n", "none of"},
		{"RuleTwice", "after: summary_filed\n", "after: clips_chosen\n", "stands twice"},
		{"UnknownCase", "[child_in_need]", "[in_need]", ""}, // several of them
		{"PeriodInWeeks", "        value: 2 months\n", "        value: 8 weeks\n", "is not a period"},
		{"PeriodWithoutAUnit", "        value: 2 months\n", "        value: 2\n", "is not a period"},
		{"BirthdayWithoutAChild", "        when: [child_in_need]\n", "", ""},
		{"DestroyAForm", "    then: review\n    withdrawal: restrict\n    summary_gate: false\n    controller: filming_service\n    source: Service policy. It proves",
			"    then: destroy\n    withdrawal: restrict\n    summary_gate: false\n    controller: filming_service\n    source: Service policy. It proves", "a person looks"},
		{"DestroyALogOnWithdrawal", "    withdrawal: restrict\n    summary_gate: false\n    controller: filming_service\n    source: Service policy; UK GDPR Art 5(2)",
			"    withdrawal: destroy\n    summary_gate: false\n    controller: filming_service\n    source: Service policy; UK GDPR Art 5(2)", "proves that it was lawful"},
		{"GateLeftOut", "    summary_gate: true\n", "", "summary_gate is missing"},
		{"UnknownPurpose", "purpose: peers\n", "purpose: friends\n", "none of"},
		{"PurposeTwice", "purpose: peers\n", "purpose: supervision\n", "asked twice"},
		{"UnknownAudience", "viewers: [peers]\n", "viewers: [friends]\n", "none of"},
		{"NobodyMayWatch", "viewers: [peers]\n", "viewers: []\n", "nobody may watch"},
		{"SeparateLeftOut", "    separate: false\n    viewers: [peers]\n", "    viewers: [peers]\n", "separate is missing"},
		{"BraceInAWord", "chosen: better than usual\n", "chosen: 'better {{than}} usual'\n", "a brace"},
		{"ProgrammeMissing", "programme: vipp_sd\n", "programme: vig\n", "stands twice"},
		{"NobodysName", "name: council\n", "name: northfield\n", "papers go by it"},
		{"TurnedRound", "chosen: better than usual\n", "chosen: 'better \u202enaht usual'\n", "nobody sees"},
		{"BasisOfNobody", "  value: public_task\n", "  value: because\n", "none of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after, found := strings.Cut(string(text), c.old)
			if !found {
				t.Fatal("the case changes nothing")
			}
			_, err := packs.Parse([]byte(before + c.new + after))
			if c.why == "" && c.name == "KeysBeforeFilmingEnds" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("%v, want %q", err, c.why)
			}
			where := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error())
			if where == nil {
				t.Fatalf("no line in: %v", err)
			}
			changed := strings.Count(before, "\n") + 1
			var line int
			fmt.Sscan(where[1], &line)
			if line < changed-12 || line > changed+8 {
				t.Errorf("line %d named, line %d changed: %v", line, changed, err)
			}
		})
	}
}

func TestParseRefusesWhatIsNoPack(t *testing.T) {
	for name, text := range map[string]string{
		"Empty": "", "OnlyNotes": "# nothing\n", "List": "- a\n- b\n", "Word": "council\n", "NotText": "name: \xff\xfe\n",
		"Huge": "name: council\n" + strings.Repeat("# so many words\n", 8000), "Deep": strings.Repeat("[", 20000),
		"DeepMapping": "a: " + strings.Repeat("{a: ", 5000), "Bomb": "a: &a [x]\nb: &b [*a,*a]\n",
		"ManyValues": "name: council\nretention: [" + strings.Repeat("a,", 5000) + "a]\n", "DeepList": "retention: " + strings.Repeat("[", 12) + strings.Repeat("]", 12) + "\n",
	} {
		if _, err := packs.Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzParse: whatever is given, a pack that is accepted is complete: every entry
// has a value and a source, and it is read the same again.
func FuzzParse(f *testing.F) {
	for _, name := range packs.Names() {
		text, err := packs.Text(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("name: &a b\n<<: *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := packs.Parse(text)
		if err != nil {
			return
		}
		for _, e := range p.Entries() {
			if e.Name != "title" && (e.Value == "" || strings.TrimSpace(e.Source) == "") {
				t.Fatalf("%s = %q, source %q", e.Name, e.Value, e.Source)
			}
		}
		again, err := packs.Parse(text)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(p) {
			t.Fatalf("read twice, two packs: %v", err)
		}
	})
}
