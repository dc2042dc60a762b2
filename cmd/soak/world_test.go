package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// world is one run of one seed.
type world struct {
	t    testing.TB
	seed uint64
	r    *rand.Rand // every decision of the driver
	dir  string
	time atomic.Int64 // the server's, ns

	service  *service
	people   []*person
	devices  []*device
	copies   int // of devices, that were made so far
	families []*family

	old     map[string]*httptest.ResponseRecorder // answers that a proxy keeps
	calm    bool                                  // no faults: all is being made well
	late    []held                                // requests that are still on their way
	refuse  string                                // name of the planted fault; "" for an honest world
	step    int
	acked   map[policies.StatementID]string  // told as accepted, and where
	made    map[policies.StatementID]*device // what people said, and on which device
	count   tally
	past    past     // of a service that was put back
	history []string // one line for each thing that was done
	faulty  []string // what was found to be wrong
}

// person is somebody of the service, with their devices.
type person struct {
	name    string
	role    policies.Role
	outside bool
	staff   policies.StaffID
}

// device is one of a person's, open unless it crashed in the last step.
type device struct {
	w       *world
	name    string
	person  *person
	id      policies.DeviceID
	life    int // of its folder: a crash goes on in a copy
	client  *attune.Client
	offline bool
	dead    bool // it crashed in this step: nothing of it reaches anybody any more
	skew    time.Duration
	older   bool                // its program is too old for the service
	revoked bool                // as the driver knows
	cloned  []policies.DeviceID // as which it was copied, or is a copy
	twins   []*device           // the other copies
	spoke   bool                // since then, under a number
	dropped []string            // families that it was told to forget since the service was put back
}

// family is what the driver remembers of one.
type family struct {
	id         policies.FamilyID
	reference  string
	mum, child policies.PersonID
}

func (w *world) now() time.Time          { return time.Unix(0, w.time.Load()).UTC() }
func (w *world) pass(d time.Duration)    { w.time.Add(int64(d)) }
func (w *world) chance(percent int) bool { return w.r.IntN(100) < percent }
func (d *device) now() time.Time         { return d.w.now().Add(d.skew) }
func (d *device) home() string           { return filepath.Join(d.w.dir, fmt.Sprintf("%s-%d", d.name, d.life)) }

// tell adds a line to the run's history. What it says must follow from the seed.
func (w *world) tell(format string, args ...any) {
	w.history = append(w.history, fmt.Sprintf("%4d %s ", w.step, w.now().Format("02 Jan 15:04"))+fmt.Sprintf(format, args...))
}

// wrong records a broken promise.
func (w *world) wrong(format string, args ...any) {
	w.faulty = append(w.faulty, fmt.Sprintf("step %d: ", w.step)+fmt.Sprintf(format, args...))
}

func (d *device) config() attune.Config {
	return attune.Config{Now: d.now, HTTP: &http.Client{Transport: &line{d}}}
}

// open begins to use the device's folder.
func (d *device) open() error {
	c, err := attune.Open(d.home(), passphrase, d.config())
	if err == nil {
		d.client = c
	}
	return err
}

// newWorld is a copy of the founded service, and a seed's randomness.
func newWorld(t *testing.T, seed uint64, devices int) *world { return newPlanted(t, seed, devices, "") }

// newPlanted is a world with a fault in it.
func newPlanted(t *testing.T, seed uint64, devices int, fault string) *world {
	t.Helper()
	plant := plants[fault]
	from := founded(t, devices)
	cryptotest.SetGlobalRandom(t, seed)
	w := &world{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 0x5eed)), dir: workshop(t), acked: map[policies.StatementID]string{}, made: map[policies.StatementID]*device{}}
	taps.pragma = plant.pragma
	w.refuse, w.old = fault, map[string]*httptest.ResponseRecorder{}
	w.time.Store(from.now.UnixNano())
	w.people = from.people
	must(t, copyTree(from.service.dir, filepath.Join(w.dir, "server-0")))
	w.service = from.service.again(w)
	must(t, put(w.service.database(), plant.server))
	must(t, w.service.open())
	for _, f := range from.devices {
		d := &device{w: w, name: f.name, person: f.person, id: f.id}
		must(t, copyTree(f.home(), d.home()))
		must(t, put(filepath.Join(d.home(), "store.db"), plant.device))
		must(t, d.open())
		w.devices = append(w.devices, d)
	}
	t.Cleanup(w.close)
	return w
}

