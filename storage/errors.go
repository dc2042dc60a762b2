package storage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/objects"
	"github.com/attune-vf/attune/storage/rows"
)

// Errors that callers branch on. An unknown, an invisible and a disposed thing
// all return ErrNotFound: from outside they must look the same.
var (
	ErrNotFound       = errors.New("not found")
	ErrConflict       = errors.New("offset conflict")  // the upload stands elsewhere
	ErrGone           = errors.New("upload has ended") // start again
	ErrStored         = errors.New("clip is stored already")
	ErrNotSealed      = errors.New("payload is not sealed") // film in clear, or an age file with its header
	ErrMismatch       = errors.New("payload differs from its manifest")
	ErrRange          = errors.New("range outside the payload")
	ErrLinkEnded      = errors.New("link has ended") // unknown, expired, revoked, wrong auth, consent ended
	ErrCursor         = errors.New("cursor is not one of this person's")
	ErrReason         = errors.New("a copy needs a reason")
	ErrNumberUsed     = errors.New("number used by another statement")
	ErrGap            = errors.New("an earlier statement is missing")
	ErrEnded          = errors.New("the family's whole record was destroyed")
	ErrClock          = errors.New("made at a time that is far ahead")
	ErrLapsed         = errors.New("what it rests on did not arrive in time")
	ErrRestsOnRefused = errors.New("rests on something that was refused")
	ErrAttachment     = errors.New("attachment does not match its statement")
	ErrStoreFull      = objects.ErrFull                        // no room for payloads
	ErrFull           = rows.ErrFull                           // no room on the disk; restrictions are taken all the same
	ErrBusy           = errors.New("too many uploads at once") // nothing is lost; come back in a moment
	ErrNotAdopted     = errors.New("rules differ from those adopted")
	ErrNotCertified   = errors.New("the server's keys are not those that the root certified")
	ErrPutBack        = errors.New("the database is older than its restriction ledger")
	ErrLedger         = errors.New("the restriction ledger is lost, or another one is in its place")
	ErrNoFigures      = errors.New("the figures that were adopted cannot be read")
)

// DeniedError is a refusal by rule. Its event is already in the log.
type DeniedError struct{ Ruling policies.Ruling }

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s denied by %s", e.Ruling.Action, strings.Join(e.Ruling.Rules, ", "))
}

// PINError is a wrong PIN on a link whose auth was right.
type PINError struct {
	Left   int // tries before the pause or the lock; 0 while paused or locked
	After  int // seconds until the next try, while paused
	Locked bool
}

func (e *PINError) Error() string { return "wrong PIN, link paused or locked" }
