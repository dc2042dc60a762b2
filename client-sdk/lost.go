package attune

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// lostOne is a statement that the service forgot.
type lostOne struct {
	id     policies.StatementID
	record string
	leaf   int64 // in the log that was
	again  wire.Again
	bytes  int
	stops  bool // a restriction
}

// returner brings what a service forgot that was put back from a backup: what this device
// said, and what it holds of colleagues', who may have lost theirs.
type returner struct {
	d *desk

	// Of the last run: what the service had to take, what it did not, and what it did.
	expected map[policies.StatementID]bool
	untaken  []untaken
	taken    []lostOne
}

// lostAt is how far a run has come: two histories can have had a row of the same number.
type lostAt struct {
	leaf int64
	id   string
}

// run brings all of it, in the order of the log. What is refused stays, and is brought
// again with each sync: it may rest on what another device holds. What the service should
// have taken is held against it after the next feed: see withheld.
func (b *returner) run(ctx context.Context, r *Report) (err error) {
	if b.expected, err = b.due(); err != nil {
		return err
	}
	last := lostAt{leaf: -1}
	for {
		batch, err := b.batch(last)
		if err != nil || len(batch) == 0 {
			return err
		}
		batch, proofs, err := b.provable(batch)
		if err != nil {
			return err
		}
		if err := b.send(ctx, batch, proofs, r); err != nil {
			return err
		}
		end := batch[len(batch)-1]
		last = lostAt{end.leaf, end.id.String()}
	}
}

// batch is what comes after a leaf, as much as one request may hold.
func (b *returner) batch(after lostAt) (batch []lostOne, err error) {
	err = each(b.d.store.db, func(rows *sql.Rows) error {
		var l lostOne
		var id, table string
		var at int64
		if err := rows.Scan(&id, &l.record, &at, &l.leaf, &table, opensIn(b.d.store, &l.again.Sealed.Statement, &table, &id)); err != nil {
			return err
		}
		l.again.At = policies.Micros(at)
		err := l.id.UnmarshalText([]byte(id))
		batch = append(batch, l)
		return err
	}, `SELECT id, record, at, leaf, sealed_in, raw FROM lost
		WHERE (leaf, id) > ($1, $2) AND code <> 'taken' ORDER BY leaf, id LIMIT $3`, after.leaf, after.id, wire.MaxAgainStatements)
	if err != nil {
		return nil, err
	}
	return b.fit(batch)
}

// fit adds what lies beside the statements, and leaves the rest for the next request when
// that is too much for one.
func (b *returner) fit(batch []lostOne) ([]lostOne, error) {
	total := 0
	for i := range batch {
		q := queued{id: batch[i].id, bytes: len(batch[i].again.Sealed.Statement)}
		if err := (&courier{d: b.d}).attach(&q); err != nil {
			return nil, err
		}
		batch[i].again.Sealed.Attachments = q.sealed.Attachments
		if total += q.bytes + 256; total > wire.MaxPushBytes/2 && i > 0 { // the proofs need room, too
			return batch[:i], nil
		}
		if s, err := trusted(batch[i].again.Sealed.Statement, b.d); err == nil {
			row, _ := policies.RowOf(s.Kind)
			batch[i].stops = row.Restriction
		}
	}
	return batch, nil
}

// provable is as much of a batch as one request holds the proofs of, and those. A record
// whose forgotten part is too long for any request goes without, and its statements are
// judged as if they were new.
func (b *returner) provable(batch []lostOne) ([]lostOne, []wire.Evidence, error) {
	out, seen, links := []wire.Evidence{}, map[string]bool{}, 0
	for i, l := range batch {
		for _, name := range []string{l.record, l.id.String()} {
			if seen[name] {
				continue
			}
			seen[name] = true
			e, ok, err := b.evidence(name)
			if err != nil {
				return nil, nil, err
			}
			if !ok || len(e.Links) > wire.MaxAgainLinks {
				continue
			}
			if len(out) == wire.MaxAgainEvidence || links+len(e.Links) > wire.MaxAgainLinks {
				return batch[:i], out, nil // never at the first, which has two
			}
			out, links = append(out, e), links+len(e.Links)
		}
	}
	return batch, out, nil
}

// evidence is what proves a record, or a statement of this device's; false where nothing
// is here that does.
func (b *returner) evidence(name string) (e wire.Evidence, ok bool, err error) {
	var text string
	err = b.d.store.db.QueryRow(`SELECT evidence FROM lost_proofs WHERE name = $1`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &e)
	}
	return e, err == nil, err
}

func (b *returner) send(ctx context.Context, batch []lostOne, proofs []wire.Evidence, r *Report) error {
	before, err := recall(b.d.store.db)
	if err != nil {
		return err
	}
	in := wire.AgainRequest{Checkpoint: before.Size, Statements: []wire.Again{}, Evidence: proofs}
	for _, l := range batch {
		in.Statements = append(in.Statements, l.again)
	}
	var reply wire.PushReply
	if err := b.d.remote.call(ctx, http.MethodPost, "/v1/sync/again", in, &reply); err != nil {
		return err
	}
	if len(reply.Results) != len(batch) {
		return misplaced(len(reply.Results), len(batch))
	}
	if err := b.d.sameHistory(before, reply.Proven); err != nil {
		return err
	}
	after, err := (witness{b.d}).prove(b.d.mirror.Org(), before, reply.Proven)
	if err != nil {
		return err
	}
	return b.d.store.must(func(tx *sql.Tx) error {
		for i, res := range reply.Results {
			if err := b.settle(tx, batch[i], res, before, after, r); err != nil {
				return err
			}
		}
		return (witness{b.d}).remember(tx, after)
	})
}

// settle keeps what became of one. What was taken comes back by the feed.
func (b *returner) settle(tx *sql.Tx, l lostOne, res wire.Result, before, after mark, r *Report) error {
	if res.ID != l.id {
		return lied(CodeOtherAnswer, ofReceipt(l.again.Sealed.Statement, res), nil, "The server answered about statement %s, and %s was sent.", res.ID.Short(), l.id.Short())
	}
	if res.Status == wire.Refused || res.Status == wire.Deferred {
		r.Unreturned++
		b.untaken = append(b.untaken, untaken{l, res, before, after})
		_, err := tx.Exec(`UPDATE lost SET code = $2 WHERE id = $1`, l.id.String(), string(res.Code))
		return err
	}
	q := queued{id: l.id, sealed: l.again.Sealed}
	if err := q.record.UnmarshalText([]byte(l.record)); err != nil {
		return err
	}
	if err := q.proved(res, after); err != nil {
		return err
	}
	r.Returned++
	b.taken = append(b.taken, l)
	if _, err := tx.Exec(`UPDATE outbox SET head = $2, leaf = $3 WHERE id = $1 AND state = 'accepted'`,
		l.id.String(), res.Receipt.Place.Head.String(), res.Receipt.Place.Index); err != nil {
		return err
	}
	if err := keepReceipt(tx, l.id.String(), res.Receipt, after.note); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE lost SET code = 'taken' WHERE id = $1`, l.id.String())
	return err
}