func (w *world) close() {
	for _, d := range w.devices {
		if d.client != nil {
			d.client.Close()
		}
	}
	must(w.t, w.service.close())
	if os.Getenv("KEEP") != "" {
		must(w.t, os.CopyFS(os.Getenv("KEEP"), os.DirFS(w.dir)))
	}
	must(w.t, os.RemoveAll(w.dir))
}

// sync has a device meet the service, and keeps what it was told.
func (d *device) sync() error {
	r, err := d.client.Sync(context.Background())
	if d.dead {
		return nil // whatever it learned, it has forgotten
	}
	d.named()
	for _, o := range r.Accepted {
		d.w.acked[o.ID] = d.name
	}
	d.w.count.accepted += len(r.Accepted)
	d.w.count.refused += len(r.Refused)
	d.w.count.synced++
	d.heard(r)
	for _, o := range r.Refused {
		d.w.tell("%s is refused %s: %s %v", d.name, o.Kind, o.Code, o.Rules)
	}
	d.w.judge(d, err)
	return err
}

// heard keeps what a sync told of a service that was put back.
func (d *device) heard(r attune.Report) {
	d.w.count.returned += r.Returned
	for _, f := range r.Dropped {
		d.dropped = append(d.dropped, f.String())
	}
}

// gone: the device, or its person, belongs to the service no longer.
func (d *device) gone(c crowd) bool { return c.gone[d.id.String()] || c.gone[d.person.staff.String()] }

// judge looks at an error: whatever a person meets must be one of ours, and none may
// accuse the server, which is honest.
func (w *world) judge(d *device, err error) {
	if err == nil {
		return
	}
	code := attune.CodeOf(err)
	if slices.Contains(accusations, code) && os.Getenv("EXHIBIT") != "" {
		list, _ := d.client.Evidence()
		for _, path := range list {
			b, _ := os.ReadFile(path)
			w.t.Logf("%s\n%s", path, b)
		}
	}
	if code == attune.CodeWithheld && w.past.restores > 0 {
		return // a key that came beside a statement, and was brought by nobody who may have it
	}
	if slices.Contains(accusations, code) || code == attune.CodeUntrusted || code == wire.CodeInternal {
		w.wrong("%s: %s: %v", d.name, code, err)
	}
}

// accusations are the codes of what no honest server does.
var accusations = []wire.Code{
	attune.CodeHidden, attune.CodeForged, attune.CodeBroken, attune.CodeRolledBack, attune.CodeNotInLog, attune.CodeForked,
	attune.CodeLogOlder, attune.CodeLogUnsigned, attune.CodeOtherService, attune.CodeAttachment, attune.CodeFamilyKey,
	attune.CodeClipKey, attune.CodeClipFilm, attune.CodeFilmLength, attune.CodeOtherPart, attune.CodeReceipt,
	attune.CodeOtherAnswer, attune.CodeUnshown, attune.CodeNotStored, attune.CodeFilm, attune.CodeNoCause, attune.CodeLink,
	attune.CodeWithheld, attune.CodeSealed, attune.CodeHome,
}

// stopped ends a run that cannot go on.
type stopped struct{}

// ok ends the run at an error that leaves nothing to go on with.
func (w *world) ok(err error) {
	if err != nil {
		w.wrong("%v", err)
		panic(stopped{})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tally is what a run consisted of.
type tally struct {
	synced, accepted, refused, crashes, falls, lost, repeated, delayed, uploaded, denied, restored, returned, forgotten, outdated int
}
