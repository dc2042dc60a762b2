package storage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// pullAll follows the feed to its end in pages of limit.
func pullAll(t *testing.T, w *storagetest.World, p *storagetest.Person, cursor string, limit int) ([]storage.Item, string) {
	t.Helper()
	var out []storage.Item
	for range 1000 {
		page, err := w.Records.Pull(context.Background(), p.Caller(), cursor, 0, limit)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page.Items...)
		cursor = page.Cursor
		if !page.More {
			return out, cursor
		}
	}
	t.Fatal("the feed does not end")
	return nil, ""
}

func statements(items []storage.Item) map[policies.StatementID]int {
	out := map[policies.StatementID]int{}
	for _, i := range items {
		if i.Kind == storage.ItemStatement {
			out[i.ID]++
		}
	}
	return out
}

func TestPull(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	f.Store(1000, true)

	t.Run("PagesOfOneDeliverEachStatementOnce", func(t *testing.T) {
		whole, _ := pullAll(t, w, w.Ana, "", 500)
		single, _ := pullAll(t, w, w.Ana, "", 1)
		want, got := statements(whole), statements(single)
		if len(got) != len(want) {
			t.Errorf("%d statements one by one, %d at once", len(got), len(want))
		}
		for id, n := range got {
			if n != 1 {
				t.Errorf("%s delivered %d times", id, n)
			}
		}
	})
	t.Run("OnlyWhatIsNew", func(t *testing.T) {
		_, cursor := pullAll(t, w, w.Ana, "", 500)
		id := w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2})
		items, cursor := pullAll(t, w, w.Ana, cursor, 500)
		if len(items) != 1 || items[0].ID != id {
			t.Errorf("delta of %d items, want the one new statement", len(items))
		}
		if items, _ := pullAll(t, w, w.Ana, cursor, 500); len(items) != 0 {
			t.Errorf("unchanged feed delivers %d items", len(items))
		}
	})
	t.Run("HeadOfServiceSeesControlOnlyAndNoKeys", func(t *testing.T) {
		items, _ := pullAll(t, w, w.Head, "", 500)
		var seen, digests int
		for _, i := range items {
			if i.Place.Record != f.Record || i.Kind != storage.ItemStatement {
				continue
			}
			seen++
			if i.Place.Class == policies.Content {
				digests++
				if i.Statement != nil {
					t.Error("content of a session in the head of service's feed")
				}
			}
			if len(i.Attachments) != 0 {
				t.Errorf("attachment %q in the head of service's feed", i.Attachments[0].Name)
			}
		}
		if seen == 0 || digests == 0 {
			t.Errorf("%d statements, %d digests: the record is not there", seen, digests)
		}
	})
	t.Run("OfficerGetsFormsButNoHeaders", func(t *testing.T) {
		items, _ := pullAll(t, w, w.Officer, "", 500)
		names := map[string]int{}
		for _, i := range items {
			for _, a := range i.Attachments {
				names[strings.SplitN(a.Name, "/", 2)[0]]++
			}
		}
		if names["form"] != 1 || names["shown"] != 1 || names["header"] != 0 || names["title"] != 0 {
			t.Errorf("attachments %v, want the form, and what was shown with it, alone of the family's", names)
		}
	})
	t.Run("StrangerGetsNothingOfTheFamily", func(t *testing.T) {
		items, _ := pullAll(t, w, w.Visitor, "", 500)
		for _, i := range items {
			if i.Place.Record == f.Record {
				t.Fatal("a family's statement in a stranger's feed")
			}
		}
	})
	t.Run("LeavingTheTeamDropsTheRecord", func(t *testing.T) {
		_, cursor := pullAll(t, w, w.Ana, "", 500)
		w.Sam.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
		items, cursor := pullAll(t, w, w.Ana, cursor, 500)
		if len(items) != 1 || items[0].Kind != storage.ItemDropScope || items[0].Place.Record != f.Record {
			t.Fatalf("after removal: %+v, want one drop", items)
		}
		if items, _ := pullAll(t, w, w.Ana, cursor, 500); len(items) != 0 {
			t.Errorf("the drop is delivered again")
		}
	})
	for name, end := range map[string]func(p *storagetest.Person) policies.StatementID{
		"RevokedPersonIsShownWhy": func(p *storagetest.Person) policies.StatementID {
			return w.Head.Does(policies.RecordID(w.Org), "staff.revoke", &policies.StaffRevoke{Staff: p.Staff})
		},
		"RevokedDeviceIsShownWhy": func(p *storagetest.Person) policies.StatementID {
			return w.Head.Does(policies.RecordID(w.Org), "device.revoke", &policies.DeviceRevoke{Device: p.Device})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.Join("Nia Frost", policies.Practitioner)
			w.Sam.Does(f.Record, "team.add", &policies.TeamAdd{Staff: p.Staff})
			_, cursor := pullAll(t, w, p, "", 500)
			w.Join("Una Hale", policies.Practitioner)
			why := end(p)
			w.Join("Ida Lund", policies.Practitioner) // whom it is not to hear of
			for _, from := range []string{cursor, ""} {
				items, after := pullAll(t, w, p, from, 2)
				if last := items[len(items)-1]; last.ID != why {
					t.Errorf("the last that arrives is %+v, want what ended it", last.Place)
				}
				for _, i := range items {
					if i.Place.Record != policies.RecordID(w.Org) {
						t.Errorf("a device that ended received of a family: %+v", i.Place)
					}
				}
				if again, _ := pullAll(t, w, p, after, 2); len(again) > 0 {
					t.Error("it is delivered again")
				}
			}
		})
	}
	t.Run("OrganisationComesFirst", func(t *testing.T) {
		items, _ := pullAll(t, w, w.Sam, "", 2)
		family := false
		for _, i := range items {
			if i.Place.Record == f.Record {
				family = true
			} else if family {
				t.Fatal("an organisation statement after a family's that was judged under it")
			}
		}
	})
	t.Run("AnotherPersonsCursor", func(t *testing.T) {
		_, cursor := pullAll(t, w, w.Sam, "", 500)
		if _, err := w.Records.Pull(context.Background(), w.Head.Caller(), cursor, 0, 10); err == nil {
			t.Error("another person's cursor was taken")
		}
	})
	t.Run("CheckpointExtendsTheOneBefore", func(t *testing.T) {
		first, err := w.Log.Prove(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		w.Sam.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-25", Number: 3})
		second, err := w.Log.Prove(context.Background(), first.Size)
		if err != nil {
			t.Fatal(err)
		}
		a, b := checkpoint(t, w.Config, first.Checkpoint), checkpoint(t, w.Config, second.Checkpoint)
		if err := accesslog.VerifyConsistency(second.Consistency, b.Size, b.Root, a.Size, a.Root); err != nil {
			t.Error(err)
		}
	})
}
