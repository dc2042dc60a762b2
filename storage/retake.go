package storage

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/ledger"
	"github.com/attune-vf/attune/storage/rows"
)

// retake takes a statement that was accepted before the service was put back: by the
// ledger, or by proof from the service's own log. The rules were asked then, and are not
// asked again. While the service recovers it is folded as of then; later as of now, as
// every device folds it.
func (j *judge) retake(s policies.Statement, sealed Sealed, then policies.Micros) (Result, error) {
	if r, ok, err := j.again(s, sealed); ok || err != nil {
		return r, err
	}
	key, row, refusal := j.signer(s)
	if refusal != nil {
		return j.refuse(s, refusal)
	}
	if err := j.use(key, s); err != nil {
		return Result{}, err
	}
	if err := matches(s, sealed.Attachments); err != nil {
		return j.refuse(s, err)
	}
	defer j.asOf(then)()
	next, refusal, err := j.fold(s)
	if err != nil {
		return Result{}, err
	}
	if refusal == nil && j.then == 0 && next.before != nil && next.before.Unseated(j.org, s, j.now) {
		refusal = fmt.Errorf("%w: the author is not on this family's team any more", policies.ErrSigner)
	}
	if refusal == nil {
		refusal, err = j.linkTaken(next)
	}
	if err != nil {
		return Result{}, err
	}
	if refusal != nil {
		return j.refuse(s, refusal)
	}
	r, err := j.accept(s, sealed, next, row, policies.Ruling{
		Allowed: true, Action: policies.Action(s.Kind), Rules: []string{policies.AgainRule}, Bundle: j.d.cfg.Bundle.SHA256(),
	})
	if err != nil {
		return r, err
	}
	j.then = 0 // what waited is judged as of now
	return r, errors.Join(j.endWait(s, r), j.revisit(s))
}

// asOf has statements folded as of then, while the service recovers, until back is called.
func (j *judge) asOf(then policies.Micros) (back func()) {
	if r, recovering := j.org.Recovering(); recovering && then < r.At {
		j.then = then
	}
	return func() { j.then = 0 }
}

// owe keeps an entry of the ledger until what it is about has come back.
func owe(tx *rows.Tx, e ledger.Entry) error {
	o := rows.Owed{At: policies.Micros(e.At)}
	sealed, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("ledger entry %s: %w", e.ID, err)
	}
	if err := o.ID.UnmarshalText([]byte(e.ID)); err != nil {
		return err
	}
	if err := o.Record.UnmarshalText([]byte(e.Record)); err != nil {
		return err
	}
	o.Sealed = sealed
	return tx.PutOwed(o)
}

// repay takes what the ledger holds and could not be taken before, as far as what it is
// about is here by now: in the transaction that brought it, so that nothing that was
// withdrawn is in force for a moment. What one makes possible can be about another.
func (j *judge) repay() error {
	if len(j.org.Restorations) == 0 {
		return nil
	}
	waiting, err := j.tx.AllOwed()
	if err != nil {
		return err
	}
	for more := true; more; {
		if waiting, more, err = j.payAll(waiting, func(o rows.Owed) (bool, error) { return true, nil }, false); err != nil {
			return err
		}
		if more {
			continue
		}
		if waiting, more, err = j.payAll(waiting, func(o rows.Owed) (bool, error) { return j.stillDestroys(o, waiting) }, true); err != nil {
			return err
		}
	}
	return nil
}

// payAll tries all, or of orders to destroy film those that still stand; it returns what is
// left and whether any was taken.
func (j *judge) payAll(waiting []rows.Owed, stands func(rows.Owed) (bool, error), orders bool) (rest []rows.Owed, some bool, err error) {
	for _, o := range waiting {
		kind, err := owedKind(o)
		if err != nil {
			return nil, false, err
		}
		taken := false
		if (kind == "clip.destroy" || kind == "family.dispose") == orders {
			ok, err := stands(o)
			if err == nil && ok {
				taken, err = j.pay(o)
			}
			if err != nil {
				return nil, false, err
			}
		}
		if some = some || taken; !taken {
			rest = append(rest, o)
		}
	}
	return rest, some, nil
}

func owedKind(o rows.Owed) (policies.Kind, error) {
	var e struct {
		Kind policies.Kind `json:"kind"`
	}
	err := json.Unmarshal(o.Sealed, &e)
	return e.Kind, err
}

// stillDestroys: an order to destroy film is written into the ledger before it is committed,
// and a crash between the two leaves one that nobody acted on; a hold may have come before
// the next. So it is taken, after everything else, where its certificate stands in the ledger
// too, or while its mark still counts by all that was restored. The other way round it keeps
// film that was to go, and the sweeper asks anew.
func (j *judge) stillDestroys(o rows.Owed, waiting []rows.Owed) (bool, error) {
	order, err := owedStatement(o, j)
	if err != nil || order == nil {
		return false, err
	}
	if b, ok := order.Body.(*policies.FamilyDispose); ok {
		return j.stillEnds(b.Family)
	}
	for _, w := range waiting {
		s, err := owedStatement(w, j)
		if err != nil {
			return false, err
		}
		if s == nil {
			continue
		}
		if b, ok := s.Body.(*policies.ClipDispose); ok && b.Order == order.ID {
			return true, nil
		}
	}
	f, err := j.family(policies.FamilyID(order.Record))
	if err != nil || f == nil {
		return false, err
	}
	b, ok := order.Body.(*policies.ClipDestroy)
	if !ok {
		return false, nil
	}
	stands, _ := f.MayDestroy(j.org, *b, j.now)
	return stands, nil
}

// owedStatement is what is owed, nil while its signer has not come back.
func owedStatement(o rows.Owed, j *judge) (*policies.Statement, error) {
	var e ledger.Entry
	if err := json.Unmarshal(o.Sealed, &e); err != nil {
		return nil, fmt.Errorf("ledger entry %s: %w", o.ID, err)
	}
	s, err := statement.Verify([]byte(e.Statement), j.org.Key)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // its signer has not come back yet
	}
	return &s, nil
}

// pay tries one, without an event where it is not possible yet.
func (j *judge) pay(o rows.Owed) (taken bool, err error) {
	var e ledger.Entry
	if err := json.Unmarshal(o.Sealed, &e); err != nil {
		return false, fmt.Errorf("ledger entry %s: %w", o.ID, err)
	}
	sealed := Sealed{Statement: []byte(e.Statement)}
	for _, a := range e.Attachments {
		sealed.Attachments = append(sealed.Attachments, Attachment(a))
	}
	s, err := statement.Verify(sealed.Statement, j.org.Key)
	if err != nil {
		return false, nil //nolint:nilerr // its signer has not come back yet
	}
	if _, there, err := j.tx.Statement(s.ID); err != nil || !there && !j.possible(s, o.At) {
		return false, err
	}
	r, err := j.retake(s, sealed, o.At)
	if err != nil || r.Err != nil {
		return false, err
	}
	return true, errors.Join(j.tx.DropOwed(o.ID), j.revisit(s))
}

// possible folds a statement for nothing.
func (j *judge) possible(s policies.Statement, then policies.Micros) bool {
	defer j.asOf(then)()
	_, refusal, err := j.fold(s)
	return err == nil && refusal == nil
}
