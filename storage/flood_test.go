package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// rowsOf are the logged rows of one action.
func rowsOf(t *testing.T, w *storagetest.World, action string) []storage.LogRow {
	t.Helper()
	found, _, err := w.Log.Search(context.Background(), w.Officer.Caller(), storage.LogQuery{Action: action, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestStrangersAreCounted: a flood is one event a minute with a bounded detail, whatever
// is sent and from wherever, and names no address.
func TestStrangersAreCounted(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	live := f.Share(f.Store(1000, true), 5)
	unknown, _ := f.NewLink(f.Store(1000, true), 1)
	before := size(t, w)
	ctx := context.Background()
	for i := range 100 {
		who := policies.Caller{Request: "page", Address: fmt.Sprintf("192.0.2.%d", i%50)}
		for _, l := range []storagetest.Link{live, unknown} {
			if _, err := w.Links.Open(ctx, who, l.Token, policies.DigestOf([]byte("guess")), policies.Digest{}, policies.Digest{}); !errors.Is(err, storage.ErrLinkEnded) {
				t.Fatalf("a guess: %v, want ended", err)
			}
		}
		w.Log.CountRefusal(fmt.Sprintf("2001:db8::%x", i), "unauthorised") // one household
	}
	if grew := size(t, w) - before; grew != 0 {
		t.Fatalf("300 refusals are %d events before they are told", grew)
	}
	if err := w.Log.TellRefusals(ctx); err != nil {
		t.Fatal(err)
	}
	told := rowsOf(t, w, storage.FloodAction)
	if len(told) != 1 {
		t.Fatalf("%d events, want one", len(told))
	}
	e, err := accesslog.Decode(told[0].Leaf)
	if err != nil || e.Range != "300 from 20 and more" || e.Outcome != accesslog.Refused {
		t.Errorf("%s, %v", told[0].Leaf, err)
	}
	if d := told[0].Detail; strings.Contains(d, "192.0.2") || strings.Contains(d, "2001") || len(d) > 4096 || strings.Count(d, ";") != 20 {
		t.Errorf("%d bytes of detail: %s", len(d), d)
	}
	again := size(t, w)
	if err := w.Log.TellRefusals(ctx); err != nil || size(t, w) != again {
		t.Errorf("nothing was refused since, and something was told: %v", err)
	}
}

// TestCountsOutliveAFailure: what could not be written is told with the next.
func TestCountsOutliveAFailure(t *testing.T) {
	w := open(t)
	for i := range 30 {
		w.Log.CountRefusal(fmt.Sprintf("192.0.2.%d", i), "unauthorised")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Log.TellRefusals(ctx); err == nil {
		t.Fatal("written in spite of everything")
	}
	w.Log.CountRefusal("192.0.2.1", "unauthorised")
	w.Reopen() // closing tells it
	told := rowsOf(t, w, storage.FloodAction)
	if len(told) != 1 || !strings.Contains(string(told[0].Leaf), `"rng":"31 from 20 and more"`) {
		t.Errorf("%d events: %+v", len(told), told)
	}
}

// TestJoiningStrangersAreCounted: whoever holds no invitation adds nothing to the log.
func TestJoiningStrangersAreCounted(t *testing.T) {
	w := open(t)
	before := size(t, w)
	eve := open(t).Invite("Eve Moss", policies.Practitioner) // by another service
	for _, r := range w.Push(policies.Caller{Address: "192.0.2.7"}, eve.Joining()...) {
		if r.Err == nil {
			t.Errorf("%+v, want refused", r)
		}
	}
	if grew := size(t, w) - before; grew != 0 {
		t.Errorf("%d events of a stranger", grew)
	}
	// Her own invitation's key is known here, and what it is refused is an event.
	ann := w.Invite("Ann Hill", policies.Practitioner)
	before = size(t, w)
	w.MustAccept(policies.Caller{Address: "192.0.2.7"}, ann.Joining()...)
	if grew := size(t, w) - before; grew != int64(len(ann.Joining())) {
		t.Errorf("%d events of joining", grew)
	}
}

// TestDenialsOfADevice: the first of a minute are events, the others one number; in the
// next minute they are events again; and what stops something is taken all the while.
func TestDenialsOfADevice(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	ctx := context.Background()
	search := func(n int) {
		t.Helper()
		for range n {
			var denied *storage.DeniedError
			if _, _, err := w.Log.Search(ctx, w.Sam.Caller(), storage.LogQuery{Limit: 1}); !errors.As(err, &denied) {
				t.Fatalf("%v, want denied", err)
			}
		}
	}
	before := size(t, w)
	search(250)
	if grew := size(t, w) - before; grew != 200 {
		t.Errorf("250 denials are %d events, want 200", grew)
	}
	before = size(t, w)
	w.Sam.Does(f.Record, "hold.provisional", &policies.HoldProvisional{Clips: []policies.ClipID{}, Reason: "safeguarding"})
	if grew := size(t, w) - before; grew != 1 {
		t.Errorf("what stops something is %d events, want its own", grew)
	}
	w.Clock.Forward(time.Minute)
	search(1)
	if err := w.Log.TellRefusals(ctx); err != nil {
		t.Fatal(err)
	}
	told := rowsOf(t, w, storage.DenialsAction)
	if len(told) != 1 || told[0].Who != "practitioner Sam Reed" || told[0].Detail != "log.search 50\n" ||
		!strings.Contains(string(told[0].Leaf), `"rng":"50 more"`) {
		t.Errorf("%+v", told)
	}
}
