package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// errMoved means that somebody said something between what was read and what was to be
// stated on it.
var errMoved = errors.New("the record has moved on")

// stateTries is how often a statement is made anew for a record that moves on.
const stateTries = 8

// stateIf is [Records.state] for what must be true of the very state that it is accepted
// in: what say was given is what the statement is judged on, or it is made anew. A nil body
// states nothing, and gives a zero id. So a hold and an order to destroy stand in one order,
// and one of them loses.
func (r *Records) stateIf(ctx context.Context, id policies.FamilyID, say func(*policies.Family, policies.Terms) (policies.Kind, policies.Body)) (policies.StatementID, error) {
	r.d.stating.Lock()
	defer r.d.stating.Unlock()
	for range stateTries {
		sid, err := r.tryState(ctx, id, say)
		if !errors.Is(err, errMoved) {
			return sid, err
		}
	}
	return policies.StatementID{}, errMoved
}

// asked is what a statement of the server is made from.
type asked struct {
	org    *policies.Org
	family *policies.Family
	terms  policies.Terms
	n      int64 // the last number of the server's key
}

func (r *Records) tryState(ctx context.Context, id policies.FamilyID, say func(*policies.Family, policies.Terms) (policies.Kind, policies.Body)) (sid policies.StatementID, err error) {
	var a asked
	if err := r.d.rows.Read(ctx, func(v *rows.View) (err error) {
		a, err = r.d.asks(v, id)
		return err
	}); err != nil {
		return sid, err
	}
	kind, body := say(a.family, a.terms)
	if body == nil {
		return sid, nil
	}
	record, head := policies.RecordID(id), a.family.Head
	if row, _ := policies.RowOf(kind); row.Family == nil { // of the family, in the organisation's record
		record, head = policies.RecordID(a.org.ID), a.org.Head
	}
	raw, s, err := statement.Sign(policies.Statement{
		Signer: policies.KeyID(a.org.Server.Certificate), Record: record, Kind: kind, N: a.n + 1, At: a.terms.Now,
		Deps: a.family.DepsFor(a.org, body), Seen: policies.Seen{Head: head}, Body: body,
	}, r.d.cfg.Key)
	if err != nil {
		return sid, fmt.Errorf("sign %s: %w", kind, err)
	}
	r.d.step("before " + string(kind))
	var result Result
	err = r.d.rows.Write(ctx, func(tx *rows.Tx) error {
		again, err := r.d.asks(tx, id)
		if err != nil {
			return err
		}
		if again.n != a.n || again.org.Head != a.org.Head || again.family.Head != a.family.Head {
			return errMoved
		}
		j, err := newJudge(r.d, tx, policies.Caller{Server: true})
		if err != nil {
			return err
		}
		if result, err = j.judge(s, Sealed{Statement: raw}); err != nil {
			return err
		}
		return j.keep()
	})
	if err != nil {
		return sid, err
	}
	r.d.step("after " + string(kind))
	return s.ID, result.Err
}

// asksOf is what both kinds of transaction read.
type asksOf interface {
	stateReader
	attachmentReader
	LastNumber(policies.PublicKey) (int64, error)
}

func (d *door) asks(from asksOf, id policies.FamilyID) (a asked, err error) {
	if a.org, err = d.org.read(from); err != nil {
		return a, err
	}
	if a.family, err = from.Family(id); err != nil {
		return a, err
	}
	if a.family == nil {
		return a, ErrNotFound
	}
	if a.n, err = from.LastNumber(a.org.Server.Key); err != nil {
		return a, err
	}
	a.terms, err = d.terms(from, a.org, d.now())
	return a, err
}

// terms are what film is judged under at a time.
func (d *door) terms(from attachmentReader, o *policies.Org, at policies.Micros) (policies.Terms, error) {
	pack, err := d.figures(from, o)
	return policies.NewTerms(o, pack, d.cfg.where(), at), err
}
