package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// shortLog are figures that keep the log for a month, so that everybody's certificates
// outlive it.
func shortLog(t testing.TB) storagetest.Rules {
	t.Helper()
	r := storagetest.Adopted(t)
	text := r.Pack
	for _, class := range []string{"access_log", "security_log"} {
		at := bytes.Index(text, []byte("- class: "+class))
		rest := string(text[at:])
		end := strings.Index(rest[1:], "- class:") + 1
		block := rest[:end]
		for _, old := range []string{"6 years", "2 years", "6 months"} {
			block = strings.ReplaceAll(block, "value: "+old, "value: 1 month")
		}
		text = []byte(string(text[:at]) + block + rest[end:])
	}
	r.Pack = text
	return r
}

// aged is a service with a closed family, a log of three bundles and more about it, and
// five weeks behind it.
func aged(t *testing.T) (*storagetest.World, *storagetest.Family) {
	t.Helper()
	w := storagetest.New(t, shortLog(t))
	f := w.Open("NF-2041")
	for range 800 {
		if _, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Family: "NF-2041", Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	w.Sam.Does(f.Record, "family.close", &policies.FamilyClose{EndedOn: "2026-11-23"})
	w.Clock.Forward(36 * 24 * time.Hour)
	tellOne(t, w)
	return w, f
}

// tellOne has the log hold an event of now.
func tellOne(t *testing.T, w *storagetest.World) {
	t.Helper()
	w.Log.CountRefusal("192.0.2.7", "unauthorised")
	if err := w.Log.TellRefusals(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func plan(t *testing.T, w *storagetest.World) storage.PrunePlan {
	t.Helper()
	p, err := w.Log.PlanPrune(context.Background(), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func prune(t *testing.T, w *storagetest.World) storage.PrunePlan {
	t.Helper()
	p := plan(t, w)
	if p.To != 768 {
		t.Fatalf("the plan is %+v, want three bundles", p)
	}
	if err := w.Log.PruneLog(context.Background(), time.UTC, p, "Imre Gale, IG officer"); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPrune: three bundles go, and whatever reads the log goes on: verification, a
// restart, searches, exports, receipts, and proofs from states of long ago.
func TestPrune(t *testing.T) {
	w, f := aged(t)
	ctx := context.Background()
	old, err := w.Log.Prove(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	signed := tree(t, w, &storage.LogExport{Proven: old})
	_, whole := export(t, w, storage.LogQuery{})
	was := whole[500].Hash
	p := prune(t, w)
	for _, restarted := range []string{"running", "restarted"} {
		if r, err := w.Log.VerifyFile(ctx, nil); err != nil || !r.OK() || r.Rows >= p.Size {
			t.Errorf("%s: %+v, %v", restarted, r, err)
		}
		now, err := w.Log.Prove(ctx, signed.Size)
		if err != nil {
			t.Fatal(err)
		}
		c := tree(t, w, &storage.LogExport{Proven: now})
		if err := accesslog.VerifyConsistency(now.Consistency, c.Size, c.Root, signed.Size, signed.Root); err != nil {
			t.Errorf("%s: from before: %v", restarted, err)
		}
		if now, err = w.Log.Prove(ctx, 3); err != nil || len(now.Consistency) == 0 {
			t.Errorf("%s: from row 3, which is gone: %v", restarted, err)
		}
		if found := rowsOf(t, w, "log.prune"); len(found) != 1 || found[0].Who != "the server" || found[0].Detail != "Imre Gale, IG officer\n" ||
			!strings.Contains(string(found[0].Leaf), "rows below 768 of ") {
			t.Errorf("%s: the pruning is recorded as %+v", restarted, found)
		}
		_, all := export(t, w, storage.LogQuery{})
		if all[0].Leaf != nil || all[767].Leaf != nil || all[768].Leaf == nil || all[500].Hash != was {
			t.Errorf("%s: the export has the wrong rows", restarted)
		}
		if page, next, err := w.Log.Leaves(ctx, w.Officer.Caller(), 700, 100); err != nil || len(page) != 68 || next != 768 || page[0].Leaf != nil {
			t.Errorf("%s: %d rows for a verifier, then %d, %v", restarted, len(page), next, err)
		}
		if found := rowsOf(t, w, "family.open"); len(found) != 0 {
			t.Errorf("%s: a search finds what was pruned", restarted)
		}
		if found := rowsOf(t, w, "family.close"); len(found) != 1 || found[0].Family != "NF-2041" {
			t.Errorf("%s: a search does not find what was kept, with its names: %+v", restarted, found)
		}
		w.Reopen()
	}
	if state := w.FamilyState(f.ID); state == nil || state.Closed == nil {
		t.Error("the family's record is not what it was")
	}
	if again := plan(t, w); again.Kept != 768 || again.To != 768 {
		t.Errorf("again: %+v", again)
	}
}

// TestPruneKeepsReceipts: of a statement whose row was pruned the receipt can be given
// again.
func TestPruneKeepsReceipts(t *testing.T) {
	w := storagetest.New(t, shortLog(t))
	f := w.Open("NF-2041")
	s, _ := w.Sam.Say(f.Record, "family.close", &policies.FamilyClose{EndedOn: "2026-11-23"})
	w.MustAccept(w.Sam.Caller(), s)
	for range 800 {
		if _, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Forward(36 * 24 * time.Hour)
	tellOne(t, w)
	prune(t, w)
	results, proven, err := w.Records.Push(context.Background(), w.Sam.Caller(), storage.Push{Statements: []storage.Sealed{s}})
	if err != nil || len(results) != 1 || results[0].Receipt == nil {
		t.Fatalf("%+v, %v", results, err)
	}
	c, r := tree(t, w, &storage.LogExport{Proven: proven}), results[0].Receipt
	if err := accesslog.VerifyInclusion(r.Proof, c.Size, c.Root, r.Place.Index, r.Leaf); err != nil || r.Place.Index >= 768 {
		t.Errorf("row %d: %v", r.Place.Index, err)
	}
}

// TestPruneIsBlocked: by whatever holds the family, by a case that is not closed, by age,
// by a clock that cannot be right; and by a hold that comes after the plan.
func TestPruneIsBlocked(t *testing.T) {
	ctx := context.Background()
	t.Run("Held", func(t *testing.T) {
		w, f := aged(t)
		id := w.Officer.Does(f.Record, "hold.place", &policies.HoldPlace{Kind: "police"})
		if p := plan(t, w); p.To != 0 || !strings.Contains(p.Because, "held") {
			t.Errorf("%+v", p)
		}
		w.Head.Does(f.Record, "hold.release", &policies.HoldRelease{Hold: id})
		if p := plan(t, w); p.To != 768 {
			t.Errorf("released: %+v", p)
		}
	})
	t.Run("HeldAfterThePlan", func(t *testing.T) {
		w, f := aged(t)
		p := plan(t, w)
		w.Officer.Does(f.Record, "hold.place", &policies.HoldPlace{Kind: "police"})
		if err := w.Log.PruneLog(ctx, time.UTC, p, "Imre Gale"); !errors.Is(err, storage.ErrMeant) {
			t.Errorf("%v, want that the plan does not hold", err)
		}
		if _, all := export(t, w, storage.LogQuery{}); all[0].Leaf == nil {
			t.Error("pruned all the same")
		}
	})
	t.Run("ServiceHeld", func(t *testing.T) {
		w, _ := aged(t)
		w.Officer.Does(policies.RecordID(w.Org), "service.hold", &policies.ServiceHoldPlace{Kind: "inquiry"})
		if p := plan(t, w); p.To != 0 || !strings.Contains(p.Because, "held") {
			t.Errorf("%+v", p)
		}
	})
	t.Run("NotClosed", func(t *testing.T) {
		w, _ := aged(t)
		w.Open("NF-2042")
		for range 300 {
			if _, _, err := w.Log.Search(ctx, w.Officer.Caller(), storage.LogQuery{Family: "NF-2042", Limit: 1}); err != nil {
				t.Fatal(err)
			}
		}
		w.Clock.Forward(34 * 24 * time.Hour)
		tellOne(t, w)
		if p := plan(t, w); p.To != 768 || !strings.Contains(p.Because, "waiting") {
			t.Errorf("%+v, want what lies before the open case", p)
		}
	})
	t.Run("Young", func(t *testing.T) {
		w := storagetest.New(t, shortLog(t))
		for range 300 {
			if _, _, err := w.Log.Search(ctx, w.Officer.Caller(), storage.LogQuery{Limit: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if p := plan(t, w); p.To != 0 || !strings.Contains(p.Because, "kept until 2026-12-23") {
			t.Errorf("%+v", p)
		}
	})
	t.Run("Clock", func(t *testing.T) {
		w, _ := aged(t)
		w.Clock.Forward(10 * 365 * 24 * time.Hour)
		if _, err := w.Log.PlanPrune(ctx, time.UTC); !errors.Is(err, storage.ErrQuiet) {
			t.Errorf("ten years of silence: %v", err)
		}
	})
	t.Run("Nobody", func(t *testing.T) {
		w, _ := aged(t)
		for _, by := range []string{"", " ", "two\nlines"} {
			if err := w.Log.PruneLog(ctx, time.UTC, plan(t, w), by); !errors.Is(err, storage.ErrDecider) {
				t.Errorf("decided by %q: %v", by, err)
			}
		}
	})
}

// TestPruneIsCut: after a crash at any point the log is whole, and the next call finishes.
func TestPruneIsCut(t *testing.T) {
	for _, point := range []string{"log-pruned", "log-pruned-batch"} {
		t.Run(point, func(t *testing.T) {
			w, _ := aged(t)
			p := plan(t, w)
			w.Config.Step = func(at string) {
				if at == point {
					panic("cut")
				}
			}
			w.Reopen()
			func() {
				defer func() {
					if recover() == nil {
						t.Error("not cut")
					}
				}()
				_ = w.Log.PruneLog(context.Background(), time.UTC, p, "Imre Gale")
			}()
			w.Config.Step = nil
			w.Reopen()
			if r, err := w.Log.VerifyFile(context.Background(), nil); err != nil || !r.OK() {
				t.Errorf("%+v, %v", r, err)
			}
			if _, all := export(t, w, storage.LogQuery{}); all[767].Leaf != nil || all[768].Leaf == nil {
				t.Error("the log does not begin at row 768")
			}
			if err := w.Log.PruneLog(context.Background(), time.UTC, plan(t, w), "Imre Gale"); err != nil {
				t.Fatal(err)
			}
			if n := count(t, w, `SELECT COUNT(*) FROM events WHERE n < 768`) + count(t, w, `SELECT COUNT(*) FROM details WHERE n < 768`); n != 0 {
				t.Errorf("%d rows are still there", n)
			}
		})
	}
}

// count asks the database file.
func count(t *testing.T, w *storagetest.World, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLogRowsStay: nobody changes or deletes a row of the log by mistake.
func TestLogRowsStay(t *testing.T) {
	w := open(t)
	w.Reopen()
	db, err := sql.Open("sqlite", w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		`UPDATE events SET action = 'x' WHERE n = 3`, `DELETE FROM events WHERE n = 3`, `UPDATE checkpoints SET note = ''`, `DELETE FROM checkpoints`,
		`UPDATE authority SET kept = 256`, `UPDATE authority SET kept = 3`, `UPDATE authority SET kept = -256`, `UPDATE authority SET size = size - 1`,
	} {
		if _, err := db.Exec(q); err == nil {
			t.Errorf("%s was run", q)
		}
	}
}
