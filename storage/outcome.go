package storage

import (
	"errors"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// What was refused is kept until its author has the answer: when that is lost on its way,
// the same push gets the same answer, and is not judged twice. What was accepted is its
// own answer.

// tellFor is how long an answer is kept for an author who does not come back for it.
const tellFor = 400 * 24 * policies.Hour

// tell keeps what became of a statement. Index is that of the event, of one that had
// waited: then it is a change of its author's feed; -1 for one that is answered now.
func (j *judge) tell(s policies.Statement, r Result, index int64) error {
	by, _ := j.org.Signer(s.Signer)
	if by.Staff.IsZero() || r.Err == nil && index < 0 {
		return nil
	}
	reason, ok := reasonOf(r.Err)
	if !ok {
		return nil // it may be judged otherwise at any time
	}
	o := rows.Outcome{Statement: s.ID, Staff: by.Staff, Reason: reason, At: j.now, Index: index}
	var denied *DeniedError
	if errors.As(r.Err, &denied) {
		o.Rules = denied.Ruling.Rules
	}
	return j.tx.PutOutcome(o)
}

// told is what became of a statement that was refused, in the same words until its author
// has them, or that it waits.
func (j *judge) told(id policies.StatementID) (Result, bool, error) {
	o, ok, err := j.tx.Outcome(id)
	if err != nil {
		return Result{}, false, err
	}
	if ok {
		return Result{ID: id, Err: refusedFor(o)}, o.Reason != "", nil
	}
	if !j.waits {
		return Result{}, false, nil
	}
	waits, err := j.tx.Waits(id)
	return Result{ID: id, Deferred: true}, waits, err
}

const reasonDenied = "denied"

// reasons is what a final refusal is called in the table, and the error that it is.
func reasons() []struct {
	name string
	is   error
} {
	return []struct {
		name string
		is   error
	}{
		{"not_found", ErrNotFound},
		{"attachment", ErrAttachment},
		{"clock", ErrClock},
		{"rests_on_refused", ErrRestsOnRefused},
		{"lapsed", ErrLapsed},
		{"unknown_kind", statement.ErrUnknownKind},
		{"signer", policies.ErrSigner},
		{"missing", policies.ErrMissing},
		{"not_possible", policies.ErrNotPossible},
	}
}

func reasonOf(err error) (name string, ok bool) {
	var denied *DeniedError
	switch {
	case err == nil:
		return "", true
	case errors.As(err, &denied):
		return reasonDenied, true
	}
	for _, r := range reasons() {
		if errors.Is(err, r.is) {
			return r.name, true
		}
	}
	return "", false
}

// refusedFor is the error of a kept answer; nil for one that accepted.
func refusedFor(o rows.Outcome) error {
	switch o.Reason {
	case "":
		return nil
	case reasonDenied:
		return &DeniedError{Ruling: policies.Ruling{Rules: o.Rules}}
	}
	for _, r := range reasons() {
		if r.name == o.Reason {
			return r.is
		}
	}
	return policies.ErrNotPossible
}
