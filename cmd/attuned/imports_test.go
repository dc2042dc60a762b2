package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/attune-vf/attune"

// importTable says which of our own packages each package may import outside its
// tests. It is DESIGN.md §2: policies decide, storage keeps and enforces, server
// speaks HTTP, client-sdk asks, cmd wires. "*" is all of them.
//
// A package that is missing here fails the test: a new room needs a row.
//
// Packages that only tests may import (testSupport) may import what they like.
var importTable = map[string][]string{
	"policies":       {},
	"policies/authz": {"policies"},
	"policies/packs": {"policies"},

	"client-sdk/wire":        {"policies"},
	"client-sdk/statement":   {"policies"},
	"client-sdk/seal":        {"policies"},
	"client-sdk/film":        {},
	"client-sdk/certificate": {"client-sdk/statement", "policies", "storage/accesslog"},
	"client-sdk": {
		"client-sdk/wire", "client-sdk/statement", "client-sdk/seal", "client-sdk/film", "client-sdk/certificate",
		"policies", "policies/packs", "storage/accesslog", "storage/reserve",
	},

	"storage/accesslog": {},
	"storage/objects":   {},
	"storage/reserve":   {},
	"storage/ledger":    {"storage/reserve"},
	"storage/rows":      {"policies", "client-sdk/statement", "storage/accesslog", "storage/reserve"},
	"storage": {
		"storage/rows", "storage/objects", "storage/accesslog", "storage/ledger",
		"client-sdk/statement", "client-sdk/seal", "policies", "policies/authz", "policies/packs",
	},

	"server/pages": {"client-sdk/wire"},
	"server":       {"storage", "client-sdk/wire", "client-sdk/statement", "policies", "server/pages"},

	// policies: the nouns in client-sdk's signatures. authz and packs: the ceremony
	// has the root adopt the hashes of what its own machine carries.
	"cmd/attune":       {"client-sdk", "client-sdk/certificate", "storage/accesslog", "policies", "policies/authz", "policies/packs"},
	"cmd/attuned":      {"*"},
	"cmd/soak":         {},                                              // a description; all else of it is tests
	"storage/powercut": {},                                              // the same
	"cmd/demo":         {"client-sdk/film", "client-sdk/film/filmtest"}, // drives the built binaries; knows film, not them
}

// testSupport is what a test of another package imports: its name ends in test.
func testSupport(pkg string) bool { return strings.HasSuffix(pkg, "test") }

// outsiders may be imported only by the package named: one package knows age,
// one knows Cedar, one knows SQL, one knows S3, one speaks echo.
var outsiders = map[string][]string{
	"github.com/cedar-policy/cedar-go": {"policies/authz"},
	"filippo.io/age":                   {"client-sdk/seal"},
	"github.com/labstack/echo":         {"server"},
	"github.com/pressly/goose":         {"storage/rows"},
	"github.com/minio/minio-go":        {"storage/objects", "cmd/demo"}, // which changes a film behind the service's back
	"codeberg.org/go-pdf/fpdf":         {"client-sdk/certificate"},
	"github.com/alecthomas/kong":       {"cmd/attune", "cmd/attuned", "cmd/demo"},
	"github.com/wneessen/go-mail":      {"cmd/attuned"},
}

func TestImports(t *testing.T) {
	root := moduleRoot(t)
	seen := map[string]bool{}
	for file, imports := range ourImports(t, root) {
		pkg := filepath.ToSlash(filepath.Dir(file))
		seen[pkg] = true
		if testSupport(pkg) {
			continue
		}
		allowed, known := importTable[pkg]
		if !known {
			t.Errorf("%s: package %s has no row in the import table", file, pkg)
			continue
		}
		for _, path := range imports {
			if ours, ok := strings.CutPrefix(path, module+"/"); ok {
				if !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s; %s may import %v", file, ours, pkg, allowed)
				}
				continue
			}
			for prefix, who := range outsiders {
				if strings.HasPrefix(path, prefix) && !slices.Contains(who, pkg) {
					t.Errorf("%s imports %s, which only %v may", file, path, who)
				}
			}
		}
	}
	for pkg := range importTable {
		if _, err := os.Stat(filepath.Join(root, pkg)); err == nil && !seen[pkg] {
			t.Errorf("row %s of the import table has a folder without code", pkg)
		}
	}
}

// TestSupportStaysInTests: what enforces invariants for tests, or fails on
// purpose, must not reach a binary. The demonstration may enlarge its film.
func TestSupportStaysInTests(t *testing.T) {
	for file, imports := range ourImports(t, moduleRoot(t)) {
		if testSupport(filepath.ToSlash(filepath.Dir(file))) {
			continue
		}
		for _, path := range imports {
			ours, ok := strings.CutPrefix(path, module+"/")
			if ok && testSupport(ours) && !strings.HasPrefix(file, "cmd/demo/") {
				t.Errorf("%s imports %s outside a test", file, path)
			}
		}
	}
}

// TestTopLevel keeps the root readable: five folders, the build's few files.
// What git ignores (data, .cache) does not count.
func TestTopLevel(t *testing.T) {
	root := moduleRoot(t)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"policies", "storage", "server", "client-sdk", "cmd",
		"go.mod", "go.sum", "Makefile", "LICENSE", "README.md", "docker-compose.yml",
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || slices.Contains(allowed, e.Name()) || ignored(root, e.Name()) {
			continue
		}
		t.Errorf("%s does not belong at the top level", e.Name())
	}
}

func ignored(root, name string) bool {
	if name == "data" { // made by make run; named so that the test also works without git
		return true
	}
	return exec.Command("git", "-C", root, "check-ignore", "-q", name).Run() == nil
}

// ourImports maps each non-test Go file, by its path under root, to what it imports.
func ourImports(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			other := path != root && exists(filepath.Join(path, "go.mod")) // cmd/bench is a module of its own
			if other || name == "node_modules" || name == "testdata" || (path != root && strings.HasPrefix(name, ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found[rel] = []string{}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[rel] = append(found[rel], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// moduleRoot walks up to the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
