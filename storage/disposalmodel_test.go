package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/objects/objectstest"
	"github.com/attune-vf/attune/storage/storagetest"
)

// TestDisposalModel: holds, authorisations, sweeps and late uploads in any order, with a fault
// or a crash at each call of the object store, each step and each statement to the database.
// What is held is never destroyed; there is no certificate while a byte or a key is left, and
// never two; and once nothing stands in the way there is one.
//
// The store of objects is in memory and keeps versions; all else is what the product runs.
func TestDisposalModel(t *testing.T) {
	cases := rounds() * 3 / 2
	checks := flag.Lookup("rapid.checks")
	if given := checks.Value.String(); given != checks.DefValue {
		cases, _ = strconv.Atoi(given)
		defer flag.Set("rapid.checks", given)
	} else {
		defer flag.Set("rapid.checks", checks.DefValue)
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(casesAWorld)); err != nil {
		t.Fatal(err)
	}
	for done := 0; done < cases && !t.Failed(); done += casesAWorld {
		t.Run("Service"+strconv.Itoa(done/casesAWorld), modelDisposal) // a test of its own, so that its service is closed at its end
	}
	t.Logf("proof: %d cases", cases)
}

func modelDisposal(t *testing.T) {
	var at *disposing
	cases := 0
	rapid.Check(t, func(rt *rapid.T) {
		if cases++; cases%casesAWorld == 1 { // more than one only where a failure is made smaller
			at = newDisposing(t)
		}
		m := at.begin(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"let go":  m.letGo,
			"hold":    m.hold,
			"release": m.release,
			"sweep":   m.sweep,
			"mirror":  m.mirror,
			"wait":    m.wait,
			"upload":  m.upload,
			"late":    m.late,
			"version": m.version,
		})
		m.end(rt)
	})
}

// rounds is ROUNDS, or 20.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 20
}

// A case takes up to 96 days, and staff are certified for a year.
const (
	casesAWorld = 3
	mostWaited  = 45 // days, beside those that every case takes
)

// disposing is a service with a store in memory, in which faults can be armed.
type disposing struct {
	*storagetest.World
	mem     *objectstest.Memory
	db      *sql.DB
	started time.Time
	cases   int

	// The armed fault: it strikes at the call of its kind whose number it has.
	fault fault
	calls int
	fired bool
}

// fault is one thing that goes wrong.
type fault struct {
	Kind string
	At   int
}

var faultKinds = []string{"none", "none", "store fails", "store fails after", "dies before the store", "dies after the store", "dies at a step", "dies at a query"}

type death struct{}

var errFault = errors.New("the store does not answer")

