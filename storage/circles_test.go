package storage_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestPullEnds: a pull that meets an ended date looks again for what it has just written.
// Were that not there, it must come to its end all the same, and so must its device.
// Found by a planted fault of cmd/soak.
func TestPullEnds(t *testing.T) {
	w := storagetest.New(t, storagetest.Adopted(t))
	w.Open("EH-1")
	deputy := &policies.DeputyAppoint{Staff: w.Ana.Staff, From: w.Clock.Micros(), Until: w.Clock.Micros() + policies.Micros((24 * time.Hour).Microseconds()), Reason: policies.OnLeave}
	s, _ := w.Head.Say(policies.RecordID(w.Org), "deputy.appoint", deputy)
	w.MustAccept(w.Head.Caller(), s)
	_, cursor := pullAll(t, w, w.Ana, "", 500)
	db, err := sql.Open("sqlite", "file:"+w.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER lost BEFORE UPDATE OF until ON members BEGIN SELECT RAISE(IGNORE); END`); err != nil {
		t.Fatal(err)
	}
	w.Clock.Forward(48 * time.Hour)
	for pages := 0; ; pages++ {
		page, err := w.Records.Pull(t.Context(), w.Ana.Caller(), cursor, 0, 500)
		if err != nil {
			t.Fatal(err)
		}
		if cursor = page.Cursor; !page.More {
			break
		}
		if pages > 3 {
			t.Fatal("the feed has no end")
		}
	}
}
