package storage_test

import (
	"context"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// TestBesideAServer: another process writes to the database of a server that runs. A device
// that asks the server in vain hears of it once the server has looked, and whoever listens
// is woken.
func TestBesideAServer(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	_, cursor := pullAll(t, w, w.Ana, "", 500)
	ctx := context.Background()
	if same, err := w.Records.Unchanged(ctx, w.Ana.Caller(), cursor); !same || err != nil {
		t.Fatal(same, err)
	}
	l, err := w.Records.Listen(ctx, w.Ana.Caller(), cursor)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	other, err := storage.Open(ctx, w.Config)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	server := w.Store
	w.Store = other
	w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2})
	w.Store = server

	for range 2 {
		if err := w.Notice(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if same, err := w.Records.Unchanged(ctx, w.Ana.Caller(), cursor); same || err != nil {
		t.Errorf("after another process wrote: unchanged = %v, %v", same, err)
	}
	select {
	case <-l.Moved():
	default:
		t.Error("who listens was not woken")
	}
	w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-25", Number: 3}) // the log goes on from where it is
}
