package storage_test

import (
	"context"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestPullReceipts: each page proves where the records in it have come to, by the last
// statement that this person can read, and by no other: a leaf names the kind of what it
// accepts, which not everybody in a record may know.
func TestPullReceipts(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041") // ends with a session, which is content
	for name, p := range map[string]*storagetest.Person{"Team": w.Ana, "HeadOfService": w.Head} {
		for _, limit := range []int{1, 3, 500} {
			cursor, last := "", map[policies.RecordID]storage.Place{}
			for more := true; more; {
				page, err := w.Records.Pull(context.Background(), p.Caller(), cursor, 0, limit)
				if err != nil {
					t.Fatal(err)
				}
				here := map[policies.RecordID]bool{}
				for _, i := range page.Items {
					if i.Kind != storage.ItemStatement {
						continue
					}
					if here[i.Place.Record] = true; i.Statement != nil {
						last[i.Place.Record] = i.Place
					}
				}
				if len(page.Receipts) != len(here) {
					t.Errorf("%s, %d: %d receipts for %d records", name, limit, len(page.Receipts), len(here))
				}
				for _, r := range page.Receipts {
					if r.Place != last[r.Place.Record] {
						t.Errorf("%s, %d: receipt for %+v, want %+v", name, limit, r.Place, last[r.Place.Record])
					}
					checked(t, w, page, r)
				}
				cursor, more = page.Cursor, page.More
			}
			if at := last[f.Record]; name == "Team" && at.Class != policies.Content || name != "Team" && at.Class != policies.Control {
				t.Errorf("%s: the family ends at %+v", name, at)
			}
		}
	}
}

func checked(t *testing.T, w *storagetest.World, page storage.Page, r storage.Receipt) {
	t.Helper()
	c := checkpoint(t, w.Config, page.Proven.Checkpoint)
	if err := accesslog.VerifyInclusion(r.Proof, c.Size, c.Root, r.Place.Index, r.Leaf); err != nil {
		t.Error(err)
	}
	e, err := accesslog.Decode(r.Leaf)
	if err != nil || e.Accepted == nil || policies.Digest(e.Accepted.Head) != r.Place.Head {
		t.Errorf("leaf %s, %v", r.Leaf, err)
	}
}
