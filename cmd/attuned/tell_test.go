package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestTelling: what is refused while the service runs becomes an event by itself.
func TestTelling(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	w.Log.CountRefusal("192.0.2.7", "unauthorised")
	stop := telling(context.Background(), w.Store, time.Millisecond, slog.Default())
	defer stop()
	for {
		found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Action: storage.FloodAction, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
