package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// A statement can arrive before what it rests on: the device that said the other has not
// synced, or after a restore says it again. It waits, and holds up nothing: its number is
// taken, and what its device says next is judged. With what it misses it is judged anew, in
// the same transaction, by the state and the rules of that time. Its author's person is told
// by their feed. What stops something does not wait for what it names as known, and is
// looked at first.
//
// Whether a family is unknown here or only to its author makes no difference to any of it.
//
// Source: DESIGN §6, push.

const (
	// waitFor is how long a statement waits: a colleague's leave, and then some.
	waitFor = 30 * 24 * policies.Hour

	// Of one device. A restore brings back its work in any order, and a season of it is a
	// few hundred statements; their attachments are sealed forms and keys.
	maxWaiting      = 500
	maxWaitingBytes = 32 << 20
)

// missing is what a statement names as known and the server does not have; nil for
// nothing. What was refused is no obstacle: it has no effect, known or not. What stops
// something stops it whatever its author knew.
func (j *judge) missing(s policies.Statement, row policies.Row) (*policies.MissingError, error) {
	if row.Restriction {
		return nil, nil
	}
	for _, dep := range s.Deps {
		_, ok, err := j.tx.Statement(dep)
		if err != nil || ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		refused, err := j.tx.Refused(dep)
		if err != nil {
			return nil, err
		}
		if !refused {
			return &policies.MissingError{What: "what its author knew", ID: dep}, nil
		}
	}
	return nil, nil
}

// awaited is what would have to arrive for a refusal of the fold to become another answer;
// nil when nothing would: what is missing about something that is here already, such as a
// place on the team, its author can look up. The whole record counts when its author says
// that they had it: to who never had anything of the family it is refused at once, whether
// there is one or not.
func (j *judge) awaited(s policies.Statement, refusal error) (*policies.MissingError, error) {
	var m *policies.MissingError
	switch {
	case errors.As(refusal, &m):
		if _, here, err := j.tx.Statement(m.ID); here || err != nil {
			return nil, err
		}
		return m, nil
	case errors.Is(refusal, ErrNotFound) && !s.Seen.Head.IsZero():
		return &policies.MissingError{What: "the family", ID: policies.StatementID(s.Record)}, nil
	}
	return nil, nil
}

// wait keeps a statement until what it misses is here. What rests on something that was
// refused waits for nothing, and neither does what another than a device signed: its author
// wants to know at once. Of one device no more than its share waits.
func (j *judge) wait(s policies.Statement, sealed Sealed, row policies.Row, why *policies.MissingError) (Result, error) {
	by, _ := j.org.Signer(s.Signer)
	refused, err := j.tx.Refused(why.ID)
	if err != nil {
		return Result{}, err
	}
	if refused {
		return j.refuse(s, fmt.Errorf("%w: %s %s", ErrRestsOnRefused, why.What, why.ID.Short()))
	}
	if waits, err := j.tx.Waits(s.ID); waits || err != nil {
		return Result{ID: s.ID, Deferred: true}, errors.Join(err, j.tx.Awaits(s.ID, why.ID))
	}
	key, _ := j.org.Key(s.Signer)
	n, bytes, err := j.tx.WaitingOf(key)
	if err != nil {
		return Result{}, err
	}
	for _, a := range sealed.Attachments {
		bytes += int64(len(a.Body))
	}
	if by.Signer != policies.SignDevice || n >= maxWaiting || bytes+int64(len(sealed.Statement)) > maxWaitingBytes {
		return j.refuse(s, why)
	}
	if err := j.log(s, accesslog.Deferred, policies.Ruling{}); err != nil {
		return Result{}, err
	}
	w := rows.Waiting{
		ID: s.ID, Signer: key, Record: s.Record, Awaits: why.ID, Restriction: row.Restriction, Raw: sealed.Statement,
		Staff: j.c.Staff, Device: j.c.Device, Request: j.c.Request, Address: j.c.Address, Until: j.now + waitFor,
	}
	for _, a := range sealed.Attachments {
		w.Attachments = append(w.Attachments, rows.Attachment(a))
	}
	j.waits = true
	return Result{ID: s.ID, Deferred: true}, j.tx.PutWaiting(w)
}

// revisit judges again what waited for a statement that was judged, and then what waited
// for that. Where somebody came to know a family, it is looked at what they said in it.
func (j *judge) revisit(s policies.Statement) error {
	if !j.waits {
		return nil
	}
	for todo := []policies.StatementID{s.ID}; len(todo) > 0; todo = todo[1:] {
		for record := range j.opened {
			todo = append(todo, policies.StatementID(record))
			delete(j.opened, record)
		}
		list, err := j.tx.WaitingFor(todo[0])
		if err != nil {
			return err
		}
		for _, id := range list {
			w, settled, err := j.reconsider(id)
			if err != nil {
				return err
			}
			if settled {
				todo = append(todo, w.ID)
			}
		}
	}
	return nil
}

// reconsider judges one that waits, as if its device had just brought it, and reports
// whether it waits no longer.
func (j *judge) reconsider(id policies.StatementID) (s policies.Statement, settled bool, err error) {
	w, ok, err := j.tx.Waiting(id)
	if !ok || err != nil {
		return s, false, err
	}
	u, err := statement.Parse(w.Raw)
	if err != nil {
		return s, false, fmt.Errorf("statement %s, which waits: %w", id, err)
	}
	s = u.Believed()
	row, _ := policies.RowOf(s.Kind)
	sealed := Sealed{Statement: w.Raw}
	for _, a := range w.Attachments {
		sealed.Attachments = append(sealed.Attachments, Attachment(a))
	}
	bringing := j.c
	j.c = policies.Caller{Staff: w.Staff, Device: w.Device, Request: w.Request, Address: w.Address}
	defer func() { j.c = bringing }()
	var r Result
	if w.Until <= j.now {
		r, err = j.refuse(s, ErrLapsed)
	} else {
		r, err = j.rule(s, sealed, row)
	}
	if err != nil || r.Deferred {
		return s, false, err
	}
	return s, true, j.endWait(s, r)
}

// endWait has a statement's author told what became of it, if it had waited.
func (j *judge) endWait(s policies.Statement, r Result) error {
	if waits, err := j.tx.Waits(s.ID); !waits || err != nil {
		return err
	}
	if err := j.tx.DropWaiting(s.ID); err != nil {
		return err
	}
	index := j.logged
	if r.Receipt != nil {
		index = r.Receipt.Place.Index
	}
	return j.tell(s, r, index)
}

// SweepWaiting ends the waiting of what has waited too long: each is an event, and its
// author is told by their feed. It also forgets answers whose authors never came back for
// them. Safe to run beside everything.
func (r *Records) SweepWaiting(ctx context.Context) (lapsed int, err error) {
	for range sweepBatches {
		n := 0
		err := r.d.rows.Write(ctx, func(tx *rows.Tx) error {
			j, err := newJudge(r.d, tx, policies.Caller{Request: "sweep"})
			if err != nil {
				return err
			}
			list, err := tx.Lapsed(j.now, sweepBatch)
			if err != nil {
				return err
			}
			n = len(list)
			for _, id := range list {
				s, settled, err := j.reconsider(id)
				if err == nil && settled {
					err = j.revisit(s)
				}
				if err != nil {
					return err
				}
			}
			return j.keep()
		})
		lapsed += n
		if err != nil || n < sweepBatch {
			if err == nil {
				_, err = r.d.sweep(ctx, r.d.now()-tellFor, (*rows.Tx).SweepOutcomes)
			}
			return lapsed, err
		}
	}
	return lapsed, nil
}
