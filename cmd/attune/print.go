package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"

	attune "github.com/attune-vf/attune/client-sdk"
)

// Exit statuses.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitMissing = 3
)

// print writes a result: one JSON object on one line with --json, else a
// sentence or a few for people. Only results go to standard output. An empty list
// is [] and never null, which a script would have to ask about.
func (g *global) print(v any, format string, args ...any) error {
	if !g.JSON {
		_, err := fmt.Fprintf(g.out, format+"\n", args...)
		return err
	}
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err = fmt.Fprintf(g.out, "%s\n", b)
	return err
}

// note tells a person something beside the result.
func (g *global) note(format string, args ...any) {
	if !g.JSON {
		fmt.Fprintf(g.err, format+"\n", args...)
	}
}

// failure is what went wrong, for people and scripts. Code is stable.
type failure struct {
	Code      string   `json:"code"`
	Message   string   `json:"message"` // one plain sentence
	Next      string   `json:"next"`    // what to do
	Rules     []string `json:"rules,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	exit      int
}

func (f *failure) Error() string { return f.Message }

func problem(code, next, message string, args ...any) *failure {
	return &failure{Code: code, Message: fmt.Sprintf(message, args...), Next: next, exit: exitFailed}
}

// status gives the failure an exit status other than 1.
func (f *failure) status(exit int) *failure {
	f.exit = exit
	return f
}

// asFailure finds what a person can act on in an error.
func asFailure(err error) *failure {
	var own *failure
	if errors.As(err, &own) {
		return own
	}
	f := &failure{Code: string(attune.CodeOf(err)), Message: err.Error(), exit: exitFailed}
	var e *attune.Error
	var gate *attune.GateError
	switch {
	case errors.As(err, &e):
		f.Message, f.Next, f.Rules, f.RequestID = e.Message, e.Next, e.Rules, e.RequestID
		if e.Cause != nil {
			f.Message = strings.TrimSuffix(f.Message, ".") + " (" + because(e.Cause) + ")."
		}
	case errors.As(err, &gate):
		f.Message, f.Rules = "Filming is not permitted now: "+strings.Join(gate.Reasons, " "), gate.Rules
		f.Next = "Put right what is missing, sync, and try again; your recording stays where it is."
	case errors.Is(err, syscall.ENOSPC), strings.Contains(f.Message, "disk is full"), strings.Contains(f.Message, "disk I/O error"):
		f.Code, f.Message = "disk", "This device's folder cannot be written: its disk is full, or failing ("+f.Message+")."
		f.Next = "Make room and try again; what was queued before is kept, and a recording stays where it is."
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		f.Code, f.Message = "input", "A file or folder may not be read or written ("+f.Message+")."
		f.Next = "Check who owns it, and whether it is read-only."
	case os.IsNotExist(err):
		f.Code, f.Next = "input", "Check the name of the file."
	}
	return f
}

// report writes err and returns the exit status.
func report(w io.Writer, asJSON bool, err error) int {
	f := asFailure(err)
	if asJSON {
		b, _ := json.Marshal(f) // strings always encode
		fmt.Fprintf(w, "%s\n", b)
		return f.exit
	}
	text := f.Message
	if len(f.Rules) > 0 {
		text += " Rule: " + strings.Join(f.Rules, ", ") + "."
	}
	if f.Next != "" {
		text += " " + f.Next
	}
	fmt.Fprintf(w, "attune: %s\n", text)
	return f.exit
}

// list prints as [] and never as null: a script walks it without asking first.
func list[T any](s []T) []T { return append([]T{}, s...) }
