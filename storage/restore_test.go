package storage_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/storagetest"
)

// heard is a statement with what proves that it was accepted.
type heard struct {
	storage.Returned
	id       policies.StatementID
	evidence storage.Evidence
}

// listen keeps what is accepted from now on, as devices do.
func listen(w *storagetest.World) *[]heard {
	var all []heard
	w.Heard = func(s storage.Sealed, r storage.Result, p storage.Proven) {
		all = append(all, heard{storage.Returned{Sealed: s, At: r.Receipt.Place.At}, r.ID, storage.Evidence{
			Record: r.Receipt.Place.Record, Checkpoint: p.Checkpoint, Leaf: r.Receipt.Leaf, Proof: r.Receipt.Proof,
		}})
	}
	return &all
}

// state is the folded state of a family without its place in the record, and with it.
func state(t *testing.T, w *storagetest.World, id policies.FamilyID) string {
	t.Helper()
	f := w.FamilyState(id)
	f.Head, f.Count = policies.Digest{}, 0
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func back(t *testing.T, w *storagetest.World, dir string) storage.Restored {
	t.Helper()
	if err := w.Store.Close(); err != nil {
		t.Fatal(err)
	}
	w.Store, w.Heard = nil, nil
	out, err := storage.Restore(context.Background(), w.Config, dir)
	if err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	return out
}

func backup(t *testing.T, w *storagetest.World) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := w.Backup(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.Log.Prove(context.Background(), 0); err != nil || p.Durable == m.Size {
		t.Fatalf("a backup that nobody counted: %d durable, %v", p.Durable, err)
	}
	if _, err := w.Count(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Log.Prove(context.Background(), 0); err != nil || p.Durable != m.Size || p.Recovering {
		t.Fatalf("after a backup of %d rows: %d durable, recovering %v, %v", m.Size, p.Durable, p.Recovering, err)
	}
	return dir
}

// TestRestore: a service that is put back serves no film; what was withdrawn is withdrawn
// from the first moment; and once a device has returned what it holds, by proof from the
// log that was lost, every family is as it was, although its authors left in between.
func TestRestore(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	c := f.Store(1<<20, true)
	link := f.Share(c, 5)
	dir := backup(t, w)
	all := listen(w)

	w.Clock.Forward(time.Minute)
	newcomer := w.Join("Bo Lind", policies.Practitioner)
	w.Sam.Does(f.Record, "team.add", &policies.TeamAdd{Staff: newcomer.Staff})
	newcomer.Does(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 2, StillHappy: true})
	w.Ana.Does(f.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe})
	f.Sign(nil, policies.FilmAndUse)
	other := f.Share(c, 3)
	g := w.Open("NF-2042")
	second := w.Sam.Does(g.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{g.Child}, Channel: policies.ByPhone})
	w.Clock.Forward(time.Minute)
	w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	w.Sam.Does(f.Record, "link.revoke", &policies.LinkRevoke{Link: link.ID})
	w.Head.Does(f.Record, "team.remove", &policies.TeamRemove{Staff: w.Ana.Staff})
	w.Head.Does(policies.RecordID(w.Org), "staff.revoke", &policies.StaffRevoke{Staff: newcomer.Staff})
	before := []string{state(t, w, f.ID), state(t, w, g.ID)}
	lost := slices.Clone(*all)

	w.Clock.Forward(time.Hour)
	put := back(t, w, dir)
	if put.Owed == 0 || put.Taken == 0 || put.Known <= put.Manifest.Size || put.Before == "" {
		t.Errorf("restored %+v", put)
	}
	if p, err := w.Log.Prove(ctx, 0); err != nil || !p.Recovering || p.Durable != put.Manifest.Size {
		t.Errorf("recovering %v, durable %d, %v", p.Recovering, p.Durable, err)
	}
	var denied *storage.DeniedError
	if _, err := w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse}); !errors.As(err, &denied) || !slices.Contains(denied.Ruling.Rules, "RECOVER-FILM") {
		t.Errorf("watching while it recovers: %v", err)
	}
	if _, err := openLink(w, link, link.PIN); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("opening a link while it recovers: %v", err)
	}
	if _, err := w.SweepSessions(ctx); !errors.As(err, &denied) {
		t.Errorf("sweeping while it recovers: %v", err)
	}
	if now := w.FamilyState(f.ID); len(now.Withdrawn) == 0 || !slices.Contains([]policies.LinkState{policies.LinkRevoked}, now.LinkState(link.ID, 0)) {
		t.Errorf("what was withdrawn is not: %v", now.Withdrawn)
	}

	// The head of service's device brings it all, in the order of the log.
	var evidence []storage.Evidence
	var batch []storage.Returned
	for _, h := range lost {
		evidence, batch = append(evidence, h.evidence), append(batch, h.Returned)
	}
	for again := range 2 {
		results, _, err := w.Records.Return(ctx, w.Head.Caller(), evidence, batch, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Err != nil || again == 1 && !r.Duplicate {
				t.Errorf("%d: statement %d, %s: %v, duplicate %v", again, i, lost[i].id.Short(), r.Err, r.Duplicate)
			}
		}
	}
	after := []string{state(t, w, f.ID), state(t, w, g.ID)}
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("family %d was\n%s\nand is\n%s", i, before[i], after[i])
		}
	}
	if w.FamilyState(g.ID).Withdrawn[second] == "" && len(w.FamilyState(g.ID).Withdrawn) == 0 {
		t.Error("the withdrawal in a family that was lost is not there")
	}
	if n, err := w.Records.Refold(ctx); err != nil {
		t.Errorf("refold of %d statements: %v", n, err)
	}
	recovered(t, w)
	if _, err := w.Clips.Open(ctx, w.Sam.Caller(), storage.ViewRequest{Clip: c.ID, Purpose: policies.FilmAndUse}); !errors.As(err, &denied) || slices.Contains(denied.Ruling.Rules, "RECOVER-FILM") {
		t.Errorf("watching what was withdrawn: %v", err)
	}
	if _, err := openLink(w, other, other.PIN); !errors.Is(err, storage.ErrLinkEnded) {
		t.Errorf("opening a link after the withdrawal: %v", err)
	}
	w.Reopen()
	if report, err := w.Log.VerifyFile(ctx, nil); err != nil || !report.OK() {
		t.Errorf("log: %+v, %v", report.Faults, err)
	}
}

