//go:build power && linux

package powercut

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestPowerCut cuts the power at any operation of a service that takes statements and
// film, and looks whether all that it acknowledged is there when it starts again. CUTS
// says how often, SEED which.
func TestPowerCut(t *testing.T) {
	s := found(t, seeded(t))
	for i := range number(t, "CUTS", 20) {
		if err := s.round(); err != nil {
			t.Fatalf("cut %d: %v", i+1, err)
		}
	}
	t.Logf("%d cuts; %d statements, %d films and %d heads of the log were acknowledged and are there", s.cuts, s.kept.statements, s.kept.films, s.kept.heads)
	if s.cuts == 0 || s.kept.statements == 0 || s.kept.films == 0 {
		t.Error("nothing was put to the test")
	}
}

// TestPowerCutUnsynced is the control: a database that does not sync each commit loses
// some, and the test sees it.
func TestPowerCutUnsynced(t *testing.T) {
	unsynced.Store(true)
	defer unsynced.Store(false)
	s := found(t, seeded(t))
	for i := range 100 {
		if err := s.round(); err != nil {
			t.Logf("found after %d cuts: %v", i+1, err)
			return
		}
	}
	t.Error("a database with synchronous=NORMAL lost nothing in 100 cuts: the test finds nothing")
}

// unsynced makes connections promise less than they say, for the control. A hook of the
// driver's cannot be taken away again.
var unsynced atomic.Bool

func init() {
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, _ string) error {
		if !unsynced.Load() {
			return nil
		}
		_, err := c.ExecContext(context.Background(), "PRAGMA synchronous=NORMAL", nil)
		return err
	})
}

func seeded(t *testing.T) *rand.Rand {
	seed := number(t, "SEED", int(time.Now().UnixNano()%1e9))
	t.Logf("again: SEED=%d CUTS=%d go test -tags power ./storage/powercut -run '^%s$'", seed, number(t, "CUTS", 20), t.Name())
	return rand.New(rand.NewPCG(uint64(seed), 0))
}

