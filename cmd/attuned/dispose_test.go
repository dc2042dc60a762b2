package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/storagetest"
)

// ended is a service with film whose time is over and that somebody let go.
func ended(t *testing.T) (*storagetest.World, *storagetest.Family, storagetest.Clip) {
	t.Helper()
	w := storagetest.New(t, storagetest.Adopted(t))
	f := w.Open("NF-2041")
	c := f.Store(3000, true)
	w.Sam.Does(f.Record, "summary.file", &policies.SummaryFile{Clips: []policies.ClipID{c.ID}, FiledOn: "2026-11-23", Where: "case_record"})
	w.Clock.Forward(40 * 24 * time.Hour)
	return w, f, c
}

func letGo(w *storagetest.World, f *storagetest.Family, c storagetest.Clip) {
	w.Officer.Does(f.Record, "disposal.approve", &policies.DisposalApprove{
		Clips: []policies.ClipID{c.ID}, Class: policies.RawFilm, Outcome: policies.LetGo, Until: w.Clock.Now().Format(time.DateOnly),
	})
}

// swept runs one sweep as the command does, and returns what it printed.
func swept(t *testing.T, w *storagetest.World, d objects.Disposer) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := sweepOnce(context.Background(), w.Store, d, &printer{&out, &out, false})
	return out.String(), err
}

// TestSweepSaysWhat: what a run prints, from what nobody has authorised to what is gone.
func TestSweepSaysWhat(t *testing.T) {
	w, f, c := ended(t)
	d := w.Config.Objects.(objects.Disposer)
	dry := func(want string) {
		t.Helper()
		var out bytes.Buffer
		sweeper := w.Store.Sweeper(storage.SweepConfig{Objects: d})
		if err := dryRun(context.Background(), sweeper, w.Clock.Micros(), &printer{&out, &out, false}); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("dry run: %v\n%s\nwant %q", err, out.String(), want)
		}
	}
	says := func(want string) {
		t.Helper()
		if said, err := swept(t, w, d); err != nil || !strings.Contains(said, want) {
			t.Errorf("sweep: %v\n%s\nwant %q", err, said, want)
		}
	}
	dry("stays: nobody has authorised it")
	says("0 hidden, 0 shown again, 0 destroyed")
	letGo(w, f, c)
	dry("is hidden, and destroyed after its days of grace")
	says("1 hidden")
	dry("its days of grace run until")
	w.Clock.Forward(time.Hour) // no more at once: the clock of this machine is the sweep's, too
	for range 8 {
		w.Clock.Forward(24 * time.Hour)
	}
	said, err := swept(t, w, d)
	if failure := new(failure); !errors.As(err, &failure) || failure.Code != "sweep_clock" || !strings.Contains(failure.Next, "attune retention allow clock ") {
		t.Fatalf("a clock that is a week ahead of the machine: %v\n%s", err, said)
	} else {
		var of policies.Digest
		if err := of.UnmarshalText([]byte(failure.Next[strings.LastIndexByte(failure.Next, ' ')+1:])); err != nil {
			t.Fatal(err)
		}
		w.Officer.Does(policies.RecordID(w.Org), "sweep.allow", &policies.SweepAllow{What: policies.RefusedClock, Of: of})
	}
	says("1 destroyed and certified")
	says("0 destroyed")
}

// TestSweepSpares: what is held after it was hidden is shown again, and stays.
func TestSweepSpares(t *testing.T) {
	w, f, c := ended(t)
	d := w.Config.Objects.(objects.Disposer)
	letGo(w, f, c)
	for _, want := range []string{"1 hidden", "1 shown again", "0 hidden, 0 shown again, 0 destroyed"} {
		if said, err := swept(t, w, d); err != nil || !strings.Contains(said, want) {
			t.Errorf("sweep: %v\n%s\nwant %q", err, said, want)
		}
		if want == "1 hidden" {
			w.Officer.Does(f.Record, "hold.place", &policies.HoldPlace{Clips: []policies.ClipID{c.ID}, Kind: "court"})
		}
	}
	var out bytes.Buffer
	if err := dryRun(context.Background(), w.Store.Sweeper(storage.SweepConfig{Objects: d}), w.Clock.Micros(), &printer{&out, &out, false}); err != nil || !strings.Contains(out.String(), "stays: it is held") {
		t.Errorf("dry run: %v\n%s", err, out.String())
	}
}

// failing refuses to delete.
type failing struct{ objects.Disposer }

func (failing) DeleteVersion(context.Context, objects.Key, string) error { return objects.ErrHeld }

// TestSweepCannotFinish: a store that holds what the record does not is said, and nothing is
// certified; the next run goes on.
func TestSweepCannotFinish(t *testing.T) {
	w, f, c := ended(t)
	d := w.Config.Objects.(objects.Disposer)
	letGo(w, f, c)
	if said, err := swept(t, w, d); err != nil {
		t.Fatal(err, said)
	}
	w.Clock.Forward(8 * 24 * time.Hour)
	if _, err := swept(t, w, d); err == nil {
		t.Fatal("a week's jump went unnoticed")
	}
	clock := func() storage.Clock { return storage.Clock{Wall: w.Clock.Now()} }
	got, err := w.Store.Sweeper(storage.SweepConfig{Objects: failing{d}, Clock: clock}).Run(context.Background())
	if err == nil && got.Refused != nil { // another start of the machine, and days between
		w.Officer.Does(policies.RecordID(w.Org), "sweep.allow", &policies.SweepAllow{What: policies.RefusedClock, Of: got.Refused.Of})
		got, err = w.Store.Sweeper(storage.SweepConfig{Objects: failing{d}, Clock: clock}).Run(context.Background())
	}
	if err != nil || len(got.Failed) != 1 || len(got.Destroyed) != 0 {
		t.Fatalf("swept %+v, %v; want one that failed", got, err)
	}
	var out bytes.Buffer
	if err := reportSweep(&printer{&out, &out, false}, got); err != nil || !strings.Contains(out.String(), "a legal hold keeps it") || !strings.Contains(out.String(), "1 not finished") {
		t.Errorf("says %v\n%s", err, out.String())
	}
}

// TestServerSweepsItsOwnFolder: with payloads in the folder the server does it, says so once,
// and stops when it is told to.
func TestServerSweepsItsOwnFolder(t *testing.T) {
	w, f, c := ended(t)
	letGo(w, f, c)
	said := make(lines, 64)
	log := slog.New(slog.NewTextHandler(said, nil))
	d := w.Config.Objects.(*objects.Dir)
	stopSweeping := disposing(context.Background(), w.Store, d, time.Millisecond, log)
	if line := <-said; !strings.Contains(line, "hidden=1") {
		t.Errorf("the log says %q, want one hidden", line)
	}
	stopSweeping()
	stopHolding := holding(context.Background(), w.Store, d, time.Millisecond, log)
	other := w.Open("NF-2042")
	other.Store(100, true)
	w.Officer.Does(other.Record, "hold.place", &policies.HoldPlace{Kind: "court"})
	if line := <-said; !strings.Contains(line, "placed=1") {
		t.Errorf("the log says %q, want one hold placed", line)
	}
	stopHolding()
	if len(said) > 0 {
		t.Errorf("it also says %q", <-said)
	}
}
