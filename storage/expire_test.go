package storage_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestDatesPass: what was granted until a date ends with nobody doing anything. Each end
// is one event, whoever may have the record no longer is told to forget it, and who
// listens is woken.
func TestDatesPass(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	days := func(n int) policies.Micros {
		return w.Clock.Micros() + policies.Micros((time.Duration(n) * 24 * time.Hour).Microseconds())
	}
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor)) // 30 days, and a form that names them
	cover := w.Join("Cleo Ward", policies.Practitioner)
	deputy := w.Join("Dana Moss", policies.Practitioner)
	both := w.Join("Bo Lind", policies.Practitioner)
	w.Officer.Hear(cover)
	w.Officer.Hear(both)
	w.Head.Does(f.Record, "cover.authorise", &policies.CoverAuthorise{Staff: cover.Staff, Until: days(5)})
	w.Head.Does(policies.RecordID(w.Org), "deputy.appoint", &policies.DeputyAppoint{Staff: deputy.Staff, From: days(0), Until: days(10), Reason: policies.OnLeave})
	// Bo covers, and is a deputy for longer: they go on receiving the record, and less of it.
	w.Head.Does(f.Record, "cover.authorise", &policies.CoverAuthorise{Staff: both.Staff, Until: days(15)})
	w.Head.Does(policies.RecordID(w.Org), "deputy.appoint", &policies.DeputyAppoint{Staff: both.Staff, From: days(0), Until: days(20), Reason: policies.OnLeave})

	cursors := map[*storagetest.Person]string{}
	for _, p := range []*storagetest.Person{w.Visitor, cover, deputy, both, w.Ana} {
		_, cursors[p] = pullAll(t, w, p, "", 500)
	}
	expire := func(want int) {
		t.Helper()
		if due := w.Due(); due != (want > 0) {
			t.Errorf("due = %v, want %d ends", due, want)
		}
		for _, want := range []int{want, 0} {
			if got, err := w.Expire(context.Background()); err != nil || got != want {
				t.Errorf("%d ends, %v; want %d", got, err, want)
			}
		}
	}
	news := func(p *storagetest.Person) (items []storage.Item) {
		t.Helper()
		items, cursors[p] = pullAll(t, w, p, cursors[p], 500)
		return items
	}
	listener, err := w.Records.Listen(context.Background(), cover.Caller(), cursors[cover])
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()

	expire(0)
	w.Clock.Forward(5 * 24 * time.Hour)
	expire(1) // the cover
	select {
	case <-listener.Moved():
	default:
		t.Error("who listens is not woken")
	}
	if items := news(cover); len(items) != 1 || items[0].Kind != storage.ItemDropScope || items[0].Place.Record != f.Record {
		t.Errorf("after the cover: %+v, want to forget the family", items)
	}
	w.Clock.Forward(5 * 24 * time.Hour)
	expire(1) // the deputy
	if items := news(deputy); len(items) != 1 || items[0].Kind != storage.ItemDropScope {
		t.Errorf("after the deputy's time: %+v, want to forget the family", items)
	}
	w.Clock.Forward(5 * 24 * time.Hour)
	expire(1) // the other's cover
	items := news(both)
	if len(items) == 0 || items[0].Kind != storage.ItemResetScope {
		t.Fatalf("who receives less: %+v, want the record anew", items)
	}
	for _, i := range items {
		if i.Place.Class == policies.Content && i.Statement != nil || len(i.Attachments) > 0 {
			t.Errorf("who covers no longer receives %+v", i.Place)
		}
	}
	w.Reopen()
	w.Clock.Forward(5 * 24 * time.Hour)
	if items := news(both); len(items) != 1 || items[0].Kind != storage.ItemDropScope {
		t.Errorf("a pull that comes before anybody looked: %+v, want to forget the family", items)
	}
	expire(0)
	w.Clock.Forward(10 * 24 * time.Hour)
	expire(1) // the viewing
	if items := news(w.Visitor); len(items) != 1 || items[0].Kind != storage.ItemDropScope {
		t.Errorf("after the viewing: %+v, want to forget the family", items)
	}
	w.Clock.Forward(160 * 24 * time.Hour)
	expire(1) // the form that decides; the one that it replaced is not asked about
	if items := news(w.Ana); len(items) != 0 {
		t.Errorf("the end of a form is no news to the team: %+v", items)
	}
	if got := events(t, w, string(policies.DatePassed)); len(got) != 6 {
		t.Errorf("%d events, want six", len(got))
	}
	for _, e := range events(t, w, string(policies.DatePassed)) {
		if len(e.Rules) != 1 || e.Rules[0] != policies.DateRule {
			t.Errorf("event %+v", e)
		}
	}
	if w.Records.Withheld() != 0 {
		t.Errorf("rules held back %d records that the tables let through", w.Records.Withheld())
	}
}

// A head of service ends a deputy whose last day has passed, before anybody has looked at
// the date: the families leave them all the same.
func TestDeputyEndedLate(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	deputy := w.Join("Dana Moss", policies.Practitioner)
	org := policies.RecordID(w.Org)
	from := w.Clock.Micros()
	w.Head.Does(org, "deputy.appoint", &policies.DeputyAppoint{Staff: deputy.Staff, From: from, Until: from + 10*24*policies.Hour, Reason: policies.OnLeave})
	_, cursor := pullAll(t, w, deputy, "", 500)
	w.Clock.Forward(11 * 24 * time.Hour)
	w.Head.Does(org, "deputy.end", &policies.DeputyEnd{Staff: deputy.Staff})
	items, _ := pullAll(t, w, deputy, cursor, 500)
	if !slices.ContainsFunc(items, func(i storage.Item) bool { return i.Kind == storage.ItemDropScope && i.Place.Record == f.Record }) {
		t.Errorf("%+v, want to forget the family", items)
	}
	if n := w.Records.Withheld(); n != 0 {
		t.Errorf("rules held back %d records that the tables let through", n)
	}
}

// TestDatesOfAnOlderDatabase: one from before anybody asked when things end.
func TestDatesOfAnOlderDatabase(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	_, cursor := pullAll(t, w, w.Visitor, "", 500)
	db, err := sql.Open("sqlite", "file:"+w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`DELETE FROM dues`); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	w.Clock.Forward(32 * 24 * time.Hour)
	if n, err := w.Expire(context.Background()); n != 1 || err != nil {
		t.Errorf("%d ends, %v; want that of the viewing", n, err)
	}
	if items, _ := pullAll(t, w, w.Visitor, cursor, 500); len(items) != 1 || items[0].Kind != storage.ItemDropScope {
		t.Errorf("%+v, want to forget the family", items)
	}
}
