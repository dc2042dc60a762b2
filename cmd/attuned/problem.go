package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Exit statuses.
const (
	exitFailed  = 1
	exitUsage   = 2 // also: the port is taken
	exitMissing = 3
)

// failure is what an operator can act on.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"` // one plain sentence
	Next    string `json:"next"`
	exit    int
}

func (f *failure) Error() string { return f.Message + " " + f.Next }

func problem(code, next, message string, args ...any) *failure {
	return &failure{Code: code, Message: fmt.Sprintf(message, args...), Next: next, exit: exitFailed}
}

// status gives the failure an exit status other than 1.
func (f *failure) status(exit int) *failure {
	f.exit = exit
	return f
}

// report writes err for people, or as one JSON line, and returns the status.
func report(w io.Writer, asJSON bool, err error) int {
	f := &failure{Code: "internal", Message: err.Error(), exit: exitFailed}
	errors.As(err, &f)
	if asJSON {
		b, _ := json.Marshal(f) // three strings always encode
		fmt.Fprintf(w, "%s\n", b)
	} else {
		fmt.Fprintf(w, "attuned: %s\n", f.Error())
	}
	return f.exit
}

// sentence begins with a capital, as what people read does.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
