package storage_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/seal"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// clipStatement is a clip.add as it stands, to be pushed again with a key.
func clipStatement(t *testing.T, w *storagetest.World, c storagetest.Clip) storage.Sealed {
	t.Helper()
	items, _ := pullAll(t, w, w.Ana, "", 500)
	for _, i := range items {
		if i.ID == policies.StatementID(c.ID) {
			return storage.Sealed{Statement: i.Statement}
		}
	}
	t.Fatal("the clip is not in the feed")
	return storage.Sealed{}
}

func keyFor(t *testing.T, c storagetest.Clip, p *storagetest.Person) storage.Attachment {
	t.Helper()
	header, err := seal.NewHeader(c.Sealed.Key, p.Identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return storage.Attachment{Name: policies.HeaderFor(p.Identity.Recipient().String()), Body: header}
}

// supervise asks to watch as a supervisor does.
func supervise(w *storagetest.World, c storagetest.Clip) error {
	_, err := w.Clips.Open(context.Background(), w.Visitor.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.Supervision})
	return err
}

func deniedBy(err error, rule string) bool {
	var d *storage.DeniedError
	return errors.As(err, &d) && len(d.Ruling.Rules) == 1 && d.Ruling.Rules[0] == rule
}

// TestViewerOfAnotherOrganisation goes with a supervisor from the form to the film,
// and off the list again.
func TestViewerOfAnotherOrganisation(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	entry := f.List(w.Visitor)
	c := f.Store(1000, true)
	again := clipStatement(t, w, c)
	again.Attachments = []storage.Attachment{keyFor(t, c, w.Visitor)}
	push := func(p *storagetest.Person) error { return w.Push(p.Caller(), again)[0].Err }
	keys := func(items []storage.Item) (n int) {
		for _, i := range items {
			for _, a := range i.Attachments {
				if a.Name == again.Attachments[0].Name && bytes.Equal(a.Body, again.Attachments[0].Body) {
					n++
				}
			}
		}
		return n
	}

	// Before the countersign: no film, no record, no key.
	if err := supervise(w, c); !deniedBy(err, "VIEW-OUTSIDE") {
		t.Errorf("before the countersign: %v, want VIEW-OUTSIDE", err)
	}
	items, cursor := pullAll(t, w, w.Visitor, "", 500)
	if _, ok := statements(items)[policies.StatementID(c.ID)]; ok {
		t.Error("the record was delivered before the countersign")
	}
	if err := push(w.Ana); !deniedBy(err, "HEADER-VIEWER") {
		t.Errorf("a key before the countersign: %v, want HEADER-VIEWER", err)
	}

	// After it: the record, the title, and the key that a colleague's device writes.
	f.Countersign(entry)
	items, cursor = pullAll(t, w, w.Visitor, cursor, 500)
	for _, i := range items {
		if i.Place.Record != f.Record || i.Kind != storage.ItemStatement {
			continue
		}
		if i.Place.Class == policies.Content && i.Statement != nil {
			t.Errorf("a content statement was shown")
		}
		for _, a := range i.Attachments {
			if a.Name != "title" {
				t.Errorf("attachment %q was delivered", a.Name)
			}
		}
	}
	if statements(items)[policies.StatementID(c.ID)] != 1 {
		t.Fatal("the clip was not delivered")
	}
	if err := push(w.Visitor); err == nil || len(events(t, w, "clip.header")) == 0 {
		t.Errorf("the viewer wrote a key: %v", err)
	}
	if err := push(w.Ana); err != nil {
		t.Fatal(err)
	}
	logged := len(events(t, w, "clip.header"))
	if err := push(w.Sam); err != nil || len(events(t, w, "clip.header")) != logged {
		t.Errorf("the same key again: %v, and %d events", err, len(events(t, w, "clip.header"))-logged)
	}
	for name, p := range map[string]*storagetest.Person{"the viewer": w.Visitor, "the team": w.Sam} {
		from := ""
		if p == w.Visitor {
			from = cursor
		}
		if items, _ := pullAll(t, w, p, from, 1); keys(items) != 1 {
			t.Errorf("%s has %d keys, want one", name, keys(items))
		}
	}
	if items, _ := pullAll(t, w, w.Officer, "", 500); keys(items) != 0 {
		t.Error("an IG officer was given a key to film")
	}
	if err := supervise(w, c); err != nil {
		t.Fatalf("on the list: %v", err)
	}

	// Off the list: no film, no record, and the key is deleted.
	_, cursor = pullAll(t, w, w.Visitor, cursor, 500)
	removed := w.Head.Does(f.Record, "viewer.remove", &policies.ViewerRemove{Staff: w.Visitor.Staff})
	if err := supervise(w, c); !deniedBy(err, "VIEW-LIST") {
		t.Errorf("after removal: %v, want VIEW-LIST", err)
	}
	items, cursor = pullAll(t, w, w.Visitor, cursor, 500)
	if len(items) != 1 || items[0].Kind != storage.ItemDropScope || items[0].Place.Record != f.Record {
		t.Errorf("after removal the feed says %+v, want to forget the family", items)
	}
	if items, _ := pullAll(t, w, w.Sam, "", 500); keys(items) != 0 {
		t.Error("the key outlived its viewer")
	}
	if err := push(w.Ana); !deniedBy(err, "HEADER-VIEWER") {
		t.Errorf("a key after removal: %v, want HEADER-VIEWER", err)
	}

	// Listed anew by somebody who knows of the removal.
	s, entry := w.Sam.Say(f.Record, "viewer.add", &policies.ViewerAdd{
		Staff: w.Visitor.Staff, Purpose: policies.Supervision, Until: w.Clock.Micros() + policies.Micros((5 * 24 * time.Hour).Microseconds()),
	}, removed)
	w.MustAccept(w.Sam.Caller(), s)
	f.Countersign(entry)
	if err := push(w.Ana); err != nil {
		t.Fatal(err)
	}
	items, cursor = pullAll(t, w, w.Visitor, cursor, 500)
	if keys(items) != 1 || supervise(w, c) != nil {
		t.Errorf("listed anew: %d keys, %v", keys(items), supervise(w, c))
	}

	// Five days later nobody does anything, and it is over.
	w.Clock.Forward(6 * 24 * time.Hour)
	if err := supervise(w, c); !deniedBy(err, "VIEW-LIST") {
		t.Errorf("after the date: %v, want VIEW-LIST", err)
	}
	items, cursor = pullAll(t, w, w.Visitor, cursor, 500)
	if len(items) != 1 || items[0].Kind != storage.ItemDropScope || len(events(t, w, "date.passed")) != 1 {
		t.Errorf("after the date the feed says %+v, want to forget the family", items)
	}
	refused := len(events(t, w, "record.pull"))
	if items, _ = pullAll(t, w, w.Visitor, cursor, 500); len(items) != 0 || len(events(t, w, "record.pull")) != refused {
		t.Error("an ended viewing is told at every pull")
	}
	s, entry = w.Sam.Say(f.Record, "viewer.add", &policies.ViewerAdd{
		Staff: w.Visitor.Staff, Purpose: policies.Supervision, Until: w.Clock.Micros() + policies.Micros((5 * 24 * time.Hour).Microseconds()),
	}, removed)
	w.MustAccept(w.Sam.Caller(), s)
	f.Countersign(entry)
	if items, _ = pullAll(t, w, w.Visitor, cursor, 500); keys(items) != 1 || supervise(w, c) != nil {
		t.Errorf("renewed: %d keys, %v; want all of the record anew", keys(items), supervise(w, c))
	}
}

// TestHeadOfServiceWhoWasAViewer keeps what a desk receives.
func TestHeadOfServiceWhoWasAViewer(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.List(w.Head)
	_, cursor := pullAll(t, w, w.Head, "", 500)
	w.Sam.Does(f.Record, "viewer.remove", &policies.ViewerRemove{Staff: w.Head.Staff})
	items, _ := pullAll(t, w, w.Head, cursor, 500)
	for _, i := range items {
		if i.Kind == storage.ItemDropScope {
			t.Error("the head of service lost the family's record")
		}
	}
	if len(statements(items)) != 1 {
		t.Errorf("%d statements, want the removal", len(statements(items)))
	}
}
