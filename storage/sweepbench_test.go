package storage_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
	"github.com/attune-vf/attune/storage/storagetest"
)

// dueOfBench is how many clips fall due at once; filledFrom is when the others do, which is
// never while it is measured.
const (
	dueOfBench = 100
	filledFrom = policies.Micros(1) << 52
	perFamily  = 100 // clips of a family that only fills
	dueAsked   = 100 // times that the query is asked for one figure
)

// BenchmarkSweep is what the sweeper does about 100 clips that are due, among ten thousand,
// two hundred thousand and a million that are not: Due is the query that finds them, asked a
// hundred times, Sweep is
// everything: dates worked out, marked, and after their grace destroyed with a certificate
// each, from a file store. CLIPS names the sizes, ROUNDS how often they take turns. make bench
// runs it.
//
// The clips that only fill are rows put straight into the tables, with a record for each
// hundred; nothing was pushed for them, and they have no events in the log.
func BenchmarkSweep(b *testing.B) {
	rounds, _ := strconv.Atoi(cmp.Or(os.Getenv("ROUNDS"), "1"))
	sizes := []int{10_000}
	if most, err := strconv.Atoi(os.Getenv("CLIPS")); err == nil {
		sizes = nil
		for _, n := range []int{10_000, 200_000, 1_000_000} {
			if n <= most {
				sizes = append(sizes, n)
			}
		}
	}
	var all []*crowded
	for _, n := range sizes {
		all = append(all, newCrowded(b, n, rounds))
	}
	for round := range rounds {
		for i := range all {
			c := all[(round+i)%len(all)]
			b.Run(fmt.Sprintf("Due%d", c.clips), c.due)
			b.Run(fmt.Sprintf("Sweep%d", c.clips), func(b *testing.B) { c.sweep(b, round) })
		}
	}
}

// crowded is a service with families whose film has come to its end, and many whose has not.
type crowded struct {
	w       *storagetest.World
	db      *rows.DB // as the sweeper reads
	clips   int
	ending  []ending
	started time.Time
}

// ending is the film of one family, all of which goes in one sweep.
type ending struct {
	family *storagetest.Family
	clips  []policies.ClipID
}

func newCrowded(b *testing.B, clips, rounds int) *crowded {
	w := storagetest.New(b, storagetest.Adopted(b))
	c := &crowded{w: w, clips: clips, started: w.Clock.Now()}
	for i := range rounds {
		e := ending{family: w.Open(fmt.Sprintf("NF-%d", 2041+i))}
		for range dueOfBench {
			e.clips = append(e.clips, e.family.Store(100, true).ID)
		}
		w.Sam.Does(e.family.Record, "summary.file", &policies.SummaryFile{Clips: e.clips, FiledOn: "2026-11-23", Where: "case_record"})
		c.ending = append(c.ending, e)
	}
	if err := fillClips(w.Config.Database, clips); err != nil {
		b.Fatal(err)
	}
	var err error
	if c.db, err = rows.Open(context.Background(), w.Config.Database); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.db.Close() })
	w.Clock.Forward(40 * day)
	c.run(b) // finds all of it due, and that nobody has let it go
	return c
}

// due is the query alone. It is asked for dates at which a hundred of the clips that fill
// fall due, so that it can be asked again.
func (c *crowded) due(b *testing.B) {
	for b.Loop() {
		for range dueAsked {
			if err := c.db.Read(context.Background(), findsDue); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func findsDue(v *rows.View) error {
	list, err := v.DueDisposals(rows.FilmLive, filledFrom+dueOfBench-1, rows.Disposal{}, 500)
	if err == nil && len(list) != dueOfBench {
		err = fmt.Errorf("%d clips are due, want %d", len(list), dueOfBench)
	}
	return err
}

// sweep is everything for one family's film. It is let go before the time is taken.
func (c *crowded) sweep(b *testing.B, round int) {
	if b.N != 1 {
		b.Fatal("film goes once: run it with -benchtime=1x")
	}
	b.StopTimer()
	e := c.ending[round]
	c.w.Officer.Does(e.family.Record, "disposal.approve", &policies.DisposalApprove{
		Clips: e.clips, Class: policies.RawFilm, Outcome: policies.LetGo, Until: c.w.Clock.Now().Format(time.DateOnly),
	})
	b.StartTimer()
	marked := c.run(b)
	b.StopTimer()
	c.w.Clock.Forward(8 * day)
	b.StartTimer()
	gone := c.run(b)
	if len(marked.Marked) != dueOfBench || len(gone.Destroyed) != dueOfBench {
		b.Fatalf("%d marked and %d destroyed, want %d", len(marked.Marked), len(gone.Destroyed), dueOfBench)
	}
}

func (c *crowded) run(b *testing.B) storage.Sweep {
	b.Helper()
	clock := func() storage.Clock {
		now := c.w.Clock.Now()
		return storage.Clock{Wall: now, Running: now.Sub(c.started), Boot: "one"}
	}
	out, err := c.w.Store.Sweeper(storage.SweepConfig{Objects: c.w.Config.Objects.(objects.Disposer), Clock: clock}).Run(context.Background())
	if err != nil || len(out.Failed) > 0 || out.Refused != nil {
		b.Fatalf("sweep: %+v, %v, %+v", out.Refused, err, out.Failed)
	}
	return out
}

// fillClips puts clips into the tables whose end is far.
func fillClips(database string, clips int) (err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: database}).EscapedPath()+"?_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	for done := 0; done < clips; done += 10_000 {
		if err := fillSome(db, done, min(10_000, clips-done)); err != nil {
			return err
		}
	}
	_, err = db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`) // a service has had the time for it
	return err
}

// fillSome is one transaction of it.
func fillSome(db *sql.DB, done, some int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	clip, err := tx.Prepare(`INSERT INTO clips (id, family, author, bytes, stored) VALUES ($1, $2, '', 1000000, 1)`)
	if err != nil {
		return err
	}
	row, err := tx.Prepare(`INSERT INTO disposals (clip, family, state, fate, due) VALUES ($1, $2, 'live', 'kept', $3)`)
	if err != nil {
		return err
	}
	var family string
	for i := range some {
		if i%perFamily == 0 {
			family = randomID()
			if _, err := tx.Exec(`INSERT INTO records (id, kind, label, head, count, state) VALUES ($1, 'family', '', $1, 1, x'')`, family); err != nil {
				return err
			}
		}
		id := randomID()
		if _, err := clip.Exec(id, family); err != nil {
			return err
		}
		if _, err := row.Exec(id, family, int64(filledFrom)+int64(done+i)); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`UPDATE sweeper SET live = live + $1`, some); err != nil {
		return err
	}
	return tx.Commit()
}

func randomID() string {
	var id policies.ClipID
	rand.Read(id[:])
	return id.String()
}
