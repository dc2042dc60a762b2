package attune_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// TestNothingLeftOfOwnWords: what somebody said in a family and the service took leaves
// their device with the rest of the family, although no feed will ever show it to them.
// Found by cmd/soak.
func TestNothingLeftOfOwnWords(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam, ana := s.hire(policies.Practitioner, "Sam Reed"), s.hire(policies.Practitioner, "Ana Silva")
	s.sync(sam)
	f := s.family(sam)
	must(t, sam.Families.AddTeam(f.id, ana.Keys.Staff()))
	s.sync(sam)
	s.sync(ana)

	must(t, ana.Families.RemoveTeam(f.id, sam.Keys.Staff()))
	s.sync(ana)
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	if r := s.sync(sam); len(r.Accepted) != 1 || len(r.Dropped) != 1 {
		t.Fatalf("%d accepted and %d dropped, want the withdrawal and the family", len(r.Accepted), len(r.Dropped))
	}
	must(t, sam.Close())
	db, err := sql.Open("sqlite", filepath.Join(sam.Home(), "store.db"))
	must(t, err)
	defer db.Close()
	for _, table := range []string{"outbox", "statements", "attachments"} {
		where := map[string]string{"outbox": "record = $1", "statements": "record = $1",
			"attachments": "statement NOT IN (SELECT id FROM statements) AND $1 <> ''"}[table]
		var left int
		must(t, db.QueryRow("SELECT COUNT(*) FROM "+table+" WHERE "+where, f.id.String()).Scan(&left))
		if left > 0 {
			t.Errorf("%d rows of the family are left in %s", left, table)
		}
	}
}

// TestNothingLeftOfAnOpening: the same of a family that was opened on this device, and
// whose record it never received before its person was taken off the team, or revoked.
func TestNothingLeftOfAnOpening(t *testing.T) {
	t.Parallel()
	for _, revoked := range []bool{false, true} {
		t.Run(fmt.Sprint("revoked ", revoked), func(t *testing.T) { nothingLeftOfAnOpening(t, revoked) })
	}
}

func nothingLeftOfAnOpening(t *testing.T, revoked bool) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	id, err := sam.Families.Open("NF-7", policies.VIG)
	must(t, err)
	s.lose("/v1/sync/pull")
	if _, err := sam.Sync(t.Context()); !attune.Offline(err) {
		t.Fatalf("the reply was lost: %v", err)
	}
	s.spoil.Store(nil)
	s.sync(s.head)
	want := wire.Code("")
	if revoked {
		want = wire.CodeUnauthorised
		must(t, s.head.Staff.Revoke(sam.Keys.Staff()))
	} else {
		must(t, s.head.Families.RemoveTeam(id, sam.Keys.Staff()))
	}
	s.sync(s.head)
	if _, err := sam.Sync(t.Context()); want == "" && err != nil || want != "" && attune.CodeOf(err) != want {
		t.Fatalf("sync: %v, want %q", err, want)
	}
	must(t, sam.Close())
	db, err := sql.Open("sqlite", filepath.Join(sam.Home(), "store.db"))
	must(t, err)
	defer db.Close()
	var left int
	must(t, db.QueryRow("SELECT COUNT(*) FROM outbox WHERE kind <> 'device.purged'").Scan(&left))
	if left > 0 {
		t.Errorf("%d rows of the family are left in the outbox", left)
	}
}
