package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// TestUnchanged: a device that asks in vain is told so from memory, and never when
// something is there for it.
func TestUnchanged(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	other := w.Join("Olu Finch", policies.Practitioner)
	_, cursor := pullAll(t, w, w.Ana, "", 500)
	_, others := pullAll(t, w, other, "", 500)
	same := func(c policies.Caller, cursor string, want bool) {
		t.Helper()
		got, err := w.Records.Unchanged(context.Background(), c, cursor)
		if err != nil || got != want {
			t.Errorf("unchanged = %v, %v, want %v", got, err, want)
		}
	}
	same(w.Ana.Caller(), cursor, true)
	same(w.Ana.Caller(), "", false)                      // the first page has everything
	same(w.Ana.Caller(), others, false)                  // another's: Pull says what is wrong with it
	same(w.Ana.Caller(), strings.ToUpper(cursor), false) // so
	page, err := w.Records.Pull(context.Background(), w.Ana.Caller(), "", 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	same(w.Ana.Caller(), page.Cursor, false) // inside a window

	w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2})
	same(w.Ana.Caller(), cursor, false)
	same(other.Caller(), others, true) // not their family
	if err := w.Ana.Tries(f.Record, "team.add", &policies.TeamAdd{Staff: w.Officer.Staff}); err == nil {
		t.Fatal("was to be refused")
	}
	_, cursor = pullAll(t, w, w.Ana, cursor, 500)
	same(w.Ana.Caller(), cursor, true) // a refusal is an event, and nobody's news

	w.Head.Does(policies.RecordID(w.Org), "device.revoke", &policies.DeviceRevoke{Device: w.Ana.Device})
	same(w.Ana.Caller(), cursor, false)
	same(other.Caller(), others, false) // the organisation's record is everybody's
}

// TestListen: who listens is woken by what concerns them, and by nothing else.
func TestListen(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	other := w.Join("Olu Finch", policies.Practitioner)
	listen := func(c policies.Caller, cursor string) *storage.Listener {
		t.Helper()
		l, err := w.Records.Listen(context.Background(), c, cursor)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		return l
	}
	_, cursor := pullAll(t, w, w.Ana, "", 500)
	_, others := pullAll(t, w, other, "", 500)
	ana, olu := listen(w.Ana.Caller(), cursor), listen(other.Caller(), others)
	woken := func(l *storage.Listener) (head int64) {
		t.Helper()
		select {
		case <-l.Moved():
			head, _, err := l.Next(context.Background())
			if err != nil {
				t.Error(err)
			}
			return head
		default:
			return 0
		}
	}
	if head, ok, err := ana.Next(context.Background()); ok || err != nil {
		t.Errorf("up to date, and told of %d, %v", head, err)
	}
	w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2})
	if woken(ana) == 0 || woken(olu) != 0 {
		t.Error("a session of a family wakes not its team, or not only its team")
	}
	if woken(ana) != 0 {
		t.Error("woken twice by one change")
	}
	w.Sam.Does(f.Record, "team.add", &policies.TeamAdd{Staff: other.Staff})
	if woken(olu) == 0 {
		t.Error("who joins a team is not woken")
	}
	woken(ana)
	w.Sam.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: other.Staff})
	if woken(olu) == 0 || woken(ana) == 0 {
		t.Error("who leaves a team, or stays in it, is not woken by it")
	}
	w.Head.Does(policies.RecordID(w.Org), "device.revoke", &policies.DeviceRevoke{Device: w.Ana.Device})
	if in, err := ana.InForce(context.Background()); in || err != nil || woken(ana) == 0 {
		t.Errorf("a revoked device listens on: in force %v, %v", in, err)
	}
	var denied *storage.DeniedError
	if _, err := w.Records.Listen(context.Background(), w.Ana.Caller(), cursor); !errors.As(err, &denied) {
		t.Errorf("a revoked device listens anew: %v", err)
	}
	if _, err := w.Records.Listen(context.Background(), other.Caller(), cursor); !errors.Is(err, storage.ErrCursor) {
		t.Errorf("with another person's cursor: %v", err)
	}
	before := w.Records.Listeners()
	for range 20 {
		l, err := w.Records.Listen(context.Background(), w.Sam.Caller(), "")
		if err == nil {
			t.Cleanup(l.Close)
		} else if !errors.Is(err, storage.ErrBusy) {
			t.Fatal(err)
		}
	}
	if got := w.Records.Listeners() - before; got != 16 {
		t.Errorf("one person listens %d times, want 16 at most", got)
	}
	olu.Close()
	olu.Close()
	if got := w.Records.Listeners() - before; got != 15 {
		t.Errorf("%d listen after one went", got)
	}
}
