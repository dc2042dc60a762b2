package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/objects"
)

// errCut is a crash of a process, as far as a test can have one.
var errCut = errors.New("cut")

// cut makes the sweeper's process end at the n-th point at which a crash matters, and counts
// them.
type cut struct {
	at, seen int
	where    string
}

func (c *cut) step(point string) {
	if strings.HasSuffix(point, "the ledger") {
		return // inside the transaction: to be cut there is to be cut before it, with a line that nobody was told of
	}
	c.seen++
	if c.seen == c.at {
		c.where = point
		panic(errCut)
	}
}

// dying wraps the objects: a crash comes before the call, or after its effect.
type dying struct {
	objects.Disposer
	*cut
}

func (d dying) Versions(ctx context.Context, key objects.Key) ([]objects.Version, error) {
	d.step("before the versions are listed")
	return d.Disposer.Versions(ctx, key)
}

func (d dying) AbortAll(ctx context.Context, key objects.Key) (int, error) {
	d.step("before the uploads end")
	return d.Disposer.AbortAll(ctx, key)
}

func (d dying) DeleteVersion(ctx context.Context, key objects.Key, id string) error {
	d.step("before a version is deleted")
	err := d.Disposer.DeleteVersion(ctx, key, id)
	d.step("after the effect of a delete")
	return err
}

func (d dying) Remains(ctx context.Context, key objects.Key) (objects.Remains, error) {
	d.step("before the look that finds nothing")
	return d.Disposer.Remains(ctx, key)
}

