package attune

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
)

// Codes of errors that arise on the device. Those of the server are in wire, those of
// what no honest server does in lies.go.
const (
	CodeOffline         wire.Code = "offline"          // the server could not be reached
	CodeInvitation      wire.Code = "invitation"       // damaged, used or expired
	CodePassphrase      wire.Code = "passphrase"       // wrong or missing
	CodeHome            wire.Code = "home"             // the folder is not a joined device, or is one already
	CodeInUse           wire.Code = "home_in_use"      // another program has it open
	CodeUntrusted       wire.Code = "untrusted"        // what the server sent cannot be read; see lies.go for what it may not say
	CodeUnknown         wire.Code = "unknown"          // no such thing on this device
	CodeAmbiguous       wire.Code = "ambiguous"        // a short name that fits several things
	CodeInput           wire.Code = "input"            // something given by the caller cannot be right
	CodeGate            wire.Code = "filming_gate"     // filming is not permitted now
	CodeNotVideo        wire.Code = "not_a_video"      // the file is not film
	CodeSealed          wire.Code = "sealed_mismatch"  // bytes or key are damaged
	CodeNoKey           wire.Code = "no_key"           // this device holds no key for it
	CodeWithheld        wire.Code = "withheld"         // the record says that the service has it, and it was not handed over
	CodeSource          wire.Code = "source_changed"   // the original is no longer what was sealed
	CodeInsecureAddress wire.Code = "insecure_address" // a link and an invitation need HTTPS
	CodeWords           wire.Code = "words_differ"     // the six words are not those of the certificate
	CodeNewKey          wire.Code = "new_key"          // somebody's key was replaced, and nobody here compared its words
	CodeKeyStore        wire.Code = "key_store"        // this machine's keyring does not keep secrets
	CodeDisk            wire.Code = "disk"             // this device has no room left
)

// Error is what a person can act on: what is the matter, and what to do next.
// Rules are the ids of the rules that decided, when the server denied something.
type Error struct {
	Code      wire.Code
	Message   string // one plain sentence
	Next      string // what to do
	Rules     []string
	RequestID string // of the server's reply, for its administrator
	Cause     error

	RetryAfter time.Duration // that a busy server asked for, at most an hour; 0 for nothing

	shows *exhibit // what is kept of it, until it is; nil for most
}

// Error implements error.
func (e *Error) Error() string {
	parts := []string{strings.TrimSuffix(e.Message, ".")}
	if e.Cause != nil {
		parts[0] += " (" + e.Cause.Error() + ")"
	}
	if len(e.Rules) > 0 {
		parts = append(parts, "rule "+strings.Join(e.Rules, ", "))
	}
	if e.Next != "" {
		parts = append(parts, strings.TrimSuffix(e.Next, "."))
	}
	return strings.Join(parts, "; ")
}

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Cause }

// Is matches by code, so that errors.Is(err, &Error{Code: CodeOffline}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Message == ""
}

// CodeOf is the stable code of err: this package's, the server's, or internal.
func CodeOf(err error) wire.Code {
	var e *Error
	var g *GateError
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.As(err, &g):
		return CodeGate
	}
	return wire.CodeOf(err)
}

// Offline reports whether err only means that the server could not be reached.
func Offline(err error) bool { return CodeOf(err) == CodeOffline }

// NotThere reports whether the service has nothing of that name that this person
// may see, for instance because it was not synced yet.
func NotThere(err error) bool { return CodeOf(err) == wire.CodeNotFound }

// advised puts what the rules of a denial mean to this person in the place of the
// one sentence that the server has for all of them.
func advised(code wire.Code, rules []string, message, next string) (string, string) {
	if a, ok := wire.AdviceOf(rules); ok && code == wire.CodeDenied {
		return a.Message, a.Next
	}
	return message, next
}

func problem(code wire.Code, next, message string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(message, args...), Next: next}
}

// because adds a cause, which stays out of Message: it is for who looks closer.
func (e *Error) because(err error) *Error {
	e.Cause = err
	return e
}

// GateError is a refusal of the filming gate, with every reason.
type GateError struct {
	Reasons []string // plain sentences
	Rules   []string // their rules, in the same order
}

// Error implements error.
func (e *GateError) Error() string {
	return "filming is not permitted now: " + strings.Join(e.Reasons, "; ")
}

// AdviceOf says what a denial by a rule means to whoever was denied, and what they can
// do; empty for a rule that stands in nobody's way.
func AdviceOf(rule string) (means, next string) {
	a, _ := wire.AdviceOf([]string{rule})
	return a.Message, a.Next
}
