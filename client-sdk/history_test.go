package attune_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/rows"
)

// backup is a verified backup of the service as it is.
func (s *service) backup() string {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "backup")
	_, err := s.store.Backup(context.Background(), dir)
	must(s.t, err)
	_, err = s.store.Count(context.Background(), dir)
	must(s.t, err)
	return dir
}

// loseLedger has the operator lose what a restore replays, and go on.
func (s *service) loseLedger() {
	s.t.Helper()
	must(s.t, os.RemoveAll(s.cfg.LedgerDir()))
	s.cfg.LedgerLost = true
}

// putBack is what an operator does after the disk died.
func (s *service) putBack(dir string) storage.Restored {
	s.t.Helper()
	org, err := s.store.Records.Org(context.Background())
	must(s.t, err)
	must(s.t, s.store.Close())
	out, err := storage.Restore(context.Background(), s.cfg, dir)
	must(s.t, err)
	s.open(org.ID)
	return out
}

// stated is every statement that the service has accepted, by kind.
func (s *service) stated() map[policies.StatementID]policies.Kind {
	s.t.Helper()
	ctx := context.Background()
	db, err := rows.OpenCopy(ctx, s.cfg.Database)
	must(s.t, err)
	defer db.Close()
	out := map[policies.StatementID]policies.Kind{}
	must(s.t, db.Read(ctx, func(v *rows.View) error {
		return v.AllStatements(func(st rows.Statement) error {
			out[st.ID] = st.Kind
			return nil
		})
	}))
	return out
}

// TestPutBack: the service is put back by an hour. What was withdrawn since is withdrawn
// from the first moment; everything that was acknowledged is there again once the devices
// have synced, also of a device that joined since; the film that had arrived is adopted;
// and no device takes an honest restore for a lie.
func TestPutBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	bea := s.hire(policies.Practitioner, "Bea Hall")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	f, first := s.filmed(sam)
	must(t, sam.Families.AddTeam(f.id, bea.Keys.Staff()))
	s.sync(sam)
	s.sync(bea)
	dir := s.backup()

	s.pass(time.Minute)
	newt := s.hire(policies.Practitioner, "Newt Blom")
	added := f.add(t, film(t, "visit.mp4"), "The second smile")
	s.sync(sam)
	_, err := bea.Sessions.Log(f.id, "", 0, true, "by Bea")
	must(t, err)
	own, err := newt.Families.Open("NF-2", policies.VIG)
	must(t, err)
	_, err = newt.Families.AddPerson(own, policies.Carer, policies.Own, "", policies.LinkSafe, "Dad")
	must(t, err)
	s.sync(newt)
	err = bea.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone)
	must(t, err)
	for _, c := range []*attune.Client{bea, sam, s.head, iris} {
		s.sync(c)
	}
	before := s.stated()

	s.pass(time.Hour)
	out := s.putBack(dir)
	if out.Known <= out.Manifest.Size {
		t.Errorf("known %d, backup %d", out.Known, out.Manifest.Size)
	}
	everyone := []*attune.Client{s.head, sam, bea, iris, newt}
	returned := 0
	for round := range 3 {
		for _, c := range everyone {
			r, err := c.Sync(context.Background())
			returned += r.Returned
			if err != nil || len(r.Refused) > 0 || len(r.Stopped) > 0 {
				t.Errorf("round %d: %+v, %v", round, r, err)
			}
			if n, err := c.Evidence(); err != nil || len(n) > 0 {
				t.Fatalf("round %d: an honest restore was convicted: %v, %v", round, n, err)
			}
		}
	}
	if returned == 0 {
		t.Error("nothing was brought again: the test shows nothing")
	}
	after := s.stated()
	for id, kind := range before {
		if _, ok := after[id]; !ok && kind != "clip.stored" {
			t.Errorf("%s %s was acknowledged, and is gone", kind, id.Short())
		}
	}
	for _, clip := range []policies.ClipID{first, added.Clip} {
		if v, err := sam.Clips.Show(clip); err != nil || v.State != attune.ClipStored {
			t.Errorf("clip %s: %s %s, %v", clip.Short(), v.State, v.Why, err)
		}
	}
	for _, c := range everyone {
		if st, err := c.Restored.Show(); err != nil || st.Lost > 0 || !st.Recovering {
			t.Errorf("state %+v, %v", st, err)
		}
	}
	denied := func() error {
		p, err := sam.Clips.Open(context.Background(), first, policies.FilmAndUse)
		if err == nil {
			p.Close()
		}
		return err
	}
	if err := denied(); err == nil {
		t.Error("film is served while the service recovers")
	}
	_, err = iris.Restored.Recovered()
	must(t, err)
	for _, c := range everyone {
		s.sync(iris)
		s.sync(c)
		if st, err := c.Restored.Show(); err != nil || st.Recovering {
			t.Errorf("after its end: %+v, %v", st, err)
		}
	}
	if err := denied(); err == nil || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("film of a child for whom it was withdrawn: %v", err)
	}
	if n, err := s.store.Records.Refold(context.Background()); err != nil {
		t.Errorf("refold of %d: %v", n, err)
	}
}

// TestRestoreThatForgets: an operator puts the service back with an empty ledger, to be
// rid of a withdrawal, and refuses it when it comes again. Whoever had seen it says so.
func TestRestoreThatForgets(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	iris := s.hire(policies.IGOfficer, "Iris Gray")
	f := s.family(sam)
	s.sync(iris)
	dir := s.backup()
	must(t, sam.Consents.Withdraw(f.id, []policies.PersonID{f.child}, policies.ByPhone))
	s.sync(sam)
	s.loseLedger()
	s.pass(time.Minute)
	s.putBack(dir)
	_, err := iris.Sync(context.Background())
	must(t, err)
	_, err = iris.Restored.Recovered()
	must(t, err)
	s.sync(iris)
	honest := *s.web.Load()
	s.keepOut(wire.Result{Status: wire.Refused, Code: wire.CodeNotPossible}, false)
	s.sync(sam) // which learns that the recovery is over
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeRolledBack {
		t.Errorf("sync with a service that forgot a withdrawal: %v, want %s", err, attune.CodeRolledBack)
	}
	if n, err := sam.Evidence(); err != nil || len(n) == 0 {
		t.Errorf("evidence %v, %v", n, err)
	}
	s.web.Store(&honest)
	for range 2 {
		s.sync(sam)
	}
	if known, _ := sam.Mirror.Family(f.id); len(known.Withdrawn) == 0 {
		t.Error("the withdrawal did not come back")
	}
}

// TestNewHistoryWithoutProof: a log of another name that no statement of the service
// explains is no restore, and a device gives up nothing for it.
func TestNewHistoryWithoutProof(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sam := s.hire(policies.Practitioner, "Sam Reed")
	s.family(sam)
	dir := s.backup()
	s.sync(sam)
	s.putBack(dir)
	none := func(_ *http.Request, a *httptest.ResponseRecorder) {
		var in wire.HistoryReply
		must(t, wire.Decode(bytes.NewReader(a.Body.Bytes()), 1<<20, &in))
		in.Restored = []wire.RestoredStatement{}
		b, err := wire.Encode(in)
		must(t, err)
		a.Body = bytes.NewBuffer(b)
	}
	s.replies("/v1/log/history", none)
	if _, err := sam.Sync(context.Background()); attune.CodeOf(err) != attune.CodeForked {
		t.Errorf("sync: %v, want %s", err, attune.CodeForked)
	}
	if list, err := sam.Families.List(); err != nil || len(list) != 1 {
		t.Errorf("%d families, %v", len(list), err)
	}
	s.honest()
	s.sync(sam)
}
