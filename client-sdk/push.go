package attune

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// queued is a row of the outbox on its way.
type queued struct {
	id     policies.StatementID
	kind   policies.Kind
	record policies.RecordID
	made   policies.Micros
	sealed wire.Sealed
	bytes  int  // as it travels
	stops  bool // a restriction
}

// courier takes the outbox to the server.
type courier struct {
	d *desk

	first  bool // the oldest of the last batch is still queued
	wentOn bool // as another device, in this push
}

// push sends what is queued, restrictions first and alone, until nothing is left
// or the server cannot go on. Results are final and kept before the next batch.
//
// Restrictions have a last turn: those in a family that was opened on this device
// and is not known to the server yet. Sent before its family.open, such a "stop"
// would be refused as concerning nothing, and the consent behind it be accepted.
func (c *courier) push(ctx context.Context, r *Report) error {
	for _, restriction := range []bool{true, false, true} {
		for {
			batch, err := c.batch(restriction)
			if err != nil || len(batch) == 0 {
				if err != nil {
					return err
				}
				break
			}
			err = c.send(ctx, batch, c.pushed, r)
			if restriction && (unknownHere(err) || Outdated(err)) {
				err = c.apart(ctx, batch, r)
			}
			if c.copied(err) {
				c.wentOn = true
				if err = c.d.goOn(ctx, err); err == nil {
					r.Copied = true
				}
			}
			if CodeOf(err) == wire.CodeGap && !c.first {
				continue // the older ones are settled: now it is the oldest itself that misses one
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// batch is the oldest of the queue, as much as one push may hold.
func (c *courier) batch(restriction bool) (batch []queued, err error) {
	err = each(c.d.store.db, func(r *sql.Rows) error {
		var q queued
		var id, record string
		var made int64
		if err := r.Scan(&id, &record, &q.kind, &made, opens(c.d.store, &q.sealed.Statement, "outbox", &id)); err != nil {
			return err
		}
		q.made, q.bytes, q.stops = policies.Micros(made), len(q.sealed.Statement), restriction
		batch = append(batch, q)
		return errors.Join(batch[len(batch)-1].id.UnmarshalText([]byte(id)), batch[len(batch)-1].record.UnmarshalText([]byte(record)))
	}, `SELECT id, record, kind, made, raw FROM outbox WHERE state = 'queued' AND restriction = $1
		AND id NOT IN (SELECT id FROM deferred WHERE since > $3)
		AND (NOT restriction OR record NOT IN (SELECT id FROM outbox WHERE kind = 'family.open' AND state = 'queued'))
		ORDER BY seq LIMIT $2`,
		restriction, wire.MaxPushStatements, c.d.now().Add(-askAgain).UnixMicro())
	if err != nil {
		return nil, err
	}
	total := 0
	for i := range batch {
		if err := c.attach(&batch[i]); err != nil {
			return nil, err
		}
		if total += batch[i].bytes + 256; total > wire.MaxPushBytes && i > 0 {
			return batch[:i], nil
		}
	}
	return batch, nil
}

func (c *courier) attach(q *queued) error {
	q.sealed.Attachments = []wire.Attachment{}
	id := q.id.String()
	return each(c.d.store.db, func(r *sql.Rows) error {
		var a wire.Attachment
		if err := r.Scan(&a.Name, opens(c.d.store, &a.Body, "attachments", &id, &a.Name)); err != nil {
			return err
		}
		q.bytes += len(a.Body)*4/3 + len(a.Name) + 64
		q.sealed.Attachments = append(q.sealed.Attachments, a)
		return nil
	}, `SELECT name, body FROM attachments WHERE statement = $1 ORDER BY name`, id)
}

// send pushes one batch and keeps every result with the log's state in one
// transaction. A receipt that does not prove itself leaves all of it queued: the
// push is repeated, and is harmless to repeat.
func (c *courier) send(ctx context.Context, batch []queued, post delivery, r *Report) error {
	before, err := recall(c.d.store.db)
	if err != nil {
		return err
	}
	in := wire.PushRequest{Checkpoint: before.Size}
	if in.Acknowledged, err = acknowledged(c.d.store.db); err != nil {
		return err
	}
	for _, q := range batch {
		in.Statements = append(in.Statements, q.sealed)
	}
	reply, err := post(ctx, in)
	if err != nil {
		return err
	}
	if len(reply.Results) != len(batch) {
		return misplaced(len(reply.Results), len(batch))
	}
	if err := c.d.sameHistory(before, reply.Proven); err != nil {
		return err
	}
	after, err := (witness{c.d}).prove(c.d.mirror.Org(), before, reply.Proven)
	if err != nil {
		return err
	}
	var done Report
	var stuck error
	keep := func(tx *sql.Tx) error {
		done, stuck, c.first = Report{}, nil, false
		for i, res := range reply.Results {
			if err := c.settle(tx, batch[i], res, after, &done, &stuck); err != nil {
				return err
			}
			c.first = c.first || i == 0 && stuck != nil
		}
		for _, id := range in.Acknowledged {
			if _, err := tx.Exec(`DELETE FROM acknowledged WHERE id = $1`, id.String()); err != nil {
				return err
			}
		}
		return (witness{c.d}).remember(tx, after)
	}
	if batch[0].stops {
		err = c.d.store.withReserve(func() error { return c.d.store.must(keep) })
	} else {
		err = c.d.store.write(keep)
	}
	if err != nil {
		return err
	}
	r.Accepted, r.Refused = append(r.Accepted, done.Accepted...), append(r.Refused, done.Refused...)
	r.Deferred = append(r.Deferred, done.Deferred...)
	return stuck
}

// delivery is a way to the server.
type delivery func(ctx context.Context, in wire.PushRequest) (wire.PushReply, error)

func (c *courier) pushed(ctx context.Context, in wire.PushRequest) (reply wire.PushReply, err error) {
	return reply, c.d.remote.call(ctx, http.MethodPost, "/v1/sync/push", in, &reply)
}

// misplaced: the server answered about more or fewer statements than it was sent.
func misplaced(got, sent int) error {
	return lied(CodeOtherAnswer, exhibit{Got: fmt.Sprintf("%d answers", got), Expected: fmt.Sprintf("%d answers", sent)}, nil,
		"The server answered about other statements than were sent.")
}

// proved holds an acknowledgement against the signed log. One without a receipt is
// worth nothing: what was sent would leave the queue on the server's word.
func (q queued) proved(res wire.Result, after mark) error {
	err := checkReceipt(q.id, res.Receipt, after.Checkpoint)
	if err == nil && res.Receipt.Place.Record != q.record && res.Receipt.Place.Record != policies.RecordID(q.id) {
		err = errors.New("it is for another record")
	}
	if err != nil {
		return lied(CodeReceipt, ofReceipt(q.sealed.Statement, res).with("", after.note, nil), err, "The receipt for statement %s proves nothing.", q.id.Short())
	}
	return nil
}

// unsettled: a refusal that says nothing about what was sent, which stays queued.
// An earlier number is missing at the server, another device has used this one, or
// the server cannot take anything just now.
func unsettled(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case wire.CodeGap, wire.CodeReused, wire.CodeBusy, wire.CodeFull, wire.CodeInternal:
		return true
	}
	return false
}

// settle keeps one result; an unsettled one goes to stuck.
func (c *courier) settle(tx *sql.Tx, q queued, res wire.Result, after mark, r *Report, stuck *error) error {
	if res.ID != q.id {
		return lied(CodeOtherAnswer, ofReceipt(q.sealed.Statement, res), nil, "The server answered about statement %s, and %s was sent.", res.ID.Short(), q.id.Short())
	}
	out := Outcome{ID: q.id, Kind: q.kind, Record: q.record, Made: q.made.Time(), Rules: res.Rules}
	switch res.Status {
	case wire.Accepted, wire.Duplicate:
		if err := q.proved(res, after); err != nil {
			return err
		}
		r.Accepted = append(r.Accepted, out)
		if err := keepReceipt(tx, q.id.String(), res.Receipt, after.note); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE outbox SET state = 'accepted', head = $2, leaf = $3 WHERE id = $1`,
			q.id.String(), res.Receipt.Place.Head.String(), res.Receipt.Place.Index)
		return err
	case wire.Refused:
		out.explain(res.Code, res.Message, res.Retry)
		if why := (&Error{Code: res.Code, Message: out.Message, Next: out.Next}); unsettled(why) {
			if *stuck == nil {
				*stuck = why
			}
			return nil
		}
		r.Refused = append(r.Refused, out)
		return refuse(tx, out)
	case wire.Deferred:
		r.Deferred = append(r.Deferred, out)
		_, err := tx.Exec(`INSERT INTO deferred (id, since) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET since = excluded.since`,
			q.id.String(), c.d.now().UnixMicro())
		return err
	}
	return untrusted(fmt.Sprintf("The server answered %q about statement %s.", res.Status, q.id.Short()), nil)
}
