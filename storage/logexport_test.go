package storage_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// export reads an export whole.
func export(t *testing.T, w *storagetest.World, q storage.LogQuery) (*storage.LogExport, []storage.LogRow) {
	t.Helper()
	ctx := context.Background()
	e, err := w.Log.Export(ctx, w.Officer.Caller(), q, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []storage.LogRow
	err = e.Rows(ctx, func(page []storage.LogRow) error { all = append(all, page...); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return e, all
}

func tree(t *testing.T, w *storagetest.World, e *storage.LogExport) accesslog.Checkpoint {
	t.Helper()
	origin, _, _ := strings.Cut(e.Proven.Checkpoint, "\n")
	v, err := accesslog.NewVerifier(origin, w.Config.LogKey.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	c, err := accesslog.OpenCheckpoint(e.Proven.Checkpoint, v)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestExportWhole: the rows are the signed tree's, the export's own event is the
// last of them, and what happens while somebody reads is not in it.
func TestExportWhole(t *testing.T) {
	w := open(t)
	w.Open("NF-2041")
	e, err := w.Log.Export(context.Background(), w.Officer.Caller(), storage.LogQuery{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Open("NF-2042")
	var edge accesslog.Frontier
	var last storage.LogRow
	err = e.Rows(context.Background(), func(page []storage.LogRow) error {
		for _, r := range page {
			edge, _ = edge.Append(r.Leaf)
			last = r
		}
		return nil
	})
	if c := tree(t, w, e); err != nil || c.Root != edge.Root() || c.Size != edge.Size() || e.Part {
		t.Errorf("%v: the rows give %d %s, signed are %d %s", err, edge.Size(), edge.Root(), c.Size, c.Root)
	}
	ev, err := accesslog.Decode(last.Leaf)
	if err != nil || ev.Action != "log.export" || ev.Outcome != accesslog.Allowed || last.Who != "ig_officer Imre Gale" {
		t.Errorf("the last row is %s by %s, %v; want the export's own event", last.Leaf, last.Who, err)
	}
}

// TestExportPart: some rows, each with its proof; the filter stands in the event.
func TestExportPart(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Open("NF-2042")
	e, all := export(t, w, storage.LogQuery{Family: "NF-2041", Action: "team.add"})
	c := tree(t, w, e)
	if len(all) != 1 || !e.Part {
		t.Fatalf("%d rows, part %v; want one", len(all), e.Part)
	}
	if err := accesslog.VerifyInclusion(all[0].Proof, c.Size, c.Root, all[0].Index, all[0].Leaf); err != nil {
		t.Error(err)
	}
	for _, by := range []string{"NF-2041", f.ID.String()} {
		found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Family: by, Action: "log.export", Limit: 10})
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %d events, %v; want the export's", by, len(found), err)
		}
		if r := found[0]; r.Family != "NF-2041" || !strings.HasPrefix(r.Detail, `family "NF-2041", action "team.add"`+"\n") {
			t.Errorf("the event is about %q with %q", r.Family, r.Detail)
		}
	}
}

// TestExportDetails: an address stands beside its row, with what the leaf commits to.
func TestExportDetails(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1000, true)
	who := w.Sam.Caller()
	who.Address = "192.0.2.7"
	if _, err := w.Clips.Open(context.Background(), who, storage.ViewRequest{Clip: c.ID, Purpose: policies.FamilyCopy, Copy: true, Reason: "asked for"}); err != nil {
		t.Fatal(err)
	}
	_, all := export(t, w, storage.LogQuery{Action: "clip.copy"})
	if len(all) != 1 || all[0].Detail != "asked for\n192.0.2.7" {
		t.Fatalf("%+v", all)
	}
	e, err := accesslog.Decode(all[0].Leaf)
	if err != nil || sha256.Sum256(append(all[0].Salt, all[0].Detail...)) != e.Commitment {
		t.Errorf("the leaf does not commit to the detail: %v", err)
	}
}

// TestLogSearchOfAThing: a clip finds what was done to it, a link also its carer's
// openings, by whatever word the event names them.
func TestLogSearchOfAThing(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1000, true)
	l := f.Share(c, 5)
	if _, err := openLink(w, l, l.PIN); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Clips.Open(context.Background(), w.Ana.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse}); err != nil {
		t.Fatal(err)
	}
	for thing, want := range map[policies.StatementID]string{
		policies.StatementID(c.ID):               "clip.add clip.watch link.open",
		policies.StatementID(l.ID):               "link.create link.open",
		policies.StatementID(w.Ana.Staff):        "staff.invite",
		policies.StatementID(policies.ClipID{1}): "",
	} {
		found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Object: thing, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, r := range found {
			e, err := accesslog.Decode(r.Leaf)
			if err != nil {
				t.Fatal(err)
			}
			got[e.Action] = true
		}
		for _, action := range strings.Fields(want) {
			if !got[action] {
				t.Errorf("%s: no %s among %v", thing.Short(), action, got)
			}
		}
		if want == "" && len(got) > 0 || !got["link.open"] == strings.Contains(want, "link.open") {
			t.Errorf("%s: %v, want %s", thing.Short(), got, want)
		}
	}
}

// TestLogOfNoFamily: a mistyped number is told, and who asked is recorded.
func TestLogOfNoFamily(t *testing.T) {
	w := open(t)
	w.Open("NF-2041")
	ctx, q := context.Background(), storage.LogQuery{Family: "NF-2O41", Limit: 10}
	_, _, searched := w.Log.Search(ctx, w.Officer.Caller(), q)
	_, exported := w.Log.Export(ctx, w.Officer.Caller(), q, 0)
	if !errors.Is(searched, storage.ErrNotFound) || !errors.Is(exported, storage.ErrNotFound) {
		t.Errorf("search: %v, export: %v; want not found", searched, exported)
	}
	for _, action := range []string{"log.search", "log.export"} {
		if len(events(t, w, action)) == 0 {
			t.Errorf("no event of a %s", action)
		}
	}
	// Whoever may not read the log learns nothing of references.
	var denied *storage.DeniedError
	for _, ref := range []string{"NF-2041", "NF-2O41"} {
		q.Family = ref
		_, _, err := w.Log.Search(ctx, w.Head.Caller(), q)
		_, exported := w.Log.Export(ctx, w.Sam.Caller(), q, 0)
		if !errors.As(err, &denied) || !errors.As(exported, &denied) || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: search %v, export %v; want both denied", ref, err, exported)
		}
	}
}

// TestExportIsLoggedFirst: an export that cannot be recorded does not begin.
func TestExportIsLoggedFirst(t *testing.T) {
	w := open(t)
	w.Open("NF-2041")
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // the write cannot be made
	if e, err := w.Log.Export(ctx, w.Officer.Caller(), storage.LogQuery{}, 0); err == nil || e != nil {
		t.Errorf("an export without its event: %v, %v", e, err)
	}
}

// TestExportCrossesPages walks more rows than one read holds.
func TestExportCrossesPages(t *testing.T) {
	w := open(t)
	for i := range 30 {
		w.Open(fmt.Sprint("NF-", i))
	}
	for _, q := range []storage.LogQuery{{}, {Person: w.Sam.Staff}, {Outcome: accesslog.Done}} {
		e, all := export(t, w, q)
		if c := tree(t, w, e); len(all) < 100 || q.Person.IsZero() && q.Outcome == "" && int64(len(all)) != c.Size {
			t.Errorf("%d rows of %d", len(all), c.Size)
		}
		for i := range all[1:] {
			if all[i].Index >= all[i+1].Index {
				t.Fatalf("row %d is followed by row %d", all[i].Index, all[i+1].Index)
			}
		}
	}
}
