package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

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
	if !strings.Contains(got, "Give your IG officer 2 files: attune service evidence") {
		t.Errorf("status = %s", got)
	}
}

// TestStatusGroupsWhatTheServiceForgot: a season's visits are one line.
func TestStatusGroupsWhatTheServiceForgot(t *testing.T) {
	var gone []attune.Forgotten
	for range 40 {
		gone = append(gone, attune.Forgotten{Kind: "session.log", Made: time.Unix(1_790_000_000, 0), Message: "That is not possible now."})
	}
	gone = append(gone, attune.Forgotten{Kind: "person.add", Message: "That is not possible now."})
	got := (deviceStatus{Gone: gone}).text()
	if n := strings.Count(got, "Needs attention"); n != 2 || !strings.Contains(got, "lost 40 times") {
		t.Errorf("%d lines:\n%s", n, got)
	}
}

// TestStatusTellsOfARecoveryWithoutEnd: it is nobody's lie, and no less to be looked at.
func TestStatusTellsOfARecoveryWithoutEnd(t *testing.T) {
	if got := (deviceStatus{Overdue: true}).text(); !strings.Contains(got, "Needs attention: "+overdueText) {
		t.Errorf("status = %s", got)
	}
}

// TestStatusNamesWhatTheServiceForgot: what a service that was put back does not take back
// is named, with what to do, and not only counted.
func TestStatusNamesWhatTheServiceForgot(t *testing.T) {
	made := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	got := deviceStatus{Gone: []attune.Forgotten{
		{Kind: "session.log", Made: made, Mine: true, Message: "That is not possible now."},
		{Kind: "session.log", Made: made, Message: "That is not possible now."},
	}}.text()
	for _, want := range []string{"Needs attention: the service was put back from a backup, lost " + kindText("session.log") + " of 2 Nov 2026", "If it still holds, do it again", "Ask whoever did it"} {
		if !strings.Contains(got, want) {
			t.Errorf("status has no %q:\n%s", want, got)
		}
	}
}