func number(t *testing.T, name string, usual int) int {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return usual
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// service is one that lives through cuts of its power, and what it has promised.
type service struct {
	*storagetest.World
	t       *testing.T
	r       *rand.Rand
	disk    *drive
	objects *objects.Dir
	changes int // of the disk in a round that nothing interrupts

	mu     sync.Mutex
	said   []said
	films  []storagetest.Clip
	proven []storage.Proven
	cuts   int
	kept   struct{ statements, films, heads int }
}

// said is what somebody pushed, and whether they were told that it is kept.
type said struct {
	by    *storagetest.Person
	what  storage.Sealed
	taken bool
}

// found lays a founded service on a disk.
func found(t *testing.T, r *rand.Rand) *service {
	t.Helper()
	s := &service{t: t, r: r, disk: plug(t)}
	s.World = storagetest.New(t, storagetest.Adopted(t))
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	s.Store = nil
	if out, err := exec.Command("cp", "-r", s.Dir+"/.", s.disk.dir()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command("sync", "-f", s.disk.dir()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := syncAll(s.disk.dir()); err != nil {
		t.Fatal(err)
	}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	return s
}

func syncAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

func (s *service) open() (err error) {
	dir := s.disk.dir()
	if s.objects, err = objects.OpenDir(filepath.Join(dir, "objects")); err != nil {
		return err
	}
	s.t.Cleanup(func() { s.objects.Close() })
	s.Config.Database, s.Config.Objects = filepath.Join(dir, "attune.db"), s.objects
	s.World.Store, err = storage.Open(context.Background(), s.Config)
	return err
}

// round works until the power goes, and looks at what is left.
func (s *service) round() error {
	f, g := s.Open("NF-"+strconv.Itoa(s.disk.generation)), s.Open("NG-"+strconv.Itoa(s.disk.generation))
	clip := f.Add(100<<10, true)
	before := s.disk.tell("done", 0)
	if s.changes > 0 { // a few cuts come when all is done
		s.disk.tell("arm", int64(1+s.r.IntN(s.changes*6/5)))
	}
	s.said, s.films, s.proven = nil, nil, nil
	s.work(f, g, clip)
	s.changes = max(s.changes, s.disk.tell("done", 0)-before)
	s.World.Store.Close() // says what it thinks of a disk that is gone
	s.World.Store = nil
	s.objects.Close()
	s.disk.heal(int64(s.r.Uint64() >> 1))
	s.cuts++
	if err := s.open(); err != nil {
		return fmt.Errorf("it does not start again: %w", err)
	}
	return s.look()
}

// work does some of everything at once, each until the disk says no.
func (s *service) work(f, g *storagetest.Family, clip storagetest.Clip) {
	var all sync.WaitGroup
	all.Go(func() { s.upload(clip) })
	if s.r.IntN(2) == 0 {
		all.Wait() // or it is the last to be finished, and never acknowledged
	}
	all.Go(func() { // a practitioner's notes, one to three at a time
		for n, number := 1, int64(2); n <= 6 && s.push(s.Sam, s.notes(f, n%3+1, &number)...); n++ {
		}
	})
	all.Go(func() {
		withdraw, _ := s.Ana.Say(g.Record, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{g.Child}, Channel: policies.ByPhone})
		s.push(s.Ana, withdraw)
	})
	all.Go(func() {
		hold, _ := s.Officer.Say(f.Record, "hold.place", &policies.HoldPlace{Kind: policies.HoldKinds()[0]})
		s.push(s.Officer, hold)
	})
	all.Wait()
}

func (s *service) notes(f *storagetest.Family, many int, number *int64) (out []storage.Sealed) {
	for range many {
		note, _ := s.Sam.Say(f.Record, "session.log", &policies.SessionLog{On: "2026-11-23", Number: int(*number), StillHappy: true})
		out = append(out, note)
		*number++
	}
	return out
}

// push reports whether the service answered.
func (s *service) push(by *storagetest.Person, batch ...storage.Sealed) bool {
	results, proven, err := s.Records.Accept(context.Background(), by.Caller(), batch, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, what := range batch {
		s.said = append(s.said, said{by, what, err == nil && results[i].Err == nil})
		if err == nil && results[i].Err != nil {
			s.t.Errorf("refused: %v", results[i].Err)
		}
	}
	if err == nil {
		s.proven = append(s.proven, proven)
	}
	return err == nil
}

func (s *service) upload(c storagetest.Clip) {
	ctx := context.Background()
	up, err := s.Uploads.Create(ctx, s.Sam.Caller(), c.ID, int64(len(c.Payload)))
	if err != nil {
		return
	}
	const piece = 64 << 10
	for at := 0; at < len(c.Payload); at += piece {
		part := c.Payload[at:min(at+piece, len(c.Payload))]
		if _, err := s.Uploads.Append(ctx, s.Sam.Caller(), up.ID, int64(at), bytes.NewReader(part)); err != nil {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.films = append(s.films, c)
}

// look holds what is there against what was promised, and hands in the rest again.
func (s *service) look() error {
	ctx := context.Background()
	if err := s.whole(ctx); err != nil {
		return err
	}
	for _, one := range s.said {
		results, _, err := s.Records.Accept(ctx, one.by.Caller(), []storage.Sealed{one.what}, 0)
		switch {
		case err != nil:
			return err
		case results[0].Err != nil:
			return fmt.Errorf("handed in again, it is refused: %w", results[0].Err)
		case one.taken && !results[0].Duplicate:
			return errors.New("a statement that was acknowledged is gone")
		case one.taken:
			s.kept.statements++
		}
	}
	for _, c := range s.films {
		if err := s.film(ctx, c); err != nil {
			return fmt.Errorf("film that was acknowledged: %w", err)
		}
		s.kept.films++
	}
	for _, p := range s.proven {
		if err := s.extends(ctx, p); err != nil {
			return fmt.Errorf("a head of the log of %d rows that was given out: %w", p.Size, err)
		}
		s.kept.heads++
	}
	return nil
}

// whole looks at the database and its log.
func (s *service) whole(ctx context.Context) error {
	report, err := s.Log.VerifyFile(ctx, nil)
	if err != nil {
		return err
	}
	if !report.OK() {
		return fmt.Errorf("the log: %v", report.Faults[0])
	}
	db, err := rows.OpenCopy(ctx, s.Config.Database)
	if err != nil {
		return err
	}
	return errors.Join(db.Read(ctx, func(v *rows.View) error { return v.Integrity() }), db.Close())
}

func (s *service) film(ctx context.Context, c storagetest.Clip) error {
	r, err := s.objects.ReadRange(ctx, objects.Key("clips/"+c.ID.String()), 0, int64(len(c.Payload)))
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, c.Payload) {
		return errors.New("other bytes")
	}
	return nil
}

// extends checks that the log goes on from a head that was given out.
func (s *service) extends(ctx context.Context, was storage.Proven) error {
	now, err := s.Log.Prove(ctx, was.Size)
	if err != nil {
		return err
	}
	origin, _, _ := strings.Cut(was.Checkpoint, "\n")
	v, err := accesslog.NewVerifier(origin, s.Config.LogKey.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	old, err := accesslog.OpenCheckpoint(was.Checkpoint, v)
	if err != nil {
		return err
	}
	fresh, err := accesslog.OpenCheckpoint(now.Checkpoint, v)
	if err != nil {
		return err
	}
	return accesslog.VerifyConsistency(now.Consistency, fresh.Size, fresh.Root, old.Size, old.Root)
}
