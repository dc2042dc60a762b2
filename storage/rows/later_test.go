package rows_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/rows"
)

// TestDatabaseOfALaterVersion: an older program refuses it, and writes nothing into it.
func TestDatabaseOfALaterVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attune.db")
	db, err := rows.OpenCopy(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err := rows.OpenCopy(context.Background(), path); err == nil || !strings.Contains(err.Error(), "later version of attuned") {
		t.Errorf("opened: %v, %v", db, err)
	}
}
