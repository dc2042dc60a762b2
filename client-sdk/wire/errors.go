package wire

import (
	"errors"
	"net/http"
)

// Code is a stable error code.
type Code string

// The codes. What a person sees is the sentence beside it in the table below.
const (
	CodeBadRequest   Code = "bad_request"
	CodeTooLarge     Code = "too_large"
	CodeUnauthorised Code = "unauthorised"
	CodeTokenTime    Code = "token_time"
	CodeNotFound     Code = "not_found"
	CodeDenied       Code = "denied"
	CodeNotStatement Code = "not_a_statement"
	CodeSigner       Code = "signer"
	CodeNotPossible  Code = "not_possible"
	CodeMissing      Code = "missing"
	CodeOnRefused    Code = "rests_on_refused"
	CodeLapsed       Code = "lapsed"
	CodeClock        Code = "clock"
	CodeGap          Code = "gap"
	CodeEnded        Code = "record_ended"
	CodeReused       Code = "number_reused"
	CodeRoom         Code = "record_full"
	CodeAttachment   Code = "attachment"
	CodeNotSealed    Code = "not_sealed"
	CodeMismatch     Code = "payload_mismatch"
	CodeOffset       Code = "offset"
	CodeUploadGone   Code = "upload_gone"
	CodeStored       Code = "already_stored"
	CodeRange        Code = "range"
	CodeLinkEnded    Code = "link_ended"
	CodePINWrong     Code = "pin_wrong"
	CodePINPaused    Code = "pin_paused"
	CodePINLocked    Code = "pin_locked"
	CodeReason       Code = "reason_needed"
	CodeBusy         Code = "busy"
	CodeFull         Code = "storage_full"
	CodeNotBuilt     Code = "pages_not_built"
	CodeTooOld       Code = "protocol_too_old"
	CodeTooNew       Code = "protocol_too_new"
	CodeInternal     Code = "internal"
)

// Entry is a code's status and what a person reads.
type Entry struct {
	Status  int
	Message string
	Next    string
}

