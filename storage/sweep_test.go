package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/storagetest"
)

// sweeping is a service with film whose end has come, and a sweeper whose clock goes with
// the store's.
type sweeping struct {
	*storagetest.World
	t       *testing.T
	f       *storagetest.Family
	c       storagetest.Clip
	started time.Time
}

// endedFilm is film of a family that was filmed, summed up, and whose time is over.
func endedFilm(t *testing.T) *sweeping {
	w := open(t)
	s := &sweeping{World: w, t: t, started: w.Clock.Now()}
	s.f = w.Open("NF-2041")
	s.c = s.f.Store(3000, true)
	w.Sam.Does(s.f.Record, "summary.file", &policies.SummaryFile{Clips: []policies.ClipID{s.c.ID}, FiledOn: "2026-11-23", Where: "case_record"})
	return s
}

func (s *sweeping) sweeper() *storage.Sweeper {
	return s.Store.Sweeper(storage.SweepConfig{Objects: s.Config.Objects.(objects.Disposer), Clock: s.clock})
}

func (s *sweeping) clock() storage.Clock {
	return storage.Clock{Wall: s.Clock.Now(), Running: s.Clock.Now().Sub(s.started), Boot: "one"}
}

func (s *sweeping) run() storage.Sweep {
	s.t.Helper()
	out, err := s.sweeper().Run(context.Background())
	if err != nil {
		s.t.Fatalf("sweep: %v", err)
	}
	for _, f := range out.Failed {
		s.t.Fatalf("sweep of clip %s: %v", f.Clip, f.Err)
	}
	return out
}

func (s *sweeping) forward(days int) { s.Clock.Forward(time.Duration(days) * 24 * time.Hour) }

// letGo has the IG officer let the film go.
func (s *sweeping) letGo() policies.StatementID {
	s.t.Helper()
	return s.Officer.Does(s.f.Record, "disposal.approve", &policies.DisposalApprove{
		Clips: []policies.ClipID{s.c.ID}, Class: policies.RawFilm, Outcome: policies.LetGo, Until: s.Clock.Now().Format(time.DateOnly),
	})
}

func (s *sweeping) clip() *policies.Clip { return s.FamilyState(s.f.ID).Clips[s.c.ID] }

// watch opens the film as its practitioner.
func (s *sweeping) watch() error {
	_, err := s.Clips.Open(context.Background(), s.Sam.Caller(), storage.ViewRequest{Clip: s.c.ID, Purpose: policies.FilmAndUse})
	return err
}

func (s *sweeping) remains() bool {
	s.t.Helper()
	left, err := s.Config.Objects.(objects.Disposer).Remains(context.Background(), objects.Key("clips/"+s.c.ID.String()))
	if err != nil {
		s.t.Fatal(err)
	}
	return !left.Empty()
}

func one(list []policies.ClipID, id policies.ClipID) bool {
	return slices.Equal(list, []policies.ClipID{id})
}

// TestSweep goes the whole way: nothing goes by its date alone; let go, it is marked and
// hidden, and after its grace destroyed, certified, and looked for once more.
func TestSweep(t *testing.T) {
	s := endedFilm(t)
	if out := s.run(); len(out.Marked) > 0 {
		t.Fatalf("marked at once: %+v", out)
	}
	s.forward(40)
	if out := s.run(); len(out.Marked) > 0 {
		t.Fatalf("marked by its date alone: %+v", out)
	}
	dry, err := s.sweeper().DryRun(context.Background(), s.Clock.Micros())
	if err != nil || len(dry) != 1 || dry[0].State != policies.FateDue {
		t.Fatalf("dry run: %+v, %v; want the film, due and waiting for a person", dry, err)
	}
	if err := s.watch(); err != nil {
		t.Fatalf("watch before it is marked: %v", err)
	}
	s.letGo()
	if out := s.run(); !one(out.Marked, s.c.ID) || len(out.Ordered) > 0 {
		t.Fatalf("let go: %+v, want it marked", out)
	}
	var denied *storage.DeniedError
	if err := s.watch(); !errors.As(err, &denied) || !slices.Contains(denied.Ruling.Rules, "VIEW-GOING") {
		t.Errorf("watch marked film: %v, want VIEW-GOING", err)
	}
	s.forward(7)
	if out := s.run(); len(out.Ordered) > 0 {
		t.Fatalf("on the last day of its grace: %+v", out)
	}
	s.forward(1)
	out := s.run()
	if !one(out.Ordered, s.c.ID) || !one(out.Destroyed, s.c.ID) {
		t.Fatalf("after its grace: %+v, want it destroyed", out)
	}
	c := s.clip()
	if c.Disposed == nil || c.Disposed.Ground != policies.BySchedule || s.remains() {
		t.Errorf("certificate %+v, bytes left: %v", c.Disposed, s.remains())
	}
	if n := s.attachments(policies.StatementID(s.c.ID)); n != 0 {
		t.Errorf("%d keys and titles are left", n)
	}
	if err := s.watch(); err == nil {
		t.Error("destroyed film was opened")
	}
	if out := s.run(); len(out.Marked)+len(out.Ordered)+len(out.Destroyed)+len(out.Verified) > 0 {
		t.Errorf("run again: %+v, want nothing", out)
	}
	s.forward(2)
	if out := s.run(); !one(out.Verified, s.c.ID) {
		t.Errorf("the second look: %+v", out)
	}
	if n, err := s.Records.Refold(context.Background()); err != nil {
		t.Errorf("refold of %d: %v", n, err)
	}
}

// attachments counts what lies beside a statement, by what its team receives.
func (s *sweeping) attachments(id policies.StatementID) (n int) {
	s.t.Helper()
	for _, i := range s.items() {
		if i.ID == id {
			n += len(i.Attachments)
		}
	}
	return n
}

// items are all that a member of the team receives.
func (s *sweeping) items() (all []storage.Item) {
	s.t.Helper()
	var cursor string
	for {
		page, err := s.Records.Pull(context.Background(), s.Sam.Caller(), cursor, 0, 500)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, page.Items...)
		if cursor = page.Cursor; !page.More {
			return all
		}
	}
}
