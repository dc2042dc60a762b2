package storage_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// events are the logged events of one action.
func events(t *testing.T, w *storagetest.World, action string) []accesslog.Event {
	t.Helper()
	var out []accesslog.Event
	found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Action: action, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found {
		e, err := accesslog.Decode(r.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func TestLogSearchNames(t *testing.T) {
	w := open(t)
	w.Open("NF-2041")
	found, next, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Family: "NF-2041", Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 || next < 0 {
		t.Fatalf("%d rows, next %d; want a page of 3 and more", len(found), next)
	}
	if got := found[0]; got.Who != "practitioner Sam Reed" || got.Family != "NF-2041" {
		t.Errorf("first row is about %q and %q, want Sam and the reference", got.Who, got.Family)
	}
	if strings.Contains(string(found[0].Leaf), "Sam") || strings.Contains(string(found[0].Leaf), "NF-2041") {
		t.Error("a leaf holds a name or a reference")
	}
}

// TestLogSearchOfAReferenceUsedTwice: a second record with the same reference hides
// neither's events.
func TestLogSearchOfAReferenceUsedTwice(t *testing.T) {
	w := open(t)
	a, b := w.Open("NF-2041"), w.Open("NF-2041")
	w.Open("NF-2042")
	found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Family: "NF-2041", Action: "family.open", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, r := range found {
		got[r.Object] = true
	}
	if len(got) != 2 || !got["statement "+a.ID.String()] || !got["statement "+b.ID.String()] {
		t.Errorf("the reference finds %v, want both records' opening", got)
	}
}

// TestVerifyFile flips one byte of each column of a row in turn: the verifier names
// the row.
func TestVerifyFile(t *testing.T) {
	for _, column := range []string{"leaf", "action", "outcome", "subject", "family", "rules", "hash"} {
		t.Run(column, func(t *testing.T) {
			w := open(t)
			w.Open("NF-2041")
			w.Reopen() // closing keeps a last checkpoint
			if r, err := w.Log.VerifyFile(context.Background(), nil); err != nil || !r.OK() || r.Unsigned > 0 {
				t.Fatalf("untouched: %+v, %v", r, err)
			}
			const row = 7
			flip(t, w.Config.Database, column, row)
			r, err := w.Log.VerifyFile(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() || r.Faults[0].Index != row {
				t.Errorf("faults = %v, want row %d named", r.Faults, row)
			}
		})
	}
}

// forge takes away what keeps people from mistakes, as whoever can write to the file can.
func forge(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, trigger := range []string{
		"events_unchanged", "events_kept", "tiles_unchanged", "tiles_kept", "checkpoints_unchanged", "checkpoints_kept", "pruned_by_bundles", "log_grows",
	} {
		if _, err := db.Exec(`DROP TRIGGER ` + trigger); err != nil {
			t.Fatal(err)
		}
	}
}

func flip(t *testing.T, file, column string, row int) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	forge(t, db)
	set := column + ` = 'x' || ` + column
	switch column {
	case "leaf":
		set = `leaf = CAST(replace(CAST(leaf AS TEXT), '"v":1', '"v":2') AS BLOB)`
	case "hash":
		set = `hash = zeroblob(32)`
	}
	if _, err := db.Exec(`UPDATE events SET `+set+` WHERE n = ?`, row); err != nil {
		t.Fatal(err)
	}
}

// TestLeavesAreLogged: reading the log's rows is an access, wherever one begins.
func TestLeavesAreLogged(t *testing.T) {
	w := open(t)
	ctx := context.Background()
	before := len(events(t, w, "log.verify"))
	for _, from := range []int64{0, 1, 5} {
		if _, _, err := w.Log.Leaves(ctx, w.Officer.Caller(), from, 10); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(events(t, w, "log.verify")) - before; got != 3 {
		t.Errorf("%d events of three reads", got)
	}
}

// TestLogSearchSaysWhoInWords: the server and a carer have no name, and are called
// what they are.
func TestLogSearchSaysWhoInWords(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	l := f.Share(f.Store(1000, true), 5)
	if _, err := openLink(w, l, l.PIN); err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{"clip.stored": "the server", "link.open": "carer by link " + l.ID.String()} {
		found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Action: action, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || found[0].Who != want {
			t.Errorf("%s is by %+v, want %q", action, found, want)
		}
	}
}