func recovered(t *testing.T, w *storagetest.World) {
	t.Helper()
	o, err := w.Records.Org(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r, _ := o.Recovering()
	w.Officer.Does(policies.RecordID(w.Org), "service.recovered", &policies.ServiceRecovered{Restored: r.ID})
}

// TestReturnedWithoutProof: what nothing proves is judged like any other, so that a
// recovery is no way round the rules.
func TestReturnedWithoutProof(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	f := w.Open("NF-2041")
	dir := backup(t, w)
	back(t, w, dir)
	s, _ := w.Visitor.Say(f.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe})
	forged := storage.Evidence{Record: f.Record, Checkpoint: "attune/" + w.Org.String() + "/x\n1\nAAAA\n", Leaf: []byte("{}")}
	results, _, err := w.Records.Return(ctx, w.Head.Caller(), []storage.Evidence{forged}, []storage.Returned{{Sealed: s, At: 1}}, 0)
	if err != nil || results[0].Err == nil {
		t.Errorf("taken: %+v, %v", results, err)
	}
}

// TestRestoreTwice: a restore that is run again, or of an older backup, ends where the
// first did.
func TestRestoreTwice(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	first := backup(t, w)
	w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	second := backup(t, w)
	for i, dir := range []string{second, first, first} {
		out := back(t, w, dir)
		if got := w.FamilyState(f.ID); len(got.Withdrawn) != 1 {
			t.Errorf("restore %d of %s: %+v; withdrawn %v", i, dir, out, got.Withdrawn)
		}
	}
	recovered(t, w)
}

// TestBackupDamaged: a backup of which a byte changed is none.
func TestBackupDamaged(t *testing.T) {
	w := open(t)
	dir := backup(t, w)
	path := filepath.Join(dir, storage.BackupDatabase)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.VerifyBackup(context.Background(), dir, nil); !errors.Is(err, storage.ErrBackup) {
		t.Errorf("verify: %v, want %v", err, storage.ErrBackup)
	}
	if _, err := storage.Restore(context.Background(), w.Config, dir); !errors.Is(err, storage.ErrBackup) {
		t.Errorf("restore: %v, want %v", err, storage.ErrBackup)
	}
}

// TestRestorationOfALostHistory: what began a history that was lost is not taken into the
// next, whoever proves that it was there: it would not be its first row, and every device
// would take the service for a liar.
func TestRestorationOfALostHistory(t *testing.T) {
	ctx := context.Background()
	w := open(t)
	dir := backup(t, w)
	back(t, w, dir)
	old, p, err := w.Records.Restorations(ctx, 0)
	if err != nil || len(old) != 1 {
		t.Fatalf("%d restorations, %v", len(old), err)
	}
	w.Clock.Forward(time.Minute)
	back(t, w, dir)
	proof := storage.Evidence{Record: old[0].Receipt.Place.Record, Checkpoint: p.Checkpoint, Leaf: old[0].Receipt.Leaf, Proof: old[0].Receipt.Proof}
	again := storage.Returned{Sealed: storage.Sealed{Statement: old[0].Statement}, At: old[0].Receipt.Place.At}
	results, _, err := w.Records.Return(ctx, w.Head.Caller(), []storage.Evidence{proof}, []storage.Returned{again}, 0)
	if err != nil || !errors.Is(results[0].Err, policies.ErrNotPossible) {
		t.Errorf("the restoration of a lost history: %+v, %v", results, err)
	}
	if now, _, err := w.Records.Restorations(ctx, 0); err != nil || len(now) != 1 {
		t.Errorf("%d restorations, %v, want the last alone", len(now), err)
	}
	recovered(t, w)
}

