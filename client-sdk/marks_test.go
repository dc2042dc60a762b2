package attune

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// TestMarksStay: a service that lies about its backups cannot have a device forget what it
// was shown. Of every row of a long log a state is kept from before it that is not more than
// about twice as far from the end; the first of all stays; and there are few.
func TestMarksStay(t *testing.T) {
	dir := t.TempDir()
	db, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	st := newStore(dir, db, policies.Digest{})
	const first, step, last = 100, 37, 100_000
	if err := st.write(func(tx *sql.Tx) error {
		for size := int64(first); size <= last; size += step {
			m := mark{Checkpoint: accesslog.Checkpoint{Size: size}, note: fmt.Sprint(size), durable: size}
			if err := keepMark(tx, m); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var n, oldest, newest int64
	if err := db.QueryRow(`SELECT COUNT(*), MIN(size), MAX(size) FROM marks`).Scan(&n, &oldest, &newest); err != nil {
		t.Fatal(err)
	}
	if n > recentMarks+40 || oldest != first {
		t.Errorf("%d marks are kept, the first at %d", n, oldest)
	}
	for row := int64(first); row < last; row += 501 {
		var size int64
		if err := db.QueryRow(`SELECT MAX(size) FROM marks WHERE size <= $1`, row).Scan(&size); err != nil {
			t.Fatal(err)
		}
		if newest-size > 2*(newest-row)+recentMarks*step {
			t.Errorf("before row %d the last mark is at %d of %d", row, size, newest)
		}
	}
}