var table = map[Code]Entry{
	CodeBadRequest:   {http.StatusBadRequest, "The request could not be read.", "Update the app; if it stays, tell your administrator the request ID."},
	CodeTooLarge:     {http.StatusRequestEntityTooLarge, "That is larger than the service takes.", "Send less at once."},
	CodeUnauthorised: {http.StatusUnauthorized, "This device is not signed in here.", "Check that it joined this service and has not been revoked."},
	CodeTokenTime:    {http.StatusUnauthorized, "This device's clock differs from the server's.", "The app tries again with the server's time; set the clock when you can."},
	CodeNotFound:     {http.StatusNotFound, "There is nothing here that you may see.", "Check the number; sync; ask the family's practitioner."},
	CodeDenied:       {http.StatusForbidden, "A rule does not allow this.", "The rule is named; ask who is responsible for it."},
	CodeNotStatement: {http.StatusUnprocessableEntity, "The service cannot read what was sent.", "Update the app, and do it again."},
	CodeSigner:       {http.StatusUnprocessableEntity, "This is not, or not yet, for you to do here.", "Sync; check that your six words were confirmed and that nobody stopped this device. If it is somebody else's part, ask them."},
	CodeNotPossible:  {http.StatusUnprocessableEntity, "That is not possible now.", "Sync and look at what changed."},
	CodeMissing:      {http.StatusUnprocessableEntity, "It rests on something that has not arrived.", "Sync the device that made it, then this one."},
	CodeOnRefused:    {http.StatusUnprocessableEntity, "It rests on something that was refused.", "Put that right first, then do this again."},
	CodeLapsed:       {http.StatusUnprocessableEntity, "It waited thirty days for something that never arrived.", "Find out what is missing, and do it again."},
	CodeClock:        {http.StatusUnprocessableEntity, "It was made with a clock that is more than a day ahead.", "Set this device's clock, and do it again."},
	CodeEnded:        {http.StatusUnprocessableEntity, "The whole record of this family was destroyed: its time was over.", "Nothing to do. Open the family anew if there is new work."},
	CodeGap:          {http.StatusUnprocessableEntity, "Something that this device did before is missing.", "Sync again; the app sends them in order."},
	CodeReused:       {http.StatusUnprocessableEntity, "Two different things that this device did carry the same number.", "This device was copied or restored; sync again, and if it stays, tell your registrar."},
	CodeRoom:         {http.StatusUnprocessableEntity, "This family's record holds as much of that as it may.", "Tell your administrator. Stopping, and changing the locks, is possible all the same."},
	CodeAttachment:   {http.StatusUnprocessableEntity, "What came with it is not what it names.", "Sync again; nothing was stored."},
	CodeNotSealed:    {http.StatusUnprocessableEntity, "That is film in clear, not a sealed clip.", "Add it with the app, which seals it first."},
	CodeMismatch:     {http.StatusUnprocessableEntity, "The bytes are not those that the clip names.", "The app starts this upload again from its sealed copy."},
	CodeOffset:       {http.StatusConflict, "The upload continues elsewhere.", "The app asks where, and goes on from there."},
	CodeUploadGone:   {http.StatusGone, "This upload has ended.", "The app starts it again."},
	CodeStored:       {http.StatusConflict, "This clip is stored already.", "Nothing to do."},
	CodeRange:        {http.StatusRequestedRangeNotSatisfiable, "That part of the clip does not exist.", "Ask for one range inside it."},
	CodeLinkEnded:    {http.StatusNotFound, "This link has ended or is not complete.", "Ask the person who sent it for a new one."},
	CodePINWrong:     {http.StatusForbidden, "That PIN is not right.", "Check the six numbers and try again."},
	CodePINPaused:    {http.StatusTooManyRequests, "Too many wrong PINs.", "Wait a while, then try again."},
	CodePINLocked:    {http.StatusLocked, "This link is locked.", "Ring the person who sent it; they can give you a new PIN."},
	CodeReason:       {http.StatusUnprocessableEntity, "Keeping a copy needs a reason.", "Say why, in a few words."},
	CodeBusy:         {http.StatusServiceUnavailable, "The service cannot do this just now.", "Nothing is lost; try again in a minute."},
	CodeFull:         {http.StatusInsufficientStorage, "The service has no room.", "Nothing is lost; tell your administrator."},
	CodeNotBuilt:     {http.StatusServiceUnavailable, "The pages are not built.", "Run: make pages"},
	CodeTooOld:       {http.StatusUpgradeRequired, "This program is too old for the service.", "Update it. What waits on this device is kept, and a stop still reaches the service."},
	CodeTooNew:       {http.StatusBadRequest, "The service is too old for this program.", "Ask your administrator to update it. What waits on this device is kept, and a stop still reaches the service."},
	CodeInternal:     {http.StatusInternalServerError, "Something went wrong here.", "Try again; if it stays, tell your administrator the request ID."},
}

// EntryOf is the code's line of the table; an unknown code is internal.
func EntryOf(c Code) Entry {
	if e, ok := table[c]; ok {
		return e
	}
	return table[CodeInternal]
}

// Codes lists every code of the table.
func Codes() []Code {
	out := make([]Code, 0, len(table))
	for c := range table {
		out = append(out, c)
	}
	return out
}

// Error is an error with a stable code. Cause is for the operator's log and
// never travels.
type Error struct {
	Code  Code
	Rules []string // for denied: the rules that decided
	Left  int      // for pin_wrong: tries left
	After int      // for pin_paused: seconds to wait
	Cause error
}

// NewError wraps cause under a code.
func NewError(c Code, cause error) *Error { return &Error{Code: c, Cause: cause} }

func (e *Error) Error() string {
	if e.Cause != nil {
		return string(e.Code) + ": " + e.Cause.Error()
	}
	return string(e.Code)
}

func (e *Error) Unwrap() error { return e.Cause }

// Is matches by code, so that callers can write errors.Is(err, wire.ErrNotFound).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Cause == nil
}

// ErrorBody is the JSON body of every error reply. It is the same in every version of
// the protocol: a program that is too old must still be able to read that it is.
type ErrorBody struct {
	Code      Code     `json:"code"`
	Message   string   `json:"message"`
	Next      string   `json:"next"`
	Rules     []string `json:"rules,omitzero"`
	Left      int      `json:"left,omitzero"`
	After     int      `json:"retry_after,omitzero"`
	RequestID string   `json:"request_id"`
	Time      int64    `json:"time,omitzero"` // µs, with token_time: the server's clock
}

// CodeOf is the code of an error, internal when it has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