// TestCountStranger: another service's backup lets nobody's devices forget anything.
func TestCountStranger(t *testing.T) {
	w, other := open(t), open(t)
	if _, err := w.Count(context.Background(), backup(t, other)); !errors.Is(err, storage.ErrBackup) {
		t.Errorf("%v, want %v", err, storage.ErrBackup)
	}
}

// TestBackupThatFails leaves nothing behind: neither what fills a disk, nor personal data
// that nobody knows of.
func TestBackupThatFails(t *testing.T) {
	w := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if _, err := w.Backup(ctx, filepath.Join(dir, "backup")); err == nil {
		t.Fatal("a backup without time was made")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestReturnedBackdated: whoever brings a statement says when it was accepted, and no
// evidence bounds that from below. It was not before the backup, which does not have it:
// else a family's end could be dated so long ago that its film were due to go at once.
func TestReturnedBackdated(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Hour)
	earliest := policies.At(w.Clock.Now())
	w.Ana.Does(f.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe})
	dir := backup(t, w)
	all := listen(w)
	w.Clock.Forward(time.Minute)
	w.Ana.Does(f.Record, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe})
	lost := slices.Clone(*all)
	w.Clock.Forward(time.Hour)
	back(t, w, dir)
	lost[0].Returned.At = 1
	results, _, err := w.Records.Return(context.Background(), w.Sam.Caller(), []storage.Evidence{lost[0].evidence}, []storage.Returned{lost[0].Returned}, 0)
	if err != nil || results[0].Err != nil {
		t.Fatalf("returned: %+v, %v", results, err)
	}
	if at := results[0].Receipt.Place.At; at < earliest {
		t.Errorf("accepted at %s, and the backup of %s did not have it", at.Time(), earliest.Time())
	}
	if n, err := w.Records.Refold(context.Background()); err != nil {
		t.Errorf("refold of %d statements: %v", n, err)
	}
}

// TestReturnedWithdrawalBackdated: a withdrawal in a family that the backup does not have
// waits in the ledger for the family, and is taken as of when the ledger says, whoever
// brings it with the family and says that it was before the consent.
func TestReturnedWithdrawalBackdated(t *testing.T) {
	w := open(t)
	dir := backup(t, w)
	all := listen(w)
	w.Clock.Forward(time.Minute)
	f := w.Open("NF-2041")
	w.Clock.Forward(time.Minute)
	w.Ana.Does(f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{f.Child}, Channel: policies.ByPhone})
	before := state(t, w, f.ID)
	lost := slices.Clone(*all)
	w.Clock.Forward(time.Hour)
	back(t, w, dir)
	var evidence []storage.Evidence
	var batch []storage.Returned
	for _, h := range lost {
		evidence, batch = append(evidence, h.evidence), append(batch, h.Returned)
	}
	batch[len(batch)-1].At = 1
	results, _, err := w.Records.Return(context.Background(), w.Sam.Caller(), evidence, batch, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("statement %d: %v", i, r.Err)
		}
	}
	if after := state(t, w, f.ID); after != before {
		t.Errorf("the family was\n%s\nand is\n%s", before, after)
	}
	if _, ok := w.FamilyState(f.ID).CurrentConsent(f.Child, w.Clock.Micros()); ok {
		t.Error("the consent that was withdrawn is in force")
	}
}

// TestGapsAfterARestore are forgiven for a time, and then refused as ever.
func TestGapsAfterARestore(t *testing.T) {
	w := open(t)
	f := w.Open("NF-2041")
	back(t, w, backup(t, w))
	visit := func(n int) error {
		return w.Sam.Tries(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: n, StillHappy: true})
	}
	skip := func() {
		_, _ = w.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-24", Number: 1, StillHappy: true})
	}
	skip()
	if err := visit(2); err != nil {
		t.Errorf("a gap while it recovers: %v", err)
	}
	recovered(t, w)
	skip()
	if err := visit(3); err != nil {
		t.Errorf("a gap soon after: %v", err)
	}
	w.Clock.Forward(91 * 24 * time.Hour)
	skip()
	if err := visit(4); !errors.Is(err, storage.ErrGap) {
		t.Errorf("a gap three months later: %v, want %v", err, storage.ErrGap)
	}
}
