package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestPullPastKeysOfOthers: keys that are not for the caller stand between the
// statements that are. A page that meets them does not end the record.
func TestPullPastKeysOfOthers(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	for range 3 {
		c := f.Store(1000, true)
		again := clipStatement(t, w, c)
		again.Attachments = []storage.Attachment{keyFor(t, c, w.Visitor)}
		w.MustAccept(w.Sam.Caller(), again)
	}
	w.Sam.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Carer}, Channel: policies.ByPhone})
	team, _ := pullAll(t, w, w.Sam, "", 500)
	want := 0
	for _, i := range team {
		if i.Kind == storage.ItemStatement && i.Place.Record == f.Record {
			want++
		}
	}
	for name, p := range map[string]*storagetest.Person{"the team": w.Sam, "an IG officer": w.Officer, "the viewer": w.Visitor} {
		for _, limit := range []int{1, 2, 3, 7} {
			items, _ := pullAll(t, w, p, "", limit)
			got := 0
			for _, i := range items {
				if i.Kind == storage.ItemStatement && i.Place.Record == f.Record {
					got++
				}
			}
			if got != want {
				t.Errorf("%s, in pages of %d: %d statements of the family, want %d", name, limit, got, want)
			}
		}
	}
}

// TestPullWhileViewingEnds: a date that passes, or a removal, between two pages or
// two syncs takes one record away. Nothing else is sent twice, and nothing is left
// out.
func TestPullWhileViewingEnds(t *testing.T) {
	for name, end := range map[string]func(w *storagetest.World, f *storagetest.Family){
		"ByDate": func(w *storagetest.World, f *storagetest.Family) { w.Clock.Forward(32 * 24 * time.Hour) },
		"ByRemoval": func(w *storagetest.World, f *storagetest.Family) {
			w.Sam.Does(f.Record, "viewer.remove", &policies.ViewerRemove{Staff: w.Visitor.Staff})
		},
	} {
		for _, limit := range []int{1, 500} {
			t.Run(fmt.Sprintf("%s/%d", name, limit), func(t *testing.T) {
				w := open(t)
				f := w.Open("NF-2041")
				w.Clock.Forward(time.Minute)
				f.Countersign(f.List(w.Visitor))
				_, cursor := pullAll(t, w, w.Visitor, "", 500)
				w.Join("Una New", policies.Practitioner)
				w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2})
				page, err := w.Records.Pull(t.Context(), w.Visitor.Caller(), cursor, 0, 1)
				if err != nil || !page.More {
					t.Fatalf("one page of several: more %v, %v", page.More, err)
				}
				all := page.Items
				end(w, f)
				items, cursor := pullAll(t, w, w.Visitor, page.Cursor, limit)
				all = append(all, items...)
				w.Join("Ida Late", policies.Practitioner)
				for range 3 {
					items, cursor = pullAll(t, w, w.Visitor, cursor, limit)
					all = append(all, items...)
				}
				org, drops := 0, 0
				for id, n := range statements(all) {
					if n != 1 {
						t.Errorf("%s sent %d times", id.Short(), n)
					}
				}
				for _, i := range all {
					switch {
					case i.Kind == storage.ItemDropScope:
						drops++
					case i.Place.Record == policies.RecordID(w.Org):
						org++
					}
				}
				if drops != 1 || org != 8 {
					t.Errorf("%d times told to forget the family, want once; %d statements about the two who joined, want 8", drops, org)
				}
			})
		}
	}
}

// TestRenewedWhileItEnds: between the moment at which a pull finds that a viewing is
// over and the moment at which it says so, the viewer is put on the list again.
func TestRenewedWhileItEnds(t *testing.T) {
	w := open(t)
	var meanwhile func()
	w.Config.Now = func() time.Time {
		if do := meanwhile; do != nil {
			meanwhile = nil
			do()
		}
		return w.Clock.Now()
	}
	w.Reopen()
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.Countersign(f.List(w.Visitor))
	_, cursor := pullAll(t, w, w.Visitor, "", 500)
	w.Clock.Forward(32 * 24 * time.Hour)
	meanwhile = func() { f.Countersign(f.List(w.Visitor)) }
	for range 3 {
		_, cursor = pullAll(t, w, w.Visitor, cursor, 500)
	}
	id := w.Sam.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Carer}, Channel: policies.ByPhone})
	if items, _ := pullAll(t, w, w.Visitor, cursor, 500); statements(items)[id] != 1 {
		t.Error("a viewer who is on the list does not receive a withdrawal")
	}
}

// TestViewingForLongerThanTheFigure: the service's figure is not the device's to keep.
func TestViewingForLongerThanTheFigure(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	f.List(w.Visitor)
	days := w.Figures().ViewingDays.Days()
	for add, want := range map[time.Duration]bool{days: true, days + 23*time.Hour: true, days + 25*time.Hour: false, 300 * 24 * time.Hour: false} {
		err := w.Sam.Tries(f.Record, "viewer.add", &policies.ViewerAdd{
			Staff: w.Visitor.Staff, Purpose: policies.Supervision, Until: policies.At(w.Clock.Now().Add(add)),
		})
		if (err == nil) != want {
			t.Errorf("for %v: %v, want taken: %v", add, err, want)
		}
	}
}
