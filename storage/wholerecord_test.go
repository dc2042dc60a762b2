package storage_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/rows"
)

// overRecord is a family whose child is long grown up, whose work has ended, and whose film
// was destroyed: its whole record is past its date.
func overRecord(t *testing.T) *sweeping {
	s := endedFilm(t)
	s.Sam.Does(s.f.Record, "person.change", &policies.PersonChange{
		Person: s.f.Child, Basis: s.FamilyState(s.f.ID).People[s.f.Child].Basis, Born: "1990-01", Contact: s.FamilyState(s.f.ID).People[s.f.Child].Contact,
	})
	s.Sam.Does(s.f.Record, "family.close", &policies.FamilyClose{EndedOn: s.Clock.Now().Format("2006-01-02")})
	s.forward(40)
	s.letGo()
	s.run()
	s.forward(8)
	if out := s.run(); !one(out.Destroyed, s.c.ID) {
		t.Fatalf("the film was not destroyed: %+v", out)
	}
	return s
}

// approve has the IG officer let the whole record go.
func (s *sweeping) approve() policies.StatementID {
	s.t.Helper()
	return s.Officer.Does(policies.RecordID(s.Org), "record.approve", &policies.RecordApprove{Family: s.f.ID, Until: s.Clock.Now().AddDate(0, 0, -2).Format("2006-01-02")})
}