func newDisposing(t *testing.T) *disposing {
	d := &disposing{World: open(t), mem: objectstest.NewMemory()}
	d.started = d.Clock.Now()
	d.Config.Objects, d.Config.Step = d.mem, func(string) { d.strike("dies at a step") }
	d.Reopen()
	db, err := sql.Open("sqlite", "file:"+d.Config.Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d.db = db
	return d
}

// strike counts a call and dies at the one that was drawn.
func (d *disposing) strike(kind string) (hit bool) {
	if d.fault.Kind != kind || d.fired {
		return false
	}
	if d.calls++; d.calls <= d.fault.At {
		return false
	}
	if d.fired = true; strings.HasPrefix(kind, "dies") {
		panic(death{})
	}
	return true
}

// query dies in a statement of a job or a reader, and not in those with which the writer opens
// and ends a group: a program that dies there is what dying at a step is.
func (d *disposing) query(q string) {
	for _, frame := range []string{"SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT size FROM authority", "UPDATE authority SET size", "SELECT staff FROM members WHERE record"} {
		if strings.Contains(q, frame) {
			return
		}
	}
	d.strike("dies at a query")
}

// under runs something with a fault armed. A death ends it, and the program starts again.
func (d *disposing) under(f fault, do func() error) (err error) {
	d.fault, d.calls, d.fired = f, 0, false
	if f.Kind == "dies at a query" {
		d.Watch(d.query)
	}
	defer func() {
		d.fault = fault{}
		d.Watch(nil)
		if p := recover(); p != nil {
			if _, ours := p.(death); !ours {
				panic(p)
			}
			err = errFault
		}
	}()
	return do()
}

// faulty is the store, as the sweeper and the holder reach it.
type faulty struct{ d *disposing }

func (f faulty) do(effect func() error) error {
	f.d.strike("dies before the store")
	if f.d.strike("store fails") {
		return errFault
	}
	err := effect()
	f.d.strike("dies after the store")
	if f.d.strike("store fails after") {
		return errFault
	}
	return err
}

func (f faulty) Versions(ctx context.Context, key objects.Key) (out []objects.Version, err error) {
	bad := f.do(func() error { out, err = f.d.mem.Versions(ctx, key); return err })
	return out, bad
}

func (f faulty) AbortAll(ctx context.Context, key objects.Key) (n int, err error) {
	bad := f.do(func() error { n, err = f.d.mem.AbortAll(ctx, key); return err })
	return n, bad
}

func (f faulty) DeleteVersion(ctx context.Context, key objects.Key, id string) error {
	return f.do(func() error { return f.d.mem.DeleteVersion(ctx, key, id) })
}

func (f faulty) Remains(ctx context.Context, key objects.Key) (r objects.Remains, err error) {
	bad := f.do(func() error { r, err = f.d.mem.Remains(ctx, key); return err })
	return r, bad
}

func (f faulty) Hold(ctx context.Context, key objects.Key, id string, on bool) error {
	return f.do(func() error { return f.d.mem.Hold(ctx, key, id, on) })
}

func (f faulty) Held(ctx context.Context, key objects.Key, id string) (bool, error) {
	return f.d.mem.Held(ctx, key, id)
}

func (f faulty) AllVersions(ctx context.Context, fn func(objects.Key, objects.Version) error) error {
	return f.d.mem.AllVersions(ctx, fn)
}

// modelled is one clip, and what must be true of it.
type modelled struct {
	*disposing
	f   *storagetest.Family
	c   storagetest.Clip
	key objects.Key

	ever     []policies.StatementID // holds, in order
	standing []policies.StatementID
	inTime   map[policies.StatementID]bool // holds that came before the order to destroy
	word     bool                          // somebody let it go
	waited   int                           // days
	stray    objects.Ref                   // an upload that began before the order
	strayed  objects.Part
}

func (d *disposing) begin(rt *rapid.T) *modelled {
	d.cases++
	m := &modelled{disposing: d, inTime: map[policies.StatementID]bool{}}
	m.f = d.Open(fmt.Sprintf("NF-%d", d.cases))
	m.c = m.f.Store(200, true)
	m.key = objects.Key("clips/" + m.c.ID.String())
	d.Sam.Does(m.f.Record, "summary.file", &policies.SummaryFile{Clips: []policies.ClipID{m.c.ID}, FiledOn: d.Clock.Now().Format(time.DateOnly), Where: "case_record"})
	d.Clock.Forward(40 * 24 * time.Hour) // its time is over
	return m
}

func drawFault(rt *rapid.T) fault {
	kind, most := rapid.SampledFrom(faultKinds).Draw(rt, "fault"), 6 // calls of a store in one sweep, or steps
	if kind == "dies at a query" {
		most = 40
	}
	return fault{kind, rapid.IntRange(0, most).Draw(rt, "at")}
}

func (m *modelled) clip() *policies.Clip { return m.FamilyState(m.f.ID).Clips[m.c.ID] }

func (m *modelled) said(p *storagetest.Person, kind policies.Kind, body policies.Body, deps ...policies.StatementID) (policies.StatementID, error) {
	sealed, id := p.Say(m.f.Record, kind, body, deps...)
	return id, m.Push(p.Caller(), sealed)[0].Err
}

func (m *modelled) letGo(rt *rapid.T) {
	deps := m.ever
	if len(deps) > 0 && rapid.Bool().Draw(rt, "not knowing of the last hold") {
		deps = deps[:len(deps)-1]
	}
	_, err := m.said(m.Officer, "disposal.approve", &policies.DisposalApprove{
		Clips: []policies.ClipID{m.c.ID}, Class: policies.RawFilm, Outcome: policies.LetGo, Until: m.Clock.Now().Format(time.DateOnly),
	}, deps...)
	m.word = m.word || err == nil
}

func (m *modelled) hold(rt *rapid.T) {
	body := &policies.HoldPlace{Kind: "court"}
	if rapid.Bool().Draw(rt, "the clip alone") {
		body.Clips = []policies.ClipID{m.c.ID}
	}
	before := m.clip().Destroying.IsZero()
	id, err := m.said(m.Officer, "hold.place", body)
	if err != nil {
		return
	}
	m.ever, m.standing = append(m.ever, id), append(m.standing, id)
	m.inTime[id] = before
}

func (m *modelled) release(rt *rapid.T) {
	if len(m.standing) == 0 {
		return
	}
	if _, err := m.said(m.Head, "hold.release", &policies.HoldRelease{Hold: m.standing[0]}); err != nil {
		rt.Fatalf("a hold cannot be released, at %s: %v", m.Clock.Now(), err)
	}
	m.standing = m.standing[1:]
}

func (m *modelled) sweeper() *storage.Sweeper {
	return m.Store.Sweeper(storage.SweepConfig{Objects: faulty{m.disposing}, Clock: func() storage.Clock {
		return storage.Clock{Wall: m.Clock.Now(), Running: m.Clock.Now().Sub(m.started), Boot: "one"}
	}})
}

func (m *modelled) sweep(rt *rapid.T) {
	f := drawFault(rt)
	var out storage.Sweep
	err := m.under(f, func() (err error) { out, err = m.sweeper().Run(context.Background()); return err })
	if !m.fired && (err != nil || out.Refused != nil) {
		rt.Fatalf("a sweep without a fault: %v, %+v", err, out.Refused)
	}
}

func (m *modelled) mirror(rt *rapid.T) {
	err := m.under(drawFault(rt), func() error {
		_, err := m.MirrorHolds(context.Background(), faulty{m.disposing}, nil)
		return err
	})
	if !m.fired && err != nil {
		rt.Fatalf("mirror without a fault: %v", err)
	}
}

func (m *modelled) wait(rt *rapid.T) {
	days := rapid.IntRange(1, 9).Draw(rt, "days")
	if m.waited += days; m.waited <= mostWaited {
		m.Clock.Forward(time.Duration(days) * 24 * time.Hour)
	}
}

// upload is a device that sends the film once more, or a program that forgot it had an upload.
func (m *modelled) upload(rt *rapid.T) {
	ctx := context.Background()
	if !m.clip().Destroying.IsZero() {
		if _, err := m.Uploads.Create(ctx, m.Sam.Caller(), m.c.ID, int64(len(m.c.Payload))); err == nil {
			rt.Fatal("invariant: film that is destroyed is taken in again")
		}
		return
	}
	ref, err := m.mem.Begin(ctx, m.key)
	if err != nil {
		rt.Fatal(err)
	}
	etag, err := m.mem.WritePart(ctx, m.key, ref, 0, m.c.Payload)
	if err != nil {
		rt.Fatal(err)
	}
	m.stray, m.strayed = ref, objects.Part{Bytes: int64(len(m.c.Payload)), ETag: etag}
}

// late completes an upload that began before the order, whenever.
func (m *modelled) late(*rapid.T) {
	if m.stray != "" && (m.clip().Destroying.IsZero() || m.clip().Disposed != nil) {
		_ = m.mem.Complete(context.Background(), m.key, m.stray, []objects.Part{m.strayed}, m.strayed.Bytes)
	}
}

// version is what nobody should do, and a bucket allows.
func (m *modelled) version(rt *rapid.T) {
	if !m.clip().Destroying.IsZero() {
		return
	}
	if rapid.Bool().Draw(rt, "marker") {
		m.mem.Hide(m.key)
	} else {
		m.mem.Overwrite(m.key, []byte("another version"))
	}
}

func (m *modelled) count(rt *rapid.T, query string, args ...any) (n int) {
	if err := m.db.QueryRow(query, args...).Scan(&n); err != nil {
		rt.Fatal(err)
	}
	return n
}

// check holds the service to its promises, by what the model knows and not by what the
// service says is held.
func (m *modelled) check(rt *rapid.T) {
	c := m.clip()
	all, err := m.mem.Versions(context.Background(), m.key)
	if err != nil {
		rt.Fatal(err)
	}
	left, err := m.mem.Remains(context.Background(), m.key)
	if err != nil {
		rt.Fatal(err)
	}
	bytes := slices.ContainsFunc(all, func(v objects.Version) bool { return v.Bytes == int64(len(m.c.Payload)) })
	keys := m.count(rt, `SELECT COUNT(*) FROM attachments WHERE statement = $1`, m.c.ID.String())
	certificates := m.count(rt, `SELECT COUNT(*) FROM statements WHERE record = $1 AND kind = 'clip.dispose'`, m.f.Record.String())
	protected := slices.ContainsFunc(m.standing, func(id policies.StatementID) bool { return m.inTime[id] })
	switch {
	case protected && (!bytes || keys == 0 || certificates > 0 || !c.Destroying.IsZero()):
		rt.Fatalf("invariant: held film was destroyed: bytes %v, %d keys, %d certificates", bytes, keys, certificates)
	case !m.word && !c.Destroying.IsZero():
		rt.Fatal("invariant: film was destroyed on nobody's word")
	case certificates > 1:
		rt.Fatalf("invariant: %d certificates", certificates)
	case certificates > 0 && (!left.Empty() || keys > 0):
		rt.Fatalf("invariant: certified, and %+v and %d keys are left", left, keys)
	case (certificates == 1) != (c.Disposed != nil):
		rt.Fatalf("invariant: %d certificates, and the record says %+v", certificates, c.Disposed)
	case c.Destroying.IsZero() && (!bytes || keys == 0):
		rt.Fatalf("invariant: film went without an order: bytes %v, %d keys", bytes, keys)
	}
}

// end lets everything go, and wants one certificate once the faults are over.
func (m *modelled) end(rt *rapid.T) {
	for len(m.standing) > 0 {
		m.release(rt)
	}
	run := func() {
		rt.Helper()
		if _, err := m.MirrorHolds(context.Background(), faulty{m.disposing}, nil); err != nil {
			rt.Fatal(err)
		}
		out, err := m.sweeper().Run(context.Background())
		if err != nil || out.Refused != nil || len(out.Failed) > 0 {
			rt.Fatalf("at the end: %v, %+v", err, out)
		}
		m.check(rt)
	}
	run()
	if m.clip().Destroying.IsZero() {
		if _, err := m.said(m.Officer, "disposal.approve", &policies.DisposalApprove{
			Clips: []policies.ClipID{m.c.ID}, Class: policies.RawFilm, Outcome: policies.LetGo, Until: m.Clock.Now().Format(time.DateOnly),
		}, m.ever...); err != nil {
			rt.Fatalf("at the end nobody can let it go: %v", err)
		}
		m.word = true
	}
	run()
	m.Clock.Forward(9 * 24 * time.Hour)
	for range 3 { // cut, in what cannot be undone
		m.sweep(rt)
		m.check(rt)
		m.late(rt)
	}
	run()
	if m.clip().Disposed == nil {
		rt.Fatalf("invariant: nothing stands in the way, and there is no certificate: %+v", m.clip())
	}
	m.Clock.Forward(2 * 24 * time.Hour)
	run()
}
