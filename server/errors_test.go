package server

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage"
)

// An error that a caller can branch on and that the table forgets would reach a
// person as "something went wrong here".
func TestErrorTableIsTotal(t *testing.T) {
	listed := inTable(t)
	for _, dir := range []string{"storage", "policies", "client-sdk/statement"} {
		for _, name := range sentinels(t, filepath.Join("..", filepath.FromSlash(dir))) {
			if name := filepath.Base(dir) + "." + name; !slices.Contains(listed, name) {
				t.Errorf("%s has no line in the error table", name)
			}
		}
	}
	for _, row := range codes() {
		status, body := judge(fmt.Errorf("wrapped: %w", row.is))
		if body.Code != row.code || body.Code == wire.CodeInternal || status < 400 {
			t.Errorf("%v gives %d %s, want %s", row.is, status, body.Code, row.code)
		}
	}
}

// sentinels lists the exported error variables of a package's sources.
func sentinels(t *testing.T, dir string) (names []string) {
	t.Helper()
	for _, file := range sources(t, dir) {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				for _, n := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(n.Name, "Err") {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no errors", dir)
	}
	return names
}

// inTable lists what errors.go names, as package.Name.
func inTable(t *testing.T) (names []string) {
	t.Helper()
	for name, file := range sources(t, ".") {
		if filepath.Base(name) != "errors.go" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok {
					names = append(names, x.Name+"."+s.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}

func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestJudge(t *testing.T) {
	denied := &storage.DeniedError{Ruling: policies.Ruling{Rules: []string{"VIEW-3"}}}
	for _, tt := range []struct {
		name   string
		err    error
		status int
		want   wire.ErrorBody // messages come from the table
	}{
		{"Denied", fmt.Errorf("open: %w", denied), http.StatusForbidden, wire.ErrorBody{Code: wire.CodeDenied, Rules: []string{"VIEW-3"}}},
		{"PINWrong", &storage.PINError{Left: 3}, http.StatusForbidden, wire.ErrorBody{Code: wire.CodePINWrong, Left: 3}},
		{"PINPaused", &storage.PINError{After: 900}, http.StatusTooManyRequests, wire.ErrorBody{Code: wire.CodePINPaused, After: 900}},
		{"PINLocked", &storage.PINError{Locked: true}, http.StatusLocked, wire.ErrorBody{Code: wire.CodePINLocked}},
		{"BrokenStatement", &statement.SyntaxError{Rule: statement.RuleNull, Why: "null"}, http.StatusUnprocessableEntity, wire.ErrorBody{Code: wire.CodeNotStatement}},
		{"TokenThatIsAStatement", fmt.Errorf("%w: %w", statement.ErrToken, &statement.SyntaxError{}), http.StatusUnauthorized, wire.ErrorBody{Code: wire.CodeUnauthorised}},
		{"TokenOfAnUnknownKey", fmt.Errorf("%w: %w", statement.ErrToken, statement.ErrUnknownKey), http.StatusUnauthorized, wire.ErrorBody{Code: wire.CodeUnauthorised}},
		{"NoSuchRoute", echo.ErrNotFound, http.StatusNotFound, wire.ErrorBody{Code: wire.CodeNotFound}},
		{"NoSuchMethod", echo.ErrMethodNotAllowed, http.StatusMethodNotAllowed, wire.ErrorBody{Code: wire.CodeBadRequest}},
		{"Unknown", errors.New("row 7 of Mrs Example"), http.StatusInternalServerError, wire.ErrorBody{Code: wire.CodeInternal}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := judge(tt.err)
			entry := wire.EntryOf(tt.want.Code)
			tt.want.Message, tt.want.Next = entry.Message, entry.Next
			got, want := fmt.Sprintf("%d %+v", status, body), fmt.Sprintf("%d %+v", tt.status, tt.want)
			if got != want {
				t.Errorf("judge = %s\nwant    %s", got, want)
			}
		})
	}
}

// Every code that means "not now" may be tried again, and none that means
// "never so".
func TestRetry(t *testing.T) {
	for _, code := range []wire.Code{wire.CodeNotStatement, wire.CodeReused, wire.CodeAttachment, wire.CodeInternal, wire.CodeTooLarge} {
		if got := retry(code); got != wire.RetryNever {
			t.Errorf("retry(%s) = %s", code, got)
		}
	}
	for _, code := range []wire.Code{wire.CodeMissing, wire.CodeGap, wire.CodeNotPossible, wire.CodeDenied, wire.CodeSigner} {
		if got := retry(code); got != wire.RetryAfterSync {
			t.Errorf("retry(%s) = %s", code, got)
		}
	}
}
