package main

import (
	"bytes"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
)

// TestPrintEmptyLists: a script counts what is in a list, and an empty one counts.
func TestPrintEmptyLists(t *testing.T) {
	var out bytes.Buffer
	g := &global{JSON: true, out: &out}
	if err := g.print(map[string]any{"clips": []attune.ClipView(nil), "report": attune.Report{}}, ""); err != nil {
		t.Fatal(err)
	}
	want := `{"clips":[],"report":{"accepted":[],"refused":[],"deferred":[],"uploaded":[],"stopped":[],"held":[],"purged":[],"pulled":0,"dropped":[],"keys":0,"given":0,"turned":[],"relocked":0,"waiting":0,"returned":0,"unreturned":0,"copied":false}}` + "\n"
	if out.String() != want {
		t.Errorf("printed %swant %s", out.String(), want)
	}
}

// A server that said what is not so is told of at each look at the device, until
// somebody has taken the files away.
func TestStatusTellsOfEvidence(t *testing.T) {
	if got := (deviceStatus{}).text(); strings.Contains(got, "not so") {
		t.Errorf("without evidence: %s", got)
	}
	got := deviceStatus{Evidence: []string{"/home/sam/evidence/a.json", "/home/sam/evidence/b.json"}}.text()
	if !strings.Contains(got, "Give your IG officer 2 files from /home/sam/evidence") {
		t.Errorf("status = %s", got)
	}
}
