package rows

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// written puts statements of a record down, each with attachments of these names, and
// returns their IDs.
func written(t *testing.T, db *DB, record policies.RecordID, first, count int64, beside ...string) (ids []policies.StatementID) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *Tx) error {
		f := &policies.Family{ID: policies.FamilyID(record), Count: first + count}
		rand.Read(f.Head[:])
		if err := tx.PutFamily(f); err != nil {
			return err
		}
		for i := range count {
			index, _, err := tx.Log(event(int(i)))
			if err != nil {
				return err
			}
			s := Statement{Record: record, Position: first + i, Class: policies.Content, Kind: "session.log", Raw: fmt.Appendf(nil, "statement %d", first+i), Index: index}
			rand.Read(s.ID[:])
			if err := tx.PutStatement(s); err != nil {
				return err
			}
			for _, name := range beside {
				if err := tx.PutAttachment(s.ID, Attachment{Name: name, Body: []byte(name + " of " + s.ID.String())}); err != nil {
					return err
				}
			}
			ids = append(ids, s.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// told is a record's feed up to the newest change in a few words, read in pages of most.
func told(t *testing.T, db *DB, record policies.RecordID, from int64, most int) (out []string) {
	t.Helper()
	err := db.Read(t.Context(), func(v *View) (err error) {
		out, err = toldTo(v, record, from, most)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func toldTo(v *View, record policies.RecordID, from int64, most int) (out []string, err error) {
	head, err := v.LastIndex()
	if err != nil {
		return nil, err
	}
	for {
		all, last, err := v.Changes(record, from, head, most, 100)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			var beside []string
			for _, a := range c.Beside {
				beside = append(beside, a.Name)
			}
			out = append(out, fmt.Sprintf("%s %d %s late=%t %s", c.Statement.ID.Short(), c.Index, c.Statement.Raw, c.Late, strings.Join(beside, "+")))
			from = c.Index
		}
		if last {
			return out, nil
		}
	}
}

// TestChangesAtHandAreThoseOfTheTables compares what is answered with and without memory,
// for pages of every size, from every place, while the record grows.
func TestChangesAtHandAreThoseOfTheTables(t *testing.T) {
	db := openDB(t)
	record, other := policies.RecordID{1}, policies.RecordID{2}
	for round := range 5 {
		ids := written(t, db, record, int64(round*10), 7, "header", "title")
		written(t, db, other, int64(round*10), 3, "note")
		if round%2 == 0 {
			err := db.Write(t.Context(), func(tx *Tx) error {
				index, _, err := tx.Log(event(round))
				if err != nil {
					return err
				}
				return tx.PutLateAttachment(ids[3], Attachment{Name: "late", Body: []byte("late")}, index)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for from := int64(-1); from < int64(round*11+10); from++ {
			want := anew(t, db, record, from)
			for _, most := range []int{1, 2, 5, 500} {
				if got := told(t, db, record, from, most); !slices.Equal(got, want) {
					t.Fatalf("from %d by %d: %d changes, want %d:\n%s\nwant\n%s", from, most, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		}
	}
}

// anew is told by a database that has nothing at hand.
func anew(t *testing.T, db *DB, record policies.RecordID, from int64) (out []string) {
	t.Helper()
	err := db.Read(t.Context(), func(v *View) (err error) {
		v.begun = newBeginnings()
		out, err = toldTo(v, record, from, 500)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChangesForgetWhatWasDeleted: keys and forms that were deleted are in no answer from
// then on, whoever deleted them, and a reader of an older snapshot brings none back.
func TestChangesForgetWhatWasDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attune.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sweeper, err := Open(context.Background(), path) // as another process has it open
	if err != nil {
		t.Fatal(err)
	}
	defer sweeper.Close()
	stock, err := connect(path, "immediate", 1) // somebody with a tool of their own
	if err != nil {
		t.Fatal(err)
	}
	defer stock.Close()
	record := policies.RecordID{1}
	ids := written(t, db, record, 0, 6, "form", "header")
	count := func(name string) (n int) {
		for _, line := range told(t, db, record, -1, 4) {
			n += strings.Count(line, name)
		}
		return n
	}
	if got := count("header"); got != 6 {
		t.Fatalf("%d headers before anything was deleted, want 6", got)
	}
	for i, deleted := range []func() error{
		func() error {
			return db.Write(t.Context(), func(tx *Tx) error { return tx.DropHeader(ids[0], "header") })
		},
		func() error {
			return sweeper.Write(t.Context(), func(tx *Tx) error { return tx.DropHeader(ids[1], "header") })
		},
		func() error {
			_, err := stock.Exec(`DELETE FROM attachments WHERE statement = $1 AND name = 'header'`, ids[2].String())
			return err
		},
		func() error { // nobody does this, and it would be seen
			_, err := stock.Exec(`UPDATE attachments SET name = 'gone' WHERE statement = $1 AND name = 'header'`, ids[3].String())
			return err
		},
	} {
		if err := deleted(); err != nil {
			t.Fatal(err)
		}
		if got := count("header"); got != 5-i {
			t.Errorf("after deletion %d: %d headers are handed out, want %d", i+1, got, 5-i)
		}
	}

	t.Run("NotByWhoReadsTheOlderSnapshot", func(t *testing.T) {
		err := db.Read(t.Context(), func(old *View) error {
			if _, err := old.LastIndex(); err != nil { // the snapshot begins here
				return err
			}
			if err := db.Write(t.Context(), func(tx *Tx) error { return tx.DropHeader(ids[4], "header") }); err != nil {
				return err
			}
			if got := count("header"); got != 1 {
				t.Errorf("%d headers, want 1", got)
			}
			old.begun.drop(old.begun.byRecord[record])
			all, err := toldTo(old, record, -1, 500) // and keeps what it has read
			if got := strings.Count(strings.Join(all, " "), "header"); got != 2 {
				t.Errorf("the older snapshot has %d headers, want the 2 that it began with", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := count("header"); got != 1 {
			t.Errorf("%d headers after the older reader, want 1", got)
		}
	})
	t.Run("ADeletionThatFailsChangesNothing", func(t *testing.T) {
		_ = db.Write(t.Context(), func(tx *Tx) error {
			if err := tx.DropHeader(ids[5], "header"); err != nil {
				return err
			}
			return fmt.Errorf("planned")
		})
		if got := count("header"); got != 1 {
			t.Errorf("%d headers, want 1", got)
		}
	})
}

// TestBeginningsAreBounded: memory holds what it is allowed to, and the answers are whole.
func TestBeginningsAreBounded(t *testing.T) {
	c := newBeginnings()
	big := make([]byte, maxRecordBytes/2)
	for i := range 200 {
		record := policies.RecordID{byte(i), byte(i >> 8), 1}
		c.extend(c.at(record, 0), []Change{{Index: int64(i), Beside: []Attachment{{Body: big}}}}, int64(i))
		if c.bytes > maxBegunBytes {
			t.Fatalf("%d bytes are kept, at most %d", c.bytes, maxBegunBytes)
		}
	}
	if n := len(c.byRecord); n != c.order.Len() || n < 2 {
		t.Errorf("%d records in the map, %d in the list", n, c.order.Len())
	}
	b := c.at(policies.RecordID{199, 0, 1}, 0)
	c.extend(b, []Change{{Index: 300, Beside: []Attachment{{Body: big}}}}, 300)
	if got := c.at(b.record, 0).upTo; got != 199 {
		t.Errorf("a record beyond its share is kept up to %d, want 199", got)
	}
}
