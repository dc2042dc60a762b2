package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// A record in which very much was stopped while a device was away: it is told all of that
// before the end of its access, or plainly that it cannot be told. Of an answer that was
// cut it would believe nothing, and keep what it holds.
func TestEndingsOfManyRestrictions(t *testing.T) {
	t.Parallel()
	w := storagetest.New(t, storagetest.Adopted(t))
	f := w.Open("EH-1")
	page, err := w.Store.Records.Pull(context.Background(), w.Ana.Caller(), "", 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	const many = 600 // more than are read at once
	for range many / 15 {
		person := policies.PersonID(w.Sam.Does(f.Record, "person.add", &policies.PersonAdd{
			Role: policies.Child, Basis: policies.ParentalResponsibility, Born: "2024-03", Contact: policies.NoLink,
		}))
		var batch []storage.Sealed
		for range 15 {
			s, _ := w.Sam.Say(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{person}, Channel: policies.ByPhone})
			batch = append(batch, s)
		}
		w.MustAccept(w.Sam.Caller(), batch...)
	}
	w.Sam.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
	items, err := w.Store.Records.Endings(context.Background(), w.Ana.Caller(), page.Cursor)
	if err != nil || len(items) != many+1 || items[many].Kind != storage.ItemDropScope {
		t.Fatalf("%d items, %v; want %d restrictions and the end", len(items), err, many)
	}
	var bytes int
	for i, item := range items[:many] {
		if bytes += len(item.Statement); i > 0 && item.Place.Position <= items[i-1].Place.Position {
			t.Errorf("item %d is not after the one before it", i)
		}
	}
	if got, err := storage.EndingsWithin(w.Store.Records, w.Ana.Caller(), page.Cursor, bytes); err != nil || len(got) != many+1 {
		t.Errorf("as much as may be: %d items, %v", len(got), err)
	}
	if got, err := storage.EndingsWithin(w.Store.Records, w.Ana.Caller(), page.Cursor, bytes-1); !errors.Is(err, policies.ErrRoom) || got != nil {
		t.Errorf("one byte more than may be: %d items, %v, want ErrRoom", len(got), err)
	}
}
