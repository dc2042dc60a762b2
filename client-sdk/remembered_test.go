package attune_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// TestVerifyAgainstColleagues: a server that showed one device another log is found
// out by whoever verifies, from the statements that this device made: each says
// what its author had seen signed. Live and in an export.
func TestVerifyAgainstColleagues(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	sound, err := a.ig.Log.Verify(context.Background(), nil)
	must(t, err)
	if !sound.OK || sound.Seen < 5 || !strings.HasPrefix(sound.Key, "attune/") {
		t.Fatalf("untouched: %+v", sound)
	}
	// Sam's device remembers a state that this log never had.
	home := a.sam.Home()
	must(t, a.sam.Close())
	forge(t, filepath.Join(home, "store.db"))
	sam, err := attune.Open(home, passphrase, a.config())
	must(t, err)
	defer sam.Close()
	family, err := sam.Families.Find("NF-1042")
	must(t, err)
	_, err = sam.Families.AddPerson(family, policies.Carer, policies.Own, "", policies.NoLink, "Dad")
	must(t, err)
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeForked {
		t.Errorf("Sam's own device says %v, want forked", err)
	}
	a.sync(a.ig)
	const want = "are not those that the author of statement"
	live, err := a.ig.Log.Verify(context.Background(), nil)
	must(t, err)
	if live.OK || len(live.Faults) != 1 || !strings.Contains(live.Faults[0], want) {
		t.Errorf("live: %+v, want the contradiction", live)
	}
	dir, _ := a.export(attune.LogFilter{})
	kept, err := a.ig.Log.VerifyExport(os.DirFS(dir), nil)
	must(t, err)
	if kept.OK || len(kept.Faults) != 1 || !strings.Contains(kept.Faults[0], want) {
		t.Errorf("export: %+v, want the contradiction", kept)
	}
}

// forge changes the root of the checkpoint that a device keeps.
func forge(t *testing.T, store string) {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: store}).String())
	must(t, err)
	defer db.Close()
	var note string
	must(t, db.QueryRow(`SELECT value FROM settings WHERE name = 'checkpoint'`).Scan(&note))
	lines := strings.Split(note, "\n")
	lines[2] = accesslog.Hash{9}.String()
	_, err = db.Exec(`UPDATE settings SET value = ? WHERE name = 'checkpoint'`, strings.Join(lines, "\n"))
	must(t, err)
}
