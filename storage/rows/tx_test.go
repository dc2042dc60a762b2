package rows

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/attune-vf/attune/storage/accesslog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openDB(t *testing.T) *DB {
	t.Helper()
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "attune.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func event(i int) Event {
	return Event{At: int64(i), Action: "test", Outcome: accesslog.Done, Request: fmt.Sprint(i)}
}

// TestPragmas reads every connection's settings: a pool that hands out one
// connection with synchronous=NORMAL breaks the promise of Write.
func TestPragmas(t *testing.T) {
	db := openDB(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"} {
		for range maxReaders {
			var write, read string
			err := db.Write(t.Context(), func(tx *Tx) error { return tx.row("PRAGMA " + pragma).Scan(&write) })
			if err != nil || write != want {
				t.Errorf("write connection: %s = %q; want %q", pragma, write, want)
			}
			err = db.read.db.QueryRow("PRAGMA " + pragma).Scan(&read)
			if err != nil || read != want {
				t.Errorf("read connection: %s = %q; want %q", pragma, read, want)
			}
		}
	}
}

func TestWriteFailedJobLeavesNothing(t *testing.T) {
	db := openDB(t)
	ctx := context.Background()
	planned := errors.New("planned")
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			err := db.Write(ctx, func(tx *Tx) error {
				if _, _, err := tx.Log(event(i)); err != nil {
					return err
				}
				if i%3 == 0 {
					return planned
				}
				return nil
			})
			if (i%3 == 0) != errors.Is(err, planned) {
				t.Errorf("job %d: %v", i, err)
			}
		})
	}
	all.Wait()
	err := db.Read(ctx, func(v *View) error {
		edge, err := v.Edge()
		if err != nil {
			return err
		}
		if want := int64(200 - 67); edge.Size() != want {
			t.Errorf("%d leaves, want %d", edge.Size(), want)
		}
		// The tree over the rows as they are is the tree that was grown.
		r, err := accesslog.VerifyRows(v.Leaves(), v.Tiles(), edge.Checkpoint("test"), accesslog.Options{})
		if err == nil && !r.OK() {
			t.Errorf("faults: %v", r.Faults)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSecondProcess writes through another handle on the same file, as the sweeper
// does: the frontier is read again inside the lock.
func TestSecondProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attune.db")
	ctx := context.Background()
	a, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i := range 300 { // past the first full tile
		db := a
		if i%2 == 1 {
			db = b
		}
		if err := db.Write(ctx, func(tx *Tx) error {
			n, _, err := tx.Log(event(i))
			if n != int64(i) {
				t.Errorf("index %d, want %d", n, i)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteAfterClose(t *testing.T) {
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "attune.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("write after close: %v, want ErrClosed", err)
	}
}

// TestWritePanicIsItsJobsError: the writer goes on, and nothing of the job is kept.
func TestWritePanicIsItsJobsError(t *testing.T) {
	db := openDB(t)
	ctx := context.Background()
	err := db.Write(ctx, func(tx *Tx) error {
		if _, _, err := tx.Log(event(1)); err != nil {
			return err
		}
		panic("planned")
	})
	if err == nil {
		t.Fatal("a panic was reported as done")
	}
	if err := db.Write(ctx, func(tx *Tx) error {
		n, _, err := tx.Log(event(2))
		if n != 0 {
			t.Errorf("index %d after a panic, want 0", n)
		}
		return err
	}); err != nil {
		t.Errorf("the next job: %v", err)
	}
}