func (s *sweeping) recordFate() policies.Fated {
	f := s.FamilyState(s.f.ID)
	o, err := s.Store.Records.Org(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return f.RecordFate(policies.NewTerms(o, s.Figures(), s.Clock.Now().Location(), s.Clock.Micros()))
}

// TestWholeRecord goes the whole way: past its date a record waits for a person; let go, it is
// kept for a month; then nothing is left but digests, by which everything still verifies.
func TestWholeRecord(t *testing.T) {
	s := overRecord(t)
	if x := s.recordFate(); x.State != policies.FateDue {
		t.Fatalf("past its date: %+v, want due", x)
	}
	s.forward(40)
	if out := s.run(); len(out.Ended) > 0 {
		t.Fatal("a record went by its date alone")
	}
	before := s.FamilyState(s.f.ID)
	s.approve()
	s.forward(29)
	if out := s.run(); len(out.Ended) > 0 {
		t.Fatal("a record went within the month")
	}
	s.forward(2)
	if out := s.run(); !slices.Equal(out.Ended, []policies.FamilyID{s.f.ID}) {
		t.Fatalf("after the month: %+v, want it ended", out)
	}
	s.recordGone(before)
	if out := s.run(); len(out.Ended) > 0 || len(out.Failed) > 0 {
		t.Fatalf("again: %+v, want one certificate", out)
	}
	err := s.Sam.Tries(s.f.Record, "family.close", &policies.FamilyClose{EndedOn: "2026-12-01"})
	if !errors.Is(err, storage.ErrEnded) {
		t.Errorf("a late statement: %v, want a refusal that says why", err)
	}
	err = s.Officer.Tries(s.f.Record, "hold.place", &policies.HoldPlace{Clips: []policies.ClipID{}, Sessions: []policies.SessionID{}, People: []policies.PersonID{}, Kind: "police"})
	if !errors.Is(err, storage.ErrEnded) {
		t.Errorf("a late hold: %v, want a refusal", err)
	}
	s.Reopen()
	if _, err := s.Store.Records.Refold(context.Background()); err != nil {
		t.Errorf("refold after a restart: %v", err)
	}
}

// recordGone looks at the tables: digests, certificates of film, and nothing else.
func (s *sweeping) recordGone(before *policies.Family) {
	s.t.Helper()
	ctx := context.Background()
	if _, err := s.Store.Records.Refold(ctx); err != nil {
		s.t.Errorf("refold: %v", err)
	}
	o, err := s.Store.Records.Org(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	e := o.Ended[s.f.ID]
	if e == nil || e.Head != before.Head || e.Count != before.Count {
		s.t.Fatalf("certificate %+v, want the record's head at its end", e)
	}
	db, err := rows.Open(ctx, s.Config.Database)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	texts, kept := 0, 0
	err = db.Read(ctx, func(v *rows.View) error {
		n, err := v.CountAttachments(s.f.Record)
		if err == nil && n > 0 {
			s.t.Errorf("%d attachments are left", n)
		}
		if err != nil {
			return err
		}
		return v.AllStatements(func(st rows.Statement) error {
			if st.Record == s.f.Record && len(st.Raw) > 0 {
				texts++
				if st.Kind != "clip.dispose" {
					s.t.Errorf("the text of %s is left", st.Kind)
				}
			}
			if st.Record == s.f.Record {
				kept++
			}
			return nil
		})
	})
	if err != nil || int64(kept) != before.Count || texts != 1 {
		s.t.Errorf("%d statements of which %d have a text, %v; want %d and the film's certificate", kept, texts, err, before.Count)
	}
}

// TestWholeRecordHeld: a hold in the month keeps all of it, and once it is over somebody has to
// look again.
func TestWholeRecordHeld(t *testing.T) {
	s := overRecord(t)
	s.approve()
	s.forward(10)
	hold := s.Officer.Does(s.f.Record, "hold.place", &policies.HoldPlace{Clips: []policies.ClipID{}, Sessions: []policies.SessionID{}, People: []policies.PersonID{}, Kind: "police"})
	s.forward(40)
	if out := s.run(); len(out.Ended) > 0 {
		t.Fatal("a held record went")
	}
	if x := s.recordFate(); x.State != policies.FateHeld {
		t.Errorf("held: %+v", x)
	}
	s.Head.Does(s.f.Record, "hold.release", &policies.HoldRelease{Hold: hold})
	if out := s.run(); len(out.Ended) > 0 {
		t.Fatal("a record went by a word that knew of no hold")
	}
	s.approve()
	s.forward(31)
	if out := s.run(); len(out.Ended) != 1 {
		t.Fatalf("looked at again: %+v, want it ended", out)
	}
}

// TestWholeRecordNeedsItsFilm: film first, whatever somebody signed.
func TestWholeRecordNeedsItsFilm(t *testing.T) {
	s := endedFilm(t)
	s.approve()
	s.forward(31)
	if out := s.run(); len(out.Ended) > 0 {
		t.Fatal("a record went before its film")
	}
	if x := s.recordFate(); x.State != policies.FateWaiting {
		t.Errorf("with film: %+v, want waiting", x)
	}
}

// TestWholeRecordServed: who received the record is told that they do not any more, without a
// word of it, and a device that begins anew never hears of it.
func TestWholeRecordServed(t *testing.T) {
	s := overRecord(t)
	had := s.pullAll(s.Sam, "")
	s.approve()
	s.forward(31)
	s.run()
	after := s.pullAll(s.Sam, had.cursor)
	if !slices.Contains(after.dropped, s.f.Record) || after.statements[s.f.Record] > 0 {
		t.Errorf("pull after the end: %+v, want the record dropped and nothing of it", after)
	}
	if fresh := s.pullAll(s.Head, ""); fresh.statements[s.f.Record] > 0 || slices.Contains(fresh.dropped, s.f.Record) {
		t.Errorf("a new device: %+v, want nothing of it", fresh)
	}
}

type pulled struct {
	cursor     string
	statements map[policies.RecordID]int
	dropped    []policies.RecordID
}

func (s *sweeping) pullAll(p interface{ Caller() policies.Caller }, cursor string) (out pulled) {
	s.t.Helper()
	out = pulled{cursor: cursor, statements: map[policies.RecordID]int{}}
	for {
		page, err := s.Store.Records.Pull(context.Background(), p.Caller(), out.cursor, 0, 500)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, item := range page.Items {
			switch item.Kind {
			case storage.ItemDropScope:
				out.dropped = append(out.dropped, item.Place.Record)
			case storage.ItemStatement:
				out.statements[item.Place.Record]++
			}
		}
		out.cursor = page.Cursor
		if !page.More {
			return out
		}
	}
}

// TestWholeRecordOutlivesRestore: a backup from before its end brings a record back, and the
// ledger destroys it again before anything is served.
func TestWholeRecordOutlivesRestore(t *testing.T) {
	s := overRecord(t)
	dir := backup(t, s.World)
	s.approve()
	s.forward(31)
	if out := s.run(); len(out.Ended) != 1 {
		t.Fatalf("%+v, want the record ended", out)
	}
	back(t, s.World, dir)
	o, err := s.Store.Records.Org(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if o.Ended[s.f.ID] == nil {
		t.Error("the record came back")
	}
	if _, err := s.Store.Records.Refold(context.Background()); err != nil {
		t.Errorf("refold: %v", err)
	}
}

// TestCertificateThatWasNeverCommitted: the certificate of a record reached the ledger, was cut
// before its commit, and a hold came: it keeps the record after a restore too.
func TestCertificateThatWasNeverCommitted(t *testing.T) {
	s := overRecord(t)
	s.approve()
	s.forward(31)
	dir := backup(t, s.World)
	path := ledger.File(s.Config.LedgerDir(), s.Org.String())
	before := ledgerLines(t, path)
	if out := s.run(); len(out.Ended) != 1 {
		t.Fatalf("%+v, want the record ended", out)
	}
	cut := ledgerLines(t, path)[len(before):]
	write := func(lines []string) {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(before)
	back(t, s.World, dir)
	s.Officer.Does(s.f.Record, "hold.place", &policies.HoldPlace{Kind: "court"})
	r, _ := s.org().Recovering()
	s.Officer.Does(policies.RecordID(s.Org), "service.recovered", &policies.ServiceRecovered{Restored: r.ID})
	again := backup(t, s.World)
	write(append(ledgerLines(t, path), cut...))
	back(t, s.World, again)
	if e := s.org().Ended[s.f.ID]; e != nil {
		t.Error("a held record was destroyed by a certificate that nobody was given")
	}
}
