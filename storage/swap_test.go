package storage_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/rows"
)

// TestRestoreCutInTheSwap: the server had died and left its log of commits beside the
// database; a restore was killed after it had moved the one, and not the other. Run again
// it must not have SQLite play the old log into the database that is put back, and the
// old one must keep its own.
func TestRestoreCutInTheSwap(t *testing.T) {
	for _, removed := range []bool{false, true} { // by somebody, and no restore was cut
		t.Run(map[bool]string{false: "Killed", true: "RemovedByHand"}[removed], func(t *testing.T) {
			ctx := context.Background()
			w := open(t)
			f := w.Open("NF-2041")
			dir := backup(t, w)
			w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
			for i := range 20 {
				w.Ana.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: i + 2, StillHappy: true})
			}
			had, err := w.Log.Prove(ctx, 0)
			if err != nil {
				t.Fatal(err)
			}
			path := w.Config.Database
			left := map[string][]byte{}
			for _, tail := range []string{"", "-wal", "-shm"} { // as kill -9 leaves them
				b, err := os.ReadFile(path + tail)
				if err != nil {
					t.Fatal(err)
				}
				left[tail] = b
			}
			if err := w.Store.Close(); err != nil {
				t.Fatal(err)
			}
			w.Store = nil
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			for _, tail := range []string{"-wal", "-shm"} {
				put(t, path+tail, left[tail])
			}
			if !removed {
				put(t, path+".before", left[""])
				restoring := strings.TrimSuffix(path, "attune.db") + "restoring/"
				if err := os.MkdirAll(restoring, 0o700); err != nil {
					t.Fatal(err)
				}
				put(t, restoring+"attune.db", left[""])
				put(t, restoring+"before", []byte(path+".before"))
			}
			if _, err := storage.Restore(ctx, w.Config, dir); err != nil {
				t.Fatalf("restore, run again: %v", err)
			}
			w.Reopen()
			if n, err := w.Records.Refold(ctx); err != nil {
				t.Errorf("refold of %d statements: %v", n, err)
			}
			if r, err := w.Log.VerifyFile(ctx, nil); err != nil || !r.OK() {
				t.Errorf("log: %+v, %v", r.Faults, err)
			}
			if len(w.FamilyState(f.ID).Withdrawn) != 1 {
				t.Error("what was withdrawn is not")
			}
			if removed {
				return
			}
			old, err := rows.OpenCopy(ctx, path+".before")
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			if err := old.Read(ctx, func(v *rows.View) error {
				size, err := v.LogSize()
				if _, note, _ := v.Checkpoint(); err == nil && (size < 20 || note == "" || size < had.Durable) {
					t.Errorf("the database that was there has %d rows", size)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
