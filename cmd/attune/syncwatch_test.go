package main

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// What stays is told once: a failure until it is another, and film that each round finds
// in the way.
func TestTellerSaysEachThingOnce(t *testing.T) {
	away := attune.Round{Err: &attune.Error{Code: attune.CodeOffline, Message: "No signal.", Next: "Wait."}, Again: 90 * time.Second, Failed: 1}
	denied := attune.Report{Stopped: []attune.StoppedUpload{{Code: wire.CodeDenied, Message: "Not now.", Next: "Ask."}}}
	sent := attune.Report{Accepted: []attune.Outcome{{Kind: "consent.withdraw"}}, Uploaded: []policies.ClipID{{}}, Pulled: 1}
	for name, tt := range map[string]struct {
		json   bool
		rounds []attune.Round
		want   []string // in each line
	}{
		"Failure":   {false, []attune.Round{away, away, away, {}, {}}, []string{"Not done: No signal. Wait. It is tried again by itself, first in 90 seconds.", "In step with the service"}},
		"TwoCauses": {false, []attune.Round{{}, away, {Err: errors.New("odd")}, {}}, []string{"In step", "No signal", "odd", "All is well again"}},
		"Film":      {false, []attune.Round{{Report: denied}, {Report: denied}, {}, {Report: denied}}, []string{"Not uploaded", "In step", "Not uploaded"}},
		"Work":      {false, []attune.Round{{}, {Report: sent}}, []string{"In step", "Sent: a withdrawal of consent (", "Uploaded: the film of ", "Received: 1 thing from the service"}},
		"JSON":      {true, []attune.Round{{}, away, away, {Report: sent}, {}}, []string{`"error":{"code":"offline","message":"No signal."`, `"report":{`}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			said := teller{g: &global{out: &out, err: &out, JSON: tt.json}, mu: new(sync.Mutex)}
			for _, r := range tt.rounds {
				said.told(r)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("said %q", lines)
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

// Lengths and times are no more exact than they are known.
func TestLengthsAndTimesForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1500: "1 kB", 2_400_000: "2.4 MB", 134_217_728: "134 MB", 12_300_000_000: "12.3 GB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "a second", 59 * time.Second: "59 seconds", 3*time.Minute + 40*time.Second: "4 minutes", 5 * time.Hour: "5 hours"} {
		if got := short(d); got != want {
			t.Errorf("%v = %q, want %q", d, got, want)
		}
	}
}

// Where no bar is shown a line tells now and then how far it is and how long it takes.
func TestLineByLine(t *testing.T) {
	var out bytes.Buffer
	l := &lineByLine{g: &global{err: &out}, label: "Uploading 7hY2pQ0a"}
	l.Total(100e6)
	l.Add(20e6) // found there
	l.began, l.told = l.began.Add(-time.Minute), l.told.Add(-time.Minute)
	l.Add(40e6)
	l.Add(1e6) // a moment later
	if got := out.String(); got != "Uploading 7hY2pQ0a: 60 MB of 100 MB, about 60 seconds left\n" {
		t.Errorf("told %q", got)
	}
}
