package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"github.com/labstack/echo/v4"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/server/pages"
	"github.com/attune-vf/attune/storage"
)

// codes says what each error of the packages below means on the wire. The first
// match counts.
func codes() []struct {
	is   error
	code wire.Code
} {
	return []struct {
		is   error
		code wire.Code
	}{
		{storage.ErrNotFound, wire.CodeNotFound},
		{storage.ErrConflict, wire.CodeOffset},
		{storage.ErrGone, wire.CodeUploadGone},
		{storage.ErrStored, wire.CodeStored},
		{storage.ErrNotSealed, wire.CodeNotSealed},
		{storage.ErrMismatch, wire.CodeMismatch},
		{storage.ErrRange, wire.CodeRange},
		{storage.ErrLinkEnded, wire.CodeLinkEnded},
		{storage.ErrCursor, wire.CodeBadRequest},
		{storage.ErrReason, wire.CodeReason},
		{storage.ErrNumberUsed, wire.CodeReused},
		{storage.ErrGap, wire.CodeGap},
		{storage.ErrEnded, wire.CodeEnded},
		{storage.ErrRestsOnRefused, wire.CodeOnRefused},
		{storage.ErrLapsed, wire.CodeLapsed},
		{storage.ErrClock, wire.CodeClock},
		{storage.ErrAttachment, wire.CodeAttachment},
		{storage.ErrFull, wire.CodeFull},
		{syscall.ENOSPC, wire.CodeFull}, // of a payload's part
		{storage.ErrStoreFull, wire.CodeFull},
		{syscall.EDQUOT, wire.CodeFull},
		{storage.ErrBusy, wire.CodeBusy},
		{storage.ErrNotAdopted, wire.CodeBusy},
		{storage.ErrPutBack, wire.CodeBusy},
		{storage.ErrLedger, wire.CodeBusy},
		{storage.ErrBackup, wire.CodeBusy},
		{storage.ErrRecovering, wire.CodeBusy}, // the sweeper's; no request meets it
		{storage.ErrAnchor, wire.CodeBusy},     // whoever anchors; no request meets it
		{storage.ErrQuiet, wire.CodeBusy},      // these three are of pruning the log, as is no request
		{storage.ErrDecider, wire.CodeBusy},
		{storage.ErrMeant, wire.CodeBusy},
		{storage.ErrEvidence, wire.CodeMissing},
		{storage.ErrNoFigures, wire.CodeBusy},
		{storage.ErrNotCertified, wire.CodeBusy},
		{statement.ErrTokenTime, wire.CodeTokenTime},
		{statement.ErrToken, wire.CodeUnauthorised}, // before the errors that it wraps
		{statement.ErrUnknownKind, wire.CodeNotStatement},
		{statement.ErrUnknownKey, wire.CodeSigner},
		{statement.ErrSignature, wire.CodeNotStatement},
		{policies.ErrSigner, wire.CodeSigner},
		{policies.ErrMissing, wire.CodeMissing},
		{policies.ErrRoom, wire.CodeRoom},
		{policies.ErrNotPossible, wire.CodeNotPossible},
		{context.Canceled, wire.CodeBusy},
		{context.DeadlineExceeded, wire.CodeBusy},
		{os.ErrDeadlineExceeded, wire.CodeBusy},
		{errIncoming, wire.CodeBadRequest}, // after the errors that it wraps
	}
}

// busySeconds is when a device that found all buffers in use comes back: a part of
// 8 MiB over a middling connection has then arrived.
const busySeconds = 10

// protocolError is a code with a status that another standard prescribes: tus,
// or HTTP itself.
type protocolError struct {
	status int
	code   wire.Code
	after  int // seconds, for Retry-After
	cause  error
}

func (e *protocolError) Error() string { return string(e.code) + ": " + e.cause.Error() }
func (e *protocolError) Unwrap() error { return e.cause }

