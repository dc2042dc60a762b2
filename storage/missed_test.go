package storage_test

import (
	"database/sql"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// TestWithheldRecord: a rule holds a record back that the tables let through, which is a fault
// here. The person gets everything else once, and not again at each pull; and the record,
// whole, as soon as the rule lets it through.
func TestWithheldRecord(t *testing.T) {
	for name, limit := range map[string]int{"AtOnce": 500, "InPages": 2} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			f, own := w.Open("NF-2041"), w.Open("NF-2042")
			bo := w.Join("Bo Lind", policies.Practitioner)
			w.Sam.Does(own.Record, "team.add", &policies.TeamAdd{Staff: bo.Staff})
			db, err := sql.Open("sqlite", w.Config.Database)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(`INSERT INTO members (record, staff, since) VALUES ($1, $2, 1)`, f.Record.String(), bo.Staff.String()); err != nil {
				t.Fatal(err)
			}
			w.Reopen()
			first, cursor := pullAll(t, w, bo, "", limit)
			if len(first) == 0 || w.Records.Withheld() == 0 {
				t.Fatalf("%d items, %d withheld: the test shows nothing", len(first), w.Records.Withheld())
			}
			for range 2 {
				var again []storage.Item
				if again, cursor = pullAll(t, w, bo, cursor, limit); len(again) > 0 {
					t.Errorf("%d items came again", len(again))
				}
			}
			w.Sam.Does(own.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2, StillHappy: true})
			news, cursor := pullAll(t, w, bo, cursor, limit)
			if len(statements(news)) != 1 {
				t.Errorf("%d statements are new, want the visit", len(statements(news)))
			}
			if _, err := db.Exec(`DELETE FROM members WHERE record = $1 AND staff = $2`, f.Record.String(), bo.Staff.String()); err != nil {
				t.Fatal(err)
			}
			w.Sam.Does(f.Record, "team.add", &policies.TeamAdd{Staff: bo.Staff})
			now, _ := pullAll(t, w, bo, cursor, limit)
			got := 0
			for _, i := range now {
				if i.Place.Record == f.Record && i.Kind == storage.ItemStatement {
					got++
				}
			}
			if want := int(w.FamilyState(f.ID).Count); got != want || len(statements(now)) != want {
				t.Errorf("once it is let through: %d of its statements, want %d; %d in all", got, want, len(statements(now)))
			}
		})
	}
}
