package attune_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/policies"
)

// newPruned is a service whose log was pruned by two bundles, and its IG officer, who
// knew it before.
func newPruned(t *testing.T) audited {
	t.Helper()
	s := newServiceWith(t, "council", func(text []byte) []byte {
		for _, old := range []string{"6 years", "2 years", "6 months"} { // in the classes of logs, and in others
			text = bytes.ReplaceAll(text, []byte("value: "+old), []byte("value: 1 month"))
		}
		return text
	})
	a := audited{service: s, ig: s.hire(policies.IGOfficer, "Ivy Gold")}
	for range 530 {
		_, _, err := a.ig.Log.Search(context.Background(), attune.LogFilter{Limit: 1})
		must(t, err)
	}
	s.sync(a.ig)
	s.pass(36 * 24 * time.Hour)
	s.store.Log.CountRefusal("192.0.2.7", "unauthorised")
	must(t, s.store.Log.TellRefusals(context.Background()))
	plan, err := s.store.Log.PlanPrune(context.Background(), time.UTC)
	must(t, err)
	if plan.To != 512 {
		t.Fatalf("the plan is %+v, want two bundles", plan)
	}
	must(t, s.store.Log.PruneLog(context.Background(), time.UTC, plan, "Ivy Gold"))
	return a
}

// TestLogPruned: a device that knew the log before, an export, and Python without us are
// content with a log whose oldest rows are gone; fsck, which wants every row, says that
// the first bundle is missing.
func TestLogPruned(t *testing.T) {
	a := newPruned(t)
	r, err := a.ig.Log.Verify(context.Background(), nil)
	if err != nil || !r.OK || r.Pruned != 512 || r.Seen < 3 {
		t.Errorf("%+v, %v", r, err)
	}
	dir, x := a.export(attune.LogFilter{})
	if x.From != 512 || x.Rows != x.Size-512 {
		t.Errorf("%+v", x)
	}
	mine, err := a.ig.Log.VerifyExport(os.DirFS(dir), nil)
	if err != nil || !mine.OK || !mine.Names || mine.From != 512 || mine.Seen < 3 {
		t.Errorf("%+v, %v", mine, err)
	}
	stock(t, dir, "GOOD")
	fsck(t, dir, "tile/entries/000")
	part, _ := a.export(attune.LogFilter{Action: "log.prune"})
	if p, err := a.ig.Log.VerifyExport(os.DirFS(part), nil); err != nil || !p.OK || p.Rows != 1 {
		t.Errorf("a part: %+v, %v", p, err)
	}
	stock(t, part, "GOOD: 1 rows")
	for _, c := range []struct {
		name, file string
		how        func([]byte) []byte
		want       string
		python     bool
	}{
		{"BegunEarlier", "export.json", replace(`"from": 512`, `"from": 256`), "row", true},
		{"BegunLater", "export.json", replace(`"from": 512`, `"from": 768`), "row", true},
		{"NotBegun", "export.json", replace(`"from": 512`, `"from": 0`), "row", true},
		{"InABundle", "export.json", replace(`"from": 512`, `"from": 500`), "cannot be read", true},
		{"HashOfAPrunedRow", "tile/0/001", func(b []byte) []byte { b[40] ^= 1; return b }, "rows", true},
		{"HashesGone", "tile/0/001", nil, "rows 256 to 511", false},
		{"FirstRowDropped", "events.ndjson", drop(0), "row 512", true},
		{"PruningHidden", "events.ndjson", replace(`"act":"log.prune"`, `"act":"log.probe"`), "no event of the log says that they were pruned", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyOf(t, dir)
			spoilFile(t, filepath.Join(dir, filepath.FromSlash(c.file)), c.how)
			r, err := a.ig.Log.VerifyExport(os.DirFS(dir), nil)
			said := strings.Join(r.Faults, "\n")
			if err != nil {
				said += err.Error()
			}
			if r.OK || !strings.Contains(said, c.want) {
				t.Errorf("%+v, %v; want %q", r, err, c.want)
			}
			if c.python {
				stock(t, dir, "WRONG")
			}
		})
	}
}

// TestLogPrunedByLie: a server that leaves rows out and calls them pruned is found by a
// device, whether it verifies or exports.
func TestLogPrunedByLie(t *testing.T) {
	a := newAudited(t)
	for range 300 {
		_, _, err := a.ig.Log.Search(context.Background(), attune.LogFilter{Limit: 1})
		must(t, err)
	}
	hide := func(body []byte) []byte { // the first bundle
		for range 256 {
			begin := bytes.Index(body, []byte(`"leaf":"{`))
			if begin < 0 {
				break
			}
			begin += len(`"leaf":"`)
			end := begin + bytes.Index(body[begin:], []byte(`}"`)) + 1
			body = append(body[:begin:begin], body[end:]...)
		}
		return body
	}
	a.alter("/v1/log/leaves", hide)
	r, err := a.ig.Log.Verify(context.Background(), nil)
	if err != nil || r.OK || !strings.Contains(strings.Join(r.Faults, "\n"), "rows 0 to 255: missing: no event of the log says that they were pruned") {
		t.Errorf("%+v, %v", r, err)
	}
	a.alter("/v1/log/export", hide)
	dir := filepath.Join(t.TempDir(), "export")
	if _, err := a.ig.Log.Export(context.Background(), attune.LogFilter{}, dir, nil); attune.CodeOf(err) != attune.CodeUntrusted || !strings.Contains(err.Error(), "pruned") {
		t.Errorf("%v, want refused", err)
	}
}