// judge says what an error looks like from outside. Nothing of its text travels.
func judge(err error) (status int, body wire.ErrorBody) {
	var (
		protocol *protocolError
		own      *wire.Error
		denied   *storage.DeniedError
		pin      *storage.PINError
		syntax   *statement.SyntaxError
		routing  *echo.HTTPError
	)
	body.Code = wire.CodeInternal
	switch {
	case errors.As(err, &protocol):
		body.Code, body.After = protocol.code, protocol.after
	case errors.As(err, &own):
		body.Code, body.Rules, body.Left, body.After = own.Code, own.Rules, own.Left, own.After
	case errors.As(err, &denied):
		body.Code, body.Rules = wire.CodeDenied, denied.Ruling.Rules
	case errors.As(err, &pin):
		body.Code, body.Left, body.After = pinCode(pin), pin.Left, pin.After
	case errors.As(err, &routing):
		body.Code = routingCode(routing.Code)
	default:
		body.Code = tableCode(err)
		if errors.Is(err, storage.ErrBusy) {
			body.After = busySeconds
		}
		if body.Code == wire.CodeInternal && errors.As(err, &syntax) {
			body.Code = wire.CodeNotStatement
		}
	}
	entry := wire.EntryOf(body.Code)
	body.Message, body.Next = entry.Message, entry.Next
	switch {
	case protocol != nil:
		return protocol.status, body
	case routing != nil && routing.Code == http.StatusMethodNotAllowed:
		return routing.Code, body
	}
	return entry.Status, body
}

func tableCode(err error) wire.Code {
	for _, row := range codes() {
		if errors.Is(err, row.is) {
			return row.code
		}
	}
	return wire.CodeInternal
}

func pinCode(e *storage.PINError) wire.Code {
	switch {
	case e.Locked:
		return wire.CodePINLocked
	case e.After > 0:
		return wire.CodePINPaused
	}
	return wire.CodePINWrong
}

// routingCode is for what echo says before a handler runs.
func routingCode(status int) wire.Code {
	switch status {
	case http.StatusNotFound:
		return wire.CodeNotFound
	case http.StatusRequestEntityTooLarge:
		return wire.CodeTooLarge
	}
	if status < http.StatusInternalServerError {
		return wire.CodeBadRequest
	}
	return wire.CodeInternal
}

// fail writes the one kind of error reply. Where the answer has begun already,
// nothing is added: the reader sees fewer bytes than were announced.
func (s *Server) fail(c echo.Context, err error) {
	status, body := judge(err)
	if c.Request().Context().Err() != nil && body.Code == wire.CodeInternal {
		status, body = judge(context.Canceled) // the caller went away: not our fault
	}
	s.logCause(c, status, body.Code, err)
	s.countRefused(c, status, body.Code)
	if c.Response().Committed {
		return
	}
	body.RequestID = requestID(c)
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if c.Get(keyCarer) != nil {
		body.RequestID = "" // unknown, expired and revoked links answer with the same bytes
		pages.Headers(h, pages.Data)
	}
	switch body.Code {
	case wire.CodeTokenTime:
		body.Time = int64(policies.At(s.cfg.Now()))
		h.Set("WWW-Authenticate", "Bearer")
	case wire.CodeUnauthorised:
		h.Set("WWW-Authenticate", "Bearer")
	}
	if body.After > 0 {
		h.Set("Retry-After", strconv.Itoa(body.After))
	}
	if err := reply(c, status, body); err != nil {
		s.log.Info("reply not delivered", "request_id", requestID(c), "error", err)
	}
}

// countRefused has the access log count what somebody was refused who proved nothing:
// one event a minute, however many they are. An opening of a link has been counted, or
// logged, where it was refused: only there it is known who has the link.
func (s *Server) countRefused(c echo.Context, status int, code wire.Code) {
	opening := c.Path() == openPath && code == wire.CodeLinkEnded
	if status/100 == 4 && !opening && caller(c).Staff.IsZero() {
		s.refused(address(c), string(code))
	}
}

// logCause tells the operator what nobody else is told.
func (s *Server) logCause(c echo.Context, status int, code wire.Code, err error) {
	log := s.log.Info
	if status >= http.StatusInternalServerError {
		log = s.log.Error
	}
	log("refused", "request_id", requestID(c), "route", route(c), "code", string(code), "cause", err.Error())
}

// retry says whether the same act, stated anew, could be accepted later.
func retry(code wire.Code) wire.Retry {
	switch code {
	case wire.CodeMissing, wire.CodeOnRefused, wire.CodeLapsed, wire.CodeClock, wire.CodeGap, wire.CodeSigner, wire.CodeNotPossible, wire.CodeDenied, wire.CodeNotFound,
		wire.CodeBusy, wire.CodeFull:
		return wire.RetryAfterSync
	}
	return wire.RetryNever
}
