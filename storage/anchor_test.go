package storage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/storagetest"
)

func anchors(t *testing.T) *objects.DirAnchors {
	t.Helper()
	a, err := objects.OpenDirAnchors(filepath.Join(t.TempDir(), "anchors"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// grow adds rows to the log.
func grow(t *testing.T, w *storagetest.World, rows int) {
	t.Helper()
	for range rows {
		if _, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
}

func anchored(t *testing.T, w *storagetest.World, where objects.Anchors) storage.Anchored {
	t.Helper()
	a, err := w.Log.Anchor(context.Background(), where, time.Hour)
	if err != nil || len(a.Faults) > 0 {
		t.Fatalf("anchor: %+v, %v", a, err)
	}
	return a
}

// wrong wants exactly this kind of fault, of both who anchors and who compares.
func wrong(t *testing.T, w *storagetest.World, where objects.Anchors, want storage.AnchorFaultKind) {
	t.Helper()
	before, err := where.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Log.Anchor(context.Background(), where, time.Hour)
	if !errors.Is(err, storage.ErrAnchor) || len(a.Faults) != 1 || a.Faults[0].Kind != want {
		t.Errorf("anchor: %+v, %v; want %s", a.Faults, err, want)
	}
	r, err := w.Log.VerifyAnchors(context.Background(), where)
	if err != nil || len(r.Faults) == 0 || r.Faults[len(r.Faults)-1].Kind != want {
		t.Errorf("compared: %+v, %v; want %s", r, err, want)
	}
	for _, k := range before {
		if _, err := where.Get(context.Background(), k); err != nil {
			t.Errorf("anchor %s: %v", k, err)
		}
	}
}

// copied is the database as it is now, put back by the function that it returns: what
// somebody does who wants rows to be gone.
func copied(t *testing.T, w *storagetest.World) (putBack func()) {
	t.Helper()
	w.Reopen() // nothing is left in the write-ahead log
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	w.Store = nil
	b, err := os.ReadFile(w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	return func() {
		if err := w.Store.Close(); err != nil {
			t.Fatal(err)
		}
		w.Store = nil
		if err := os.WriteFile(w.Config.Database, b, 0o600); err != nil {
			t.Fatal(err)
		}
		w.Reopen()
	}
}

// TestAnchor: a log that grows is anchored state by state, and one that stands still once.
func TestAnchor(t *testing.T) {
	w, where := open(t), anchors(t)
	first := anchored(t, w, where)
	if !first.New || first.Last != nil {
		t.Errorf("the first: %+v", first)
	}
	if again := anchored(t, w, where); again.New || again.Size != first.Size {
		t.Errorf("nothing happened: %+v", again)
	}
	grow(t, w, 300) // more than a tile of the tree
	second := anchored(t, w, where)
	if !second.New || second.Last == nil || *second.Last != first.Checkpoint || second.Size != first.Size+300 {
		t.Errorf("the second: %+v", second)
	}
	r, err := w.Log.VerifyAnchors(context.Background(), where)
	if err != nil || !r.OK() || r.Compared != 2 || r.Last != second.Size {
		t.Errorf("compared: %+v, %v", r, err)
	}
}

// TestAnchorTruncated: rows were cut off.
func TestAnchorTruncated(t *testing.T) {
	w, where := open(t), anchors(t)
	back := copied(t, w)
	grow(t, w, 5)
	anchored(t, w, where)
	back()
	wrong(t, w, where, storage.AnchorTruncated)
}

// TestAnchorForked: rows were cut off, and others put in their place and signed, until the
// log was longer than before.
func TestAnchorForked(t *testing.T) {
	w, where := open(t), anchors(t)
	anchored(t, w, where)
	back := copied(t, w)
	grow(t, w, 5)
	was := anchored(t, w, where)
	back()
	grow(t, w, 9)
	wrong(t, w, where, storage.AnchorForked)
	// Both states are kept: together they are the proof.
	keys, err := where.Keys(context.Background())
	if err != nil || len(keys) != 3 || keys[1] != was.Key {
		t.Errorf("kept: %v, %v", keys, err)
	}
	back()
	grow(t, w, 5) // as many as before, other nonces
	wrong(t, w, where, storage.AnchorForked)
}

// TestAnchorUnsigned: what somebody else put among the anchors is no state of the log.
func TestAnchorUnsigned(t *testing.T) {
	w, where := open(t), anchors(t)
	a := anchored(t, w, where)
	a.Size += 100
	forged := a.Body() + "\n— " + a.Origin + " AAAAAAAA\n"
	if err := where.Put(context.Background(), storage.AnchorKey(a.Checkpoint), []byte(forged), time.Time{}); err != nil {
		t.Fatal(err)
	}
	wrong(t, w, where, storage.AnchorUnsigned)
}

// TestAnchorMoved: a true state under the name of a larger one would hide that rows are gone.
func TestAnchorMoved(t *testing.T) {
	w, where := open(t), anchors(t)
	a := anchored(t, w, where)
	a.Size += 100
	if err := where.Put(context.Background(), storage.AnchorKey(a.Checkpoint), []byte(a.Note), time.Time{}); err != nil {
		t.Fatal(err)
	}
	wrong(t, w, where, storage.AnchorUnsigned)
}

// TestAnchorAfterARestore: a new history goes on from what its backup held; rows that the
// restoration admits to have lost are no fault, and those that it does not know of are.
func TestAnchorAfterARestore(t *testing.T) {
	w, where := open(t), anchors(t)
	anchored(t, w, where)
	dir := backup(t, w)
	back(t, w, dir)
	honest := anchored(t, w, where)
	if !honest.New || honest.Last != nil {
		t.Errorf("the first of a history: %+v", honest)
	}
	r, err := w.Log.VerifyAnchors(context.Background(), where)
	if err != nil || !r.OK() || r.Compared != 2 {
		t.Errorf("compared: %+v, %v", r, err)
	}

	grow(t, w, 7)
	anchored(t, w, where) // the service never learns again that it had been as long
	back(t, w, dir)
	a, err := w.Log.Anchor(context.Background(), where, time.Hour)
	if err != nil || !a.New || len(a.Faults) == 0 {
		t.Errorf("anchor: %+v, %v", a, err)
	}
	r, err = w.Log.VerifyAnchors(context.Background(), where)
	if err != nil || r.OK() {
		t.Errorf("compared: %+v, %v", r, err)
	}
}
