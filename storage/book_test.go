package storage_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/storagetest"
)

func booked(t *testing.T, dir string, org policies.OrgID) map[string]bool {
	t.Helper()
	entries, damaged, err := ledger.Read(ledger.File(dir, org.String()))
	if err != nil || len(damaged) > 0 {
		t.Fatalf("%v, %v", damaged, err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		if policies.DigestOf([]byte(e.Statement)).String() != e.ID {
			t.Errorf("%s is not what the ledger says", e.ID)
		}
		out[e.ID] = true
	}
	return out
}

// TestLedger: each restriction that was acknowledged stands in the ledger; what permits
// something does not.
func TestLedger(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1<<20, true)
	l := f.Share(c, 5)
	before := booked(t, w.Config.LedgerDir(), w.Org)
	withdrawn := w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	unlinked := w.Sam.Does(f.Record, "link.revoke", &policies.LinkRevoke{Link: l.ID})
	revoked := w.Head.Does(policies.RecordID(w.Org), "device.revoke", &policies.DeviceRevoke{Device: w.Visitor.Device})
	confirmed := w.Sam.Does(f.Record, "disposal.authorise", &policies.DisposalAuthorise{Of: withdrawn, Identity: policies.Identities()[0]})
	after := booked(t, w.Config.LedgerDir(), w.Org)
	for name, id := range map[string]policies.StatementID{"withdraw": withdrawn, "link.revoke": unlinked, "device.revoke": revoked, "disposal.authorise": confirmed} {
		if !after[id.String()] {
			t.Errorf("%s is not in the ledger", name)
		}
	}
	if len(after) != len(before)+4 || len(before) != 0 {
		t.Errorf("%d entries before, %d after; want 0 and 4", len(before), len(after))
	}
}

// TestLedgerLost: a service whose ledger is not there does not start, until somebody says
// that it is lost; then one is begun with what the database holds, and others refuse it no
// more.
func TestLedgerLost(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	withdrawn := w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	w.Store = nil
	if err := os.RemoveAll(w.Config.LedgerDir()); err != nil {
		t.Fatal(err)
	}
	for name, how := range map[string]func(context.Context, storage.Config) (*storage.Store, error){"Open": storage.Open, "OpenBeside": storage.OpenBeside, "OpenFounding": storage.OpenFounding} {
		if s, err := how(context.Background(), w.Config); s != nil || !errors.Is(err, storage.ErrLedger) {
			t.Fatalf("%s = %v, want %v", name, err, storage.ErrLedger)
		}
	}
	w.Config.LedgerLost = true
	w.Reopen()
	if got := booked(t, w.Config.LedgerDir(), w.Org); len(got) != 1 || !got[withdrawn.String()] {
		t.Errorf("ledger = %v", got)
	}
	w.Config.LedgerLost = false
	w.Reopen()
}

// TestPutBackByHand: a database that was copied back over a newer one is not served,
// because what was withdrawn since is missing from it.
func TestPutBackByHand(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	w.Store = nil
	w.Reopen()
	w.Ana.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2, StillHappy: true})
	w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	w.Store = nil
	if err := os.WriteFile(w.Config.Database, old, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(context.Background(), w.Config)
	if !errors.Is(err, storage.ErrPutBack) {
		t.Fatalf("open = %v, want %v", err, storage.ErrPutBack)
	}
	if s != nil {
		t.Error("it was opened")
	}
}

// crashed is what a child tells before it dies.
type crashed struct {
	Dir, Statement string
	Key, LogKey    []byte
	Org            policies.OrgID
}

const crashPoint = "ATTUNE_TEST_CRASH_AT"

// TestLedgerChild is the process that [TestLedgerKilled] kills; alone it does nothing.
func TestLedgerChild(t *testing.T) {
	point := os.Getenv(crashPoint)
	if point == "" {
		return
	}
	w := open(t)
	f := w.Open("NF-2041")
	s, _ := w.Ana.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	w.Config.Step = func(at string) {
		if at == point {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it arrives
		}
	}
	w.Reopen()
	told, err := json.Marshal(crashed{w.Dir, string(s.Statement), w.Config.Key.Seed(), w.Config.LogKey.Seed(), w.Org})
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.Write(append(append([]byte("crash "), told...), '\n'))
	w.MustAccept(w.Ana.Caller(), s)
	os.Stdout.WriteString("acknowledged\n")
}

// TestLedgerKilled kills the service with SIGKILL at each step of taking a withdrawal.
// What was acknowledged, or only committed, stands in the ledger; what stands there and was
// never committed is taken when it comes again, and stands there once.
func TestLedgerKilled(t *testing.T) {
	for _, c := range []struct {
		point                string
		booked, stored, told bool
	}{
		{"before the ledger", false, false, false},
		{"after the ledger", true, false, false},
		{"after the commit", true, true, false},
		{"never", true, true, true},
	} {
		t.Run(c.point, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestLedgerChild$", "-test.v")
			cmd.Env = append(os.Environ(), crashPoint+"="+c.point, "TMPDIR="+t.TempDir())
			out, _ := cmd.CombinedOutput()
			var was crashed
			for line := range strings.Lines(string(out)) {
				if _, told, ok := strings.Cut(line, "crash "); ok {
					if err := json.Unmarshal([]byte(told), &was); err != nil {
						t.Fatal(err)
					}
				}
			}
			if was.Dir == "" {
				t.Fatalf("the child said %s", out)
			}
			if got := strings.Contains(string(out), "acknowledged"); got != c.told {
				t.Fatalf("acknowledged = %v, want %v", got, c.told)
			}
			if c.told {
				return // its folder went with it
			}
			id := policies.DigestOf([]byte(was.Statement)).String()
			dir := filepath.Join(was.Dir, "ledger")
			if got := booked(t, dir, was.Org)[id]; got != c.booked {
				t.Errorf("in the ledger = %v, want %v", got, c.booked)
			}
			comesAgain(t, was, !c.stored)
			if got := booked(t, dir, was.Org); len(got) != 1 || !got[id] {
				t.Errorf("ledger afterwards = %v", got)
			}
		})
	}
}

// comesAgain pushes what the child was killed with.
func comesAgain(t *testing.T, was crashed, fresh bool) {
	t.Helper()
	payloads, err := objects.OpenDir(filepath.Join(was.Dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	defer payloads.Close()
	s, err := storage.Open(context.Background(), storage.Config{
		Database: filepath.Join(was.Dir, "attune.db"), Objects: payloads, Bundle: storagetest.Adopted(t).Bundle,
		Key: ed25519.NewKeyFromSeed(was.Key), LogKey: ed25519.NewKeyFromSeed(was.LogKey),
		Now: func() time.Time { return storagetest.Start.Add(time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	results, _, err := s.Records.Accept(context.Background(), policies.Caller{}, []storage.Sealed{{Statement: []byte(was.Statement)}}, 0)
	if err != nil || results[0].Err != nil || results[0].Duplicate == fresh {
		t.Errorf("pushed again: %+v, %v; want it fresh: %v", results, err, fresh)
	}
}
