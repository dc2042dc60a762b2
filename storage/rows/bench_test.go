package rows

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/attune-vf/attune/storage/accesslog"
)

// BenchmarkLog is what an event costs beside a bare insert and commit of as many
// bytes, with the same promises of the same SQLite. make bench runs it.
func BenchmarkLog(b *testing.B) {
	ctx := context.Background()
	watched := func(i int) Event {
		return Event{
			At: int64(i), Action: "clip.watch", Outcome: accesslog.Allowed, Rules: []string{"VIEW-CONSENT"}, Request: "r",
			Subject: Named{"staff", "sam"}, Family: Named{"family", "one"}, Object: Named{"clip", "tea"},
		}
	}
	open := func(b *testing.B) *DB {
		db, err := Open(ctx, filepath.Join(b.TempDir(), "attune.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := db.Close(); err != nil {
				b.Error(err)
			}
		})
		return db
	}
	var leafBytes int
	append1 := func(db *DB, i int) error {
		return db.Write(ctx, func(tx *Tx) error {
			_, leaf, err := tx.Log(watched(i))
			if i == 0 {
				leafBytes = len(leaf)
			}
			return err
		})
	}
	b.Run("OneByOne", func(b *testing.B) {
		db := open(b)
		for i := 0; b.Loop(); i++ {
			if err := append1(db, i); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Callers64", func(b *testing.B) {
		db := open(b)
		b.ResetTimer()
		var callers sync.WaitGroup
		for c := range 64 {
			callers.Go(func() {
				for i := c; i < b.N; i += 64 {
					if err := append1(db, i); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		callers.Wait()
	})
	b.Run("BareInsert", func(b *testing.B) {
		db, err := connect(filepath.Join(b.TempDir(), "bare.db"), "immediate", 1)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(`CREATE TABLE events (id INTEGER PRIMARY KEY, leaf BLOB NOT NULL)`); err != nil {
			b.Fatal(err)
		}
		leaf := make([]byte, max(leafBytes, 256))
		for b.Loop() {
			if _, err := db.Exec(`INSERT INTO events (leaf) VALUES ($1)`, leaf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
