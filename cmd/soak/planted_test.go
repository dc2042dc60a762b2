package soak

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/attune-vf/attune/storage/ledger"
)

// plant is a fault put in on purpose: what a line of ours, left out or wrong, would do.
// Each lives in the tables, the files or the line, so that the product has no switch
// for it.
type plant struct {
	within  int // steps in which it must be found
	server  string
	device  string // SQL run on the database before the program opens it
	pragma  string // of every connection of a device
	reply   func(w *world, r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder
	crashed func(dir string) error // what a crash leaves
	step    func(w *world)         // before each step
	restore func(s *service) error // before the service is put back
	late    bool                   // a backup is made early, and put back late, so that much was lost
}

// plants is a constant.
var plants = map[string]plant{
	"a removal is not written down":        {within: 400, server: `CREATE TRIGGER plant BEFORE UPDATE OF until ON members BEGIN SELECT RAISE(IGNORE); END`},
	"an addition is not written down":      {within: 400, server: `CREATE TRIGGER plant BEFORE INSERT ON members WHEN (SELECT count(*) FROM members) % 5 = 0 BEGIN SELECT RAISE(IGNORE); END`},
	"an accepted statement is lost":        {within: 200, server: `CREATE TRIGGER plant AFTER INSERT ON statements WHEN NEW.log_index % 11 = 0 BEGIN DELETE FROM statements WHERE id = NEW.id; END`},
	"stored film is lost":                  {within: 1200, step: loseFilm},
	"the server forgets its last commits":  {within: 400, crashed: func(dir string) error { return remove(filepath.Join(dir, "attune.db-wal")) }},
	"a device forgets its last commits":    {within: 400, crashed: func(dir string) error { return remove(filepath.Join(dir, "store.db-wal")) }},
	"a page is kept in part":               {within: 200, device: `CREATE TRIGGER plant BEFORE INSERT ON statements WHEN NEW.leaf % 7 = 0 BEGIN SELECT RAISE(IGNORE); END`},
	"what is dropped is not deleted":       {within: 400, device: `CREATE TRIGGER plant BEFORE DELETE ON statements BEGIN SELECT RAISE(IGNORE); END`},
	"what is deleted stays in free pages":  {within: 500, pragma: `PRAGMA secure_delete = OFF`, device: `CREATE TRIGGER plant BEFORE INSERT ON settings WHEN NEW.name = 'moved' BEGIN SELECT RAISE(IGNORE); END`},
	"what was queued is lost":              {within: 200, device: `CREATE TRIGGER plant AFTER INSERT ON outbox WHEN NEW.seq % 4 = 0 BEGIN DELETE FROM outbox WHERE seq = NEW.seq - 1 AND state = 'queued'; END`},
	"what was refused is thrown away":      {within: 400, device: `CREATE TRIGGER plant AFTER UPDATE ON outbox WHEN NEW.state = 'refused' BEGIN DELETE FROM outbox WHERE seq = NEW.seq; END`},
	"a page lacks its last item":           {within: 200, reply: lackingLast},
	"a receipt is for something else":      {within: 100, reply: otherReceipt},
	"a proxy keeps old answers":            {within: 200, reply: cached},
	"a copy's numbers are taken twice":     {within: 500, step: copyWorkers, server: `CREATE TRIGGER plant AFTER INSERT ON numbers BEGIN DELETE FROM numbers WHERE signer = NEW.signer AND n < NEW.n; END`},
	"nothing is ever new":                  {within: 200, reply: neverNew},
	"the ledger is not replayed":           {within: 120, late: true, restore: emptyLedger},
	"what is brought again is thrown away": {within: 120, late: true, device: `CREATE TRIGGER plant AFTER INSERT ON lost BEGIN DELETE FROM lost WHERE id = NEW.id; END`},
}

// TestPlanted: each fault is found, and in how many steps.
func TestPlanted(t *testing.T) {
	names := []string{}
	for name := range plants {
		names = append(names, name)
	}
	sortBy(names, func(s string) string { return s })
	for i, name := range names {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			p := plants[name]
			founded(t, 12)
			w := newPlanted(t, uint64(100+i), 12, name)
			w.run(p.within, 50)
			if len(w.faulty) == 0 {
				t.Fatalf("not found in %d steps", p.within)
			}
			t.Logf("proof: %-42s found at step %3d of %d: %.110s", name, w.step, p.within, strings.ReplaceAll(w.faulty[0], "\n", " "))
		})
	}
}

// put runs a plant's SQL on a database that nobody has open.
func put(path, text string) error {
	if text == "" {
		return nil
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func loseFilm(w *world) {
	_ = filepath.WalkDir(filepath.Join(w.service.dir, "objects"), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.Contains(path, "clips") && !strings.Contains(path, "upload") {
			return os.Remove(path)
		}
		return nil
	})
}

// lateAt is the step at which a plant's backup is put back.
const lateAt = 90

// lateRestore has a backup made early and put back late, so that much was lost.
func lateRestore(w *world) {
	switch w.step {
	case 10:
		if len(w.past.backups) == 0 {
			w.ok(backUp(w, nil))
		}
	case lateAt:
		w.ok(putBack(w, nil))
	}
}

// emptyLedger leaves a ledger its name, and nothing else.
func emptyLedger(s *service) error {
	path := ledger.File(s.config().LedgerDir(), s.org.String())
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	return os.WriteFile(path, append(first, '\n'), 0o600)
}

// copyWorkers has the copies made early, of devices that say something.
func copyWorkers(w *world) {
	if d := w.deviceOf(workers); w.step%20 == 0 {
		_ = clone(w, d) // nothing to do once there are enough
	}
}

var lastItem = regexp.MustCompile(`,\{"kind":"statement"[^{}]*"place":\{[^{}]*\}[^{}]*"attachments":\[[^\]]*\]\}\],`)

func lackingLast(_ *world, r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	if r.URL.Path == "/v1/sync/pull" {
		body := lastItem.ReplaceAll(a.Body.Bytes(), []byte("],"))
		a.Body = bytes.NewBuffer(body)
	}
	return a
}

var indexOf = regexp.MustCompile(`"index":\d+`)

func otherReceipt(_ *world, r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	if r.URL.Path == "/v1/sync/push" {
		a.Body = bytes.NewBuffer(indexOf.ReplaceAll(a.Body.Bytes(), []byte(`"index":1`)))
	}
	return a
}

func cached(w *world, r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	if r.URL.Path != "/v1/sync/pull" || a.Code != http.StatusOK {
		return a
	}
	key := r.Header.Get("Authorization")[:0] + r.URL.Query().Get("cursor")
	if w.old[key] == nil {
		w.old[key] = a
		return a
	}
	again := httptest.NewRecorder()
	again.Code, again.HeaderMap, again.Body = w.old[key].Code, w.old[key].HeaderMap, bytes.NewBuffer(w.old[key].Body.Bytes())
	return again
}

func neverNew(_ *world, r *http.Request, a *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	if r.URL.Path == "/v1/sync/pull" && r.URL.Query().Get("cursor") != "" && !strings.Contains(r.URL.RawQuery, "proof") {
		a = httptest.NewRecorder()
		a.WriteHeader(http.StatusNoContent)
	}
	return a
}