// runCut runs the sweeper in a store of its own, as a process of its own would, and ends it
// at a point. It reports whether it came to that point.
func (s *sweeping) runCut(c *cut) (was bool) {
	s.t.Helper()
	cfg := s.Config
	cfg.Step = c.step
	own, err := storage.Open(context.Background(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != nil {
			if err, ok := r.(error); !ok || !errors.Is(err, errCut) {
				panic(r)
			}
			was = true
		}
		if err := own.Close(); err != nil {
			s.t.Fatal(err)
		}
	}()
	_, err = own.Sweeper(storage.SweepConfig{Objects: dying{s.Config.Objects.(objects.Disposer), c}, Clock: s.clock}).Run(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return false
}

// certificates counts the clip.dispose of a clip in the log.
func (s *sweeping) certificates() (n int) {
	s.t.Helper()
	list, _, err := s.Log.Search(context.Background(), s.Officer.Caller(), storage.LogQuery{Action: "clip.dispose", Limit: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range list {
		e, err := accesslog.Decode(row.Leaf)
		if err != nil {
			s.t.Fatal(err)
		}
		if e.Outcome == accesslog.Done {
			n++
		}
	}
	return n
}

// TestSweepCutAnywhere ends the sweeper at every point between two writes, one after the
// other, in each of its three runs: marking, destroying, looking again. The next run comes to
// the same end, with one certificate that names what was there, and never a certificate while
// a byte is left.
func TestSweepCutAnywhere(t *testing.T) {
	for at := 1; ; at++ {
		var ended bool
		t.Run(fmt.Sprint("Point", at), func(t *testing.T) {
			s := endedFilm(t)
			s.forward(40)
			s.letGo()
			c := &cut{at: at}
			for range 3 { // mark; destroy; look again
				if s.runCut(c) {
					t.Log(c.where)
				}
				if s.clip().Disposed != nil && s.remains() {
					t.Fatalf("cut %s: certified, and bytes are left", c.where)
				}
				s.forward(8)
			}
			ended = c.where == ""
			s.run()
			s.forward(3)
			s.run()
			s.forward(3)
			s.run()
			got := s.clip()
			if got.Disposed == nil || s.remains() || s.certificates() != 1 {
				t.Fatalf("cut %s: disposed %v, bytes left %v, %d certificates; want one", c.where, got.Disposed, s.remains(), s.certificates())
			}
			if v := s.certificate().Versions; len(v) != 1 || v[0].Bytes != got.Payload.Bytes || v[0].SHA256 != got.Payload.SHA256 {
				t.Errorf("cut %s: the certificate names %+v, want the one version", c.where, v)
			}
		})
		if ended || t.Failed() {
			if at < 12 {
				t.Errorf("only %d points: the sweeper has more", at)
			}
			return
		}
	}
}

// certificate is the clip's, from the record.
func (s *sweeping) certificate() *policies.ClipDispose {
	s.t.Helper()
	o, err := s.Records.Org(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, i := range s.items() {
		if i.ID != s.clip().Disposed.ID {
			continue
		}
		st, err := statement.Verify(i.Statement, o.Key)
		if err != nil {
			s.t.Fatal(err)
		}
		return st.Body.(*policies.ClipDispose)
	}
	s.t.Fatal("the certificate is in nobody's feed")
	return nil
}

// TestHoldAgainstDisposal places a hold at each time in the way of a clip to its end: until
// the order it keeps the film, and shows it again; after it, the record says that it came too
// late.
func TestHoldAgainstDisposal(t *testing.T) {
	hold := func(s *sweeping) policies.StatementID {
		return s.Officer.Does(s.f.Record, "hold.place", &policies.HoldPlace{Clips: []policies.ClipID{s.c.ID}, Kind: "police"})
	}
	for _, c := range []struct {
		name string
		runs int // before the hold, a grace apart
		kept bool
	}{{"BeforeTheMark", 0, true}, {"InItsGrace", 1, true}, {"AfterTheOrder", 2, false}} {
		t.Run(c.name, func(t *testing.T) {
			s := endedFilm(t)
			s.forward(40)
			s.letGo()
			for range c.runs {
				s.run()
				s.forward(8)
			}
			id := hold(s)
			for range 3 {
				s.run()
				s.forward(8)
			}
			if gone := s.clip().Disposed != nil; gone == c.kept || s.remains() != c.kept {
				t.Errorf("destroyed %v, bytes left %v; want kept %v", gone, s.remains(), c.kept)
			}
			late := s.FamilyState(s.f.ID).TooLate(id)
			if slices.Contains(late, s.c.ID) == c.kept {
				t.Errorf("too late for %v", late)
			}
			told := slices.ContainsFunc(s.FamilyState(s.f.ID).Matters(s.org(), s.Figures(), s.Clock.Micros()), func(m policies.Matter) bool {
				return m.Kind == policies.HoldTooLate && m.Of == id.String()
			})
			if told == c.kept {
				t.Errorf("whoever held it was told %v", told)
			}
			if !c.kept {
				return
			}
			if err := s.watch(); err != nil {
				t.Errorf("watch what was spared: %v", err)
			}
			if n := s.attachments(policies.StatementID(s.c.ID)); n < 2 {
				t.Errorf("%d keys and titles, want them back", n)
			}
			// Released, it does not go by the word of somebody who did not know of the hold.
			s.Head.Does(s.f.Record, "hold.release", &policies.HoldRelease{Hold: id})
			for range 3 {
				s.run()
				s.forward(8)
			}
			if !s.remains() {
				t.Error("destroyed by an approval from before the hold")
			}
		})
	}
}

// TestHoldAndOrderAtOnce has a hold and an order meet in the moment in which the order was
// signed and not accepted: the hold was first, and the film stays.
func TestHoldAndOrderAtOnce(t *testing.T) {
	s := endedFilm(t)
	s.forward(40)
	s.letGo()
	s.run()
	s.forward(8)
	cfg := s.Config
	done := false
	cfg.Step = func(point string) {
		if point == "before clip.destroy" && !done {
			done = true
			s.Officer.Does(s.f.Record, "hold.place", &policies.HoldPlace{Kind: "court"})
		}
	}
	own, err := storage.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	out, err := own.Sweeper(storage.SweepConfig{Objects: s.Config.Objects.(objects.Disposer), Clock: s.clock}).Run(context.Background())
	if err != nil || len(out.Failed) > 0 || len(out.Ordered) > 0 || !one(out.Spared, s.c.ID) || !done {
		t.Fatalf("%+v, %v; want it spared", out, err)
	}
	if !s.remains() || s.clip().Disposed != nil {
		t.Error("held film was destroyed")
	}
}

// TestSweepClock refuses a clock that went back, or further ahead than it can have gone, and
// destroys nothing then, until the IG officer lets it.
func TestSweepClock(t *testing.T) {
	for _, c := range []struct {
		name    string
		wall    time.Duration // since the last run
		running time.Duration
		boot    string
		refused bool
	}{
		{"AsItShould", 40 * day, 40 * day, "one", false},
		{"SetAhead", 40 * day, time.Hour, "one", true},
		{"SetAheadAcrossARestart", 40 * day, time.Minute, "two", true},
		{"StartedAnew", 20 * time.Hour, time.Minute, "two", false},
		{"SetBack", -time.Hour, time.Hour, "one", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := endedFilm(t)
			s.run()
			ctx, wall, ran := context.Background(), s.Clock.Now(), s.clock().Running
			if c.wall > 0 {
				s.Clock.Forward(c.wall)
				s.letGo()
			}
			sweeper := s.Store.Sweeper(storage.SweepConfig{
				Objects: s.Config.Objects.(objects.Disposer),
				Clock: func() storage.Clock {
					return storage.Clock{Wall: wall.Add(c.wall), Running: ran + c.running, Boot: c.boot}
				},
			})
			out, err := sweeper.Run(ctx)
			if err != nil || (out.Refused != nil) != c.refused {
				t.Fatalf("%+v, %v; want refused %v", out.Refused, err, c.refused)
			}
			if !c.refused {
				return
			}
			if out.Refused.What != policies.RefusedClock || out.Refused.Why == "" || len(out.Marked) > 0 {
				t.Fatalf("%+v", out)
			}
			s.Officer.Does(policies.RecordID(s.Org), "sweep.allow", &policies.SweepAllow{What: policies.RefusedClock, Of: out.Refused.Of})
			if out, err = sweeper.Run(ctx); err != nil || out.Refused != nil {
				t.Errorf("allowed: %+v, %v", out.Refused, err)
			}
		})
	}
}

const day = 24 * time.Hour

// TestDisposalOutlivesRestore: a service that is put back from a backup of before a disposal
// has destroyed the film before it serves anybody; bytes that came back with the bucket are
// deleted again, and the film that its device brings once more is not taken.
func TestDisposalOutlivesRestore(t *testing.T) {
	ctx := context.Background()
	s := endedFilm(t)
	dir := backup(t, s.World)
	s.forward(40)
	s.letGo()
	s.run()
	s.forward(8)
	if out := s.run(); !one(out.Destroyed, s.c.ID) {
		t.Fatalf("%+v", out)
	}
	put := back(t, s.World, dir)
	if put.Owed != 0 {
		t.Errorf("%d entries are owed, want none: the ledger alone must do", put.Owed)
	}
	if c := s.clip(); c.Disposed == nil {
		t.Fatal("put back, and the film is not destroyed")
	}
	if n := s.attachments(policies.StatementID(s.c.ID)); n != 0 {
		t.Errorf("put back with %d keys and titles", n)
	}
	s.restoreBytes()
	if _, err := s.sweeper().Run(ctx); !errors.Is(err, storage.ErrRecovering) {
		t.Errorf("sweep while it recovers: %v", err)
	}
	r, _ := s.org().Recovering()
	s.Officer.Does(policies.RecordID(s.Org), "service.recovered", &policies.ServiceRecovered{Restored: r.ID})
	if err := s.watch(); err == nil {
		t.Error("watched after a restore")
	}
	if _, err := s.Uploads.Create(ctx, s.Sam.Caller(), s.c.ID, int64(len(s.c.Payload))); err == nil {
		t.Error("its upload was taken again")
	}
	s.forward(2)
	if out := s.run(); !one(out.Returned, s.c.ID) || s.remains() {
		t.Errorf("%+v, bytes left %v; want them deleted again", out, s.remains())
	}
	if n := s.certificates(); n != 1 {
		t.Errorf("%d certificates, want the one", n)
	}
}

func (s *sweeping) org() *policies.Org {
	s.t.Helper()
	o, err := s.Records.Org(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// restoreBytes puts the film back where it lay, as a copy of the bucket does.
func (s *sweeping) restoreBytes() {
	s.t.Helper()
	ctx, key := context.Background(), objects.Key("clips/"+s.c.ID.String())
	ref, err := s.Config.Objects.Begin(ctx, key)
	if err != nil {
		s.t.Fatal(err)
	}
	tag, err := s.Config.Objects.WritePart(ctx, key, ref, 0, s.c.Payload)
	if err != nil {
		s.t.Fatal(err)
	}
	n := int64(len(s.c.Payload))
	if err := s.Config.Objects.Complete(ctx, key, ref, []objects.Part{{Offset: 0, Bytes: n, ETag: tag}}, n); err != nil {
		s.t.Fatal(err)
	}
}

// TestOrderThatWasNeverCommitted: an order that reached the ledger, and was cut before its
// commit, is taken after a restore, but not where a hold came before it was tried again.
func TestOrderThatWasNeverCommitted(t *testing.T) {
	for _, held := range []bool{false, true} {
		t.Run(fmt.Sprint("Held", held), func(t *testing.T) {
			s := endedFilm(t)
			s.forward(40)
			s.letGo()
			s.run()
			s.forward(8)
			dir := backup(t, s.World)
			path := ledger.File(s.Config.LedgerDir(), s.Org.String())
			before := ledgerLines(t, path)
			if out := s.run(); !one(out.Ordered, s.c.ID) {
				t.Fatalf("%+v", out)
			}
			s.Officer.Does(s.f.Record, "hold.place", &policies.HoldPlace{Kind: "court"})
			// As the crash leaves it: with the order, without the certificate.
			kept := ledgerLines(t, path)[:len(before)+1]
			if held {
				all := ledgerLines(t, path)
				kept = append(kept, all[len(all)-1])
			}
			s.restoreBytes()
			if err := os.WriteFile(path, []byte(strings.Join(kept, "")), 0o600); err != nil {
				t.Fatal(err)
			}
			back(t, s.World, dir)
			if ordered := !s.clip().Destroying.IsZero(); ordered == held {
				t.Errorf("being destroyed: %v, want %v", ordered, !held)
			}
		})
	}
}

// ledgerLines are the lines of a ledger, each with its end.
func ledgerLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(text)))
}

// TestTooMuchFallsDue: more than usual stops the sweep before anything is marked, until the
// IG officer allows just that list.
func TestTooMuchFallsDue(t *testing.T) {
	s := endedFilm(t)
	const more = 50 // one beyond what is usual, with the first
	clips := []policies.ClipID{s.c.ID}
	for range more {
		clips = append(clips, s.f.Store(100, true).ID)
	}
	s.Sam.Does(s.f.Record, "summary.file", &policies.SummaryFile{Clips: clips, FiledOn: "2026-11-23", Where: "case_record"})
	s.forward(40)
	s.Officer.Does(s.f.Record, "disposal.approve", &policies.DisposalApprove{
		Clips: clips, Class: policies.RawFilm, Outcome: policies.LetGo, Until: s.Clock.Now().Format(time.DateOnly),
	})
	out := s.run()
	if out.Refused == nil || out.Refused.What != policies.RefusedVolume || len(out.Refused.Due) != more+1 || len(out.Marked) > 0 {
		t.Fatalf("%+v, want the list refused", out)
	}
	if err := s.watch(); err != nil {
		t.Errorf("watch what was refused: %v", err)
	}
	s.Officer.Does(policies.RecordID(s.Org), "sweep.allow", &policies.SweepAllow{What: policies.RefusedVolume, Of: policies.Digest{1}})
	if out := s.run(); out.Refused == nil {
		t.Error("another list was allowed, and this one marked")
	}
	s.Officer.Does(policies.RecordID(s.Org), "sweep.allow", &policies.SweepAllow{What: policies.RefusedVolume, Of: out.Refused.Of})
	if out := s.run(); out.Refused != nil || len(out.Marked) != more+1 {
		t.Errorf("allowed: refused %v, %d marked", out.Refused, len(out.Marked))
	}
	s.forward(8)
	if out := s.run(); len(out.Destroyed) != more+1 {
		t.Errorf("%d destroyed, want all", len(out.Destroyed))
	}
}

// TestUploadUnderWay: film whose upload is under way when its clip is ordered to be destroyed
// never arrives, and what there is of it goes.
func TestUploadUnderWay(t *testing.T) {
	ctx := context.Background()
	s := endedFilm(t)
	film := s.f.Add(3000, true)
	up, err := s.Uploads.Create(ctx, s.Sam.Caller(), film.ID, int64(len(film.Payload)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Uploads.Append(ctx, s.Sam.Caller(), up.ID, 0, bytes.NewReader(film.Payload[:1000])); err != nil {
		t.Fatal(err)
	}
	of := s.Sam.Does(s.f.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{s.f.Child}, Channel: policies.ByPhone})
	s.Ana.Does(s.f.Record, "disposal.authorise", &policies.DisposalAuthorise{Of: of, Identity: "met_in_person"})
	s.forward(10)
	s.run()
	s.Clock.Forward(time.Minute)
	s.run()
	c := s.FamilyState(s.f.ID).Clips[film.ID]
	if c.Disposed == nil || c.Disposed.Ground != policies.ByWithdrawal {
		t.Fatalf("%+v, want it destroyed", c)
	}
	if _, err := s.Uploads.Append(ctx, s.Sam.Caller(), up.ID, 1000, bytes.NewReader(film.Payload[1000:])); err == nil {
		t.Error("its upload went on")
	}
	if _, err := s.Uploads.Create(ctx, s.Sam.Caller(), film.ID, int64(len(film.Payload))); err == nil {
		t.Error("its upload began again")
	}
	left, err := s.Config.Objects.(objects.Disposer).Remains(ctx, objects.Key("clips/"+film.ID.String()))
	if err != nil || !left.Empty() {
		t.Errorf("left: %+v, %v", left, err)
	}
}
