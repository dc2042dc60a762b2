package statement

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// PROTOCOL.md names every rule, every kind with what the table of kinds says of
// it, and every error code with its status: whoever changes one is told here.
func TestProtocolIsComplete(t *testing.T) {
	b, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		lines[strings.TrimSpace(line)] = true
	}
	for _, rule := range Rules() {
		if !bytes.Contains(b, []byte("\n| `"+rule+"` | ")) {
			t.Errorf("rule %s has no row", rule)
		}
	}
	var kinds []string
	for _, row := range policies.Kinds() {
		kinds = append(kinds, kindRow(t, row))
	}
	if diff := cmp.Diff(kinds, tableAfter(string(b), "| Kind | Class | Signed by | Body |\n|---|---|---|---|\n")); diff != "" {
		t.Errorf("kinds, in order (-code +PROTOCOL.md):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(wordRows())), slices.Sorted(slices.Values(closedLists(string(b))))); diff != "" {
		t.Errorf("closed lists (-code +PROTOCOL.md):\n%s", diff)
	}
	for _, code := range wire.Codes() {
		e := wire.EntryOf(code)
		if want := fmt.Sprintf("| `%s` | %d | %s |", code, e.Status, e.Message); !lines[want] {
			t.Errorf("missing: %s", want)
		}
	}
}

// Every vector file is described where a second implementation looks for it.
func TestVectorsAreListed(t *testing.T) {
	files, err := filepath.Glob(vectorFile("*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d vector files, %v", len(files), err)
	}
	for _, doc := range []string{"../PROTOCOL.md", vectorFile("README.md")} {
		b, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := filepath.Base(f); !bytes.Contains(b, []byte("[`"+name+"`]")) {
				t.Errorf("%s does not name %s", doc, name)
			}
		}
	}
}

// closedLists are the rows of the table of words, without remarks in brackets.
func closedLists(protocol string) []string {
	return tableAfter(strings.ReplaceAll(protocol, " (alone)", ""), "| Member | Words |\n|---|---|\n")
}

// tableAfter are the rows that follow a table's heading.
func tableAfter(text, heading string) []string {
	_, rows, _ := strings.Cut(text, heading)
	rows, _, _ = strings.Cut(rows, "\n\n")
	return strings.Split(rows, "\n")
}

func wordRows() []string {
	return []string{
		wordRow("`role` (staff.invite)", policies.Roles()), wordRow("`programme`", policies.Programmes()),
		wordRow("`role` (person.add)", policies.FilmRoles()), wordRow("`basis`", policies.Bases()),
		wordRow("`contact`", policies.Contacts()), wordRow("`reason`", policies.DeclineReasons()),
		wordRow("`reason` (deputy.appoint)", policies.DeputyReasons()),
		wordRow("`reason` (hold.provisional)", policies.HoldReasons()), wordRow("`kind` (hold.place)", policies.HoldKinds()),
		wordRow("`kind` (request.open)", policies.RequestKinds()), wordRow("`outcome` (request.close)", policies.RequestOutcomes()),
		wordRow("`ground` (request.close)", policies.RequestGrounds()), wordRow("`step`", policies.ClockSteps()),
		wordRow("`legal_status`", policies.LegalStatuses()), wordRow("`basis` (case.change)", policies.LawfulBases()),
		wordRow("`controller` (case.change)", policies.Holders()), wordRow("`identity`", policies.Identities()),
		wordRow("`purpose`", policies.Purposes()), wordRow("`channel`", policies.Channels()),
		wordRow("`outcome`", policies.Outcomes()), wordRow("`ground`", policies.Grounds()),
		wordRow("`ground` (recovery.use)", policies.RecoveryGrounds()), wordRow("`pair`", policies.Pairs()),
		wordRow("`medium`", policies.Mediums()), wordRow("`understood`", policies.Aids()),
		wordRow("`outcome` (person.change)", policies.Competences()),
		wordRow("`class`", []policies.ClassName{policies.RawFilm, policies.WorkingClips, policies.RecordClips, policies.TrainingCopies}),
		wordRow("`ground` (clip.mark, clip.dispose)", policies.DisposalGrounds()), wordRow("`outcome` (disposal.approve)", policies.AppraisalOutcomes()),
		wordRow("`what`", policies.SweepRefusals()),
		wordRow("`kind` (clip.add)", policies.ClipKinds()),
		wordRow("`level`", policies.Levels()), wordRow("`kind` (equipment.add)", policies.EquipmentKinds()),
		wordRow("`how`", policies.WipedHows()), wordRow("`category`", policies.GlassCategories()),
		wordRow("`source` (clip.annotate)", []policies.SourceFate{policies.SourceRemoved, policies.SourceKept}),
	}
}

func wordRow[W ~string](member string, words []W) string {
	row := "| " + member + " |"
	for _, w := range words {
		row += " `" + string(w) + "`"
	}
	return row + " |"
}

func kindRow(t *testing.T, row policies.Row) string {
	class := map[policies.Class]string{policies.Control: "control", policies.Content: "content"}[row.Class]
	var by []string
	for _, s := range row.Signers {
		switch {
		case s == policies.SignDevice && len(row.Roles) > 0:
			for _, r := range row.Roles {
				by = append(by, string(r))
			}
			if row.Deputy {
				by = append(by, "deputy")
			}
		case s == policies.SignDevice:
			by = append(by, "any device")
		default:
			by = append(by, string(s))
		}
	}
	if row.Restriction {
		class += ", **restriction**"
	}
	return fmt.Sprintf("| `%s` | %s | %s | `%s` |", row.Kind, class, strings.Join(by, ", "), bodyShape(t, row.Kind))
}

// bodyShape lists the members of a kind's body, from its vector.
func bodyShape(t *testing.T, kind policies.Kind) string {
	for _, v := range readVectors[validVector](t, "statement.json") {
		if v.Kind == kind {
			payload, err := b64.DecodeString(strings.Split(v.Raw, ".")[1])
			if err != nil {
				t.Fatal(err)
			}
			dec := jsontext.NewDecoder(bytes.NewReader(payload))
			all := shape(t, dec)
			return strings.TrimSuffix(all[strings.LastIndex(all, "body{")+4:], "}")
		}
	}
	return ""
}

// shape is the next value's members, in order: {a,b{c},list[{d}]}.
func shape(t *testing.T, dec *jsontext.Decoder) string {
	tok, err := dec.ReadToken()
	if err != nil {
		t.Fatal(err)
	}
	switch tok.Kind() {
	case '{':
		var names []string
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name.String()+shape(t, dec))
		}
		_, _ = dec.ReadToken()
		return "{" + strings.Join(names, ",") + "}"
	case '[':
		inner := ""
		for dec.PeekKind() != ']' {
			inner = shape(t, dec)
		}
		_, _ = dec.ReadToken()
		return "[" + inner + "]"
	}
	return ""
}
