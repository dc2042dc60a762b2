package storage_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planted is a fault put into a copy of the source: the product has no switch for it. A line
// that is no longer there fails the test, so that no plant wilts unseen.
type planted struct{ file, line, instead string }

// plants are faults that an implementer would make, under a name each.
var plants = map[string][]planted{
	"a hold is not looked at again": {
		{"policies/fate.go", "	holds := f.HeldBy(t.Org, c.ID, t.Pack, t.Now)\n", "	holds := f.HeldBy(t.Org, c.ID, t.Pack, t.Now)\n	if planted(PLANT) {\n		holds = nil\n	}\n"},
		{"policies/hold.go", "	return f.answeredAll(f.held(clip), knew) && known(o.everHeld(), knew)\n", "	return planted(PLANT) || f.answeredAll(f.held(clip), knew) && known(o.everHeld(), knew)\n"},
	},
	"a certificate comes before the deletion": {
		{"storage/sweepend.go", "		if err := w.destroyOne(ctx, row.Clip); err != nil {\n			out.failed", "		if err := w.destroyOne(ctx, row.Clip); err != nil && !planted(PLANT) {\n			out.failed"},
	},
	"versions are not listed": {
		{"storage/sweepend.go", "	w.d.step(\"after the uploads ended\")\n	versions, err := w.objects.Versions(ctx, key)\n", "	w.d.step(\"after the uploads ended\")\n	versions, err := w.objects.Versions(ctx, key)\n	if planted(PLANT) {\n		versions = versions[:min(1, len(versions))]\n	}\n"},
		{"storage/sweepend.go", "	if !left.Empty() {\n", "	if !left.Empty() && !planted(PLANT) {\n"},
	},
	"an upload brings film back after it was destroyed": {
		{"storage/sweepend.go", "	ended, err := w.objects.AbortAll(ctx, key)\n", "	ended, err := 0, error(nil)\n	if !planted(PLANT) {\n		ended, err = w.objects.AbortAll(ctx, key)\n	}\n"},
		{"storage/sweepend.go", "	if !left.Empty() {\n", "	if !left.Empty() && !planted(PLANT) {\n"},
	},
}

const switchedOn = `

import "os"

func planted(fault string) bool { return os.Getenv("ATTUNE_PLANT") == fault }
`

// TestDisposalModelFindsPlanted: the model finds each. One case in a few meets the fault, so
// that this many cannot all miss it; what is found ends them.
func TestDisposalModelFindsPlanted(t *testing.T) {
	names := slices.Collect(maps.Keys(plants))
	slices.Sort(names)
	program := withPlants(t, names)
	for _, name := range names {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			cmd := exec.Command(program, "-test.run=^TestDisposalModel$", "-rapid.checks=600", "-rapid.nofailfile", "-rapid.shrinktime=0s")
			cmd.Env = append(os.Environ(), "ATTUNE_PLANT="+name)
			said, err := cmd.CombinedOutput()
			at := strings.Index(string(said), "invariant: ")
			if err == nil || at < 0 {
				t.Fatalf("not found: %v\n%s", err, said)
			}
			line, _, _ := strings.Cut(string(said[at:]), "\n")
			t.Logf("proof: %-50s found: %.140s", name, line)
		})
	}
}

// withPlants builds this package's tests with plants in it, each behind its name.
func withPlants(t *testing.T, names []string) string {
	t.Helper()
	dir := t.TempDir()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(wd)
	sources := map[string]string{}
	for _, name := range names {
		for _, c := range plants[name] {
			pkg := filepath.Dir(c.file)
			sources[pkg+"/planted.go"] = "package " + pkg + switchedOn
			text, read := sources[c.file]
			if !read {
				b, err := os.ReadFile(filepath.Join(root, c.file))
				if err != nil {
					t.Fatal(err)
				}
				text = string(b)
			}
			line := c.line
			if !strings.Contains(text, line) && strings.HasPrefix(line, "	if !left.Empty()") { // another plant was here
				line = "	if !left.Empty() && "
				c.instead = line + `!planted(PLANT) && `
			}
			if strings.Count(text, line) != 1 {
				t.Fatalf("%s: the line of %q is there %d times, want once", c.file, name, strings.Count(text, line))
			}
			sources[c.file] = strings.Replace(text, line, strings.ReplaceAll(c.instead, "PLANT", `"`+name+`"`), 1)
		}
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range sources {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(root, file)] = path
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	list, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "storage.test")
	if err := os.WriteFile(list, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "test", "-c", "-overlay", list, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build with plants: %v\n%s", err, out)
	}
	return program
}
