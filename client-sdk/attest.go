package attune

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// standing is the last statement of a record that this device can read, where the
// feed says it stands.
type standing struct {
	id    policies.StatementID
	place wire.Place
	raw   string
}

// proofs are what the signed log says of the places that a feed gave.
type proofs struct {
	due   []standing
	after mark // the state of the log that proves them
}

// prove has the server prove, for every record that moved, that its last
// statement stands in the signed log where the feed put it.
//
// The chain of a record shows only that a feed agrees with itself: a server could
// leave a withdrawal out and chain the rest anew, for this device alone. The leaf
// of the last statement carries the record's head, so one proof commits to all
// before it. It is asked for by pushing the statement again, which is a duplicate
// and changes nothing.
func (fd *feed) prove(ctx context.Context, org *policies.Org, before mark, due []standing) (proofs, error) {
	p := proofs{due: due, after: before}
	for ; len(due) > 0; due = due[min(len(due), wire.MaxPushStatements):] {
		some := due[:min(len(due), wire.MaxPushStatements)]
		ask := wire.PushRequest{Checkpoint: p.after.Size}
		for _, s := range some {
			ask.Statements = append(ask.Statements, wire.Sealed{Statement: s.raw, Attachments: []wire.Attachment{}})
		}
		var reply wire.PushReply
		err := fd.d.remote.call(ctx, http.MethodPost, "/v1/sync/push", ask, &reply)
		if err != nil {
			return p, err
		}
		if p.after, err = (witness{fd.d}).prove(org, p.after, reply.Proven); err != nil {
			return p, err
		}
		if len(reply.Results) != len(some) {
			return p, misplaced(len(reply.Results), len(some))
		}
		for i, s := range some {
			if err := s.holds(reply.Results[i], p.after); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

// keep remembers what was proved, and raises the floors: a feed that starts a record
// again may not end earlier than here, or go another way. What is not proved sets no
// floor, or a server could shut a device out from the truth by one lie.
func (p *proofs) keep(tx *sql.Tx) error {
	for _, s := range p.due {
		if _, err := tx.Exec(`UPDATE records SET proven = $2,
				floor_head = CASE WHEN $3 > floor_position THEN $2 ELSE floor_head END,
				floor_position = MAX(floor_position, $3) WHERE record = $1`,
			s.place.Record.String(), s.place.Head.String(), s.place.Position); err != nil {
			return err
		}
	}
	return nil
}

// attest proves what was taken in another way than by a page: of an older version of
// this program, which took first and asked afterwards.
func (fd *feed) attest(ctx context.Context) error {
	due, err := unproven(fd.d.store.db, fd.d.store, fd.d.me.Org)
	if err != nil || len(due) == 0 {
		return err
	}
	before, err := recall(fd.d.store.db)
	if err != nil {
		return err
	}
	p, err := fd.prove(ctx, fd.d.mirror.Org(), before, due)
	if err != nil {
		return err
	}
	return fd.d.store.write(func(tx *sql.Tx) error {
		if err := p.keep(tx); err != nil {
			return err
		}
		return (witness{fd.d}).remember(tx, p.after)
	})
}

// holds compares what the log proves with what the feed said.
func (s standing) holds(r wire.Result, signed mark) error {
	err := checkReceipt(s.id, r.Receipt, signed.Checkpoint)
	if err == nil {
		if p := r.Receipt.Place; p.Head != s.place.Head || p.Position != s.place.Position || p.OrgHead != s.place.OrgHead || p.Class != s.place.Class || p.Index != s.place.Index {
			err = errors.New("the log has it elsewhere")
		}
	}
	if err != nil || r.ID != s.id {
		shows := ofReceipt(s.raw, r).with("", signed.note, nil)
		shows.Expected, shows.Record = "", s.place.Record
		if said, e := json.Marshal(s.place); e == nil {
			shows.Expected = string(said) // where the feed has it
		}
		return lied(CodeNotInLog, shows, err, "The record %s that the server sent is not the one in its signed log.", s.place.Record.Short())
	}
	return nil
}

// unproven are the last readable statements of records that moved since they were
// proved. org.root alone cannot be asked for: its key stands in no certificate.
func unproven(q querier, in *store, org policies.OrgID) (out []standing, err error) {
	err = each(q, func(r *sql.Rows) error {
		var s standing
		var id, record, head, orgHead string
		if err := r.Scan(&id, &record, &s.place.Position, &s.place.Class, &head, &orgHead, &s.place.Index, opens(in, &s.raw, "statements", &id)); err != nil {
			return err
		}
		err := errors.Join(s.id.UnmarshalText([]byte(id)), s.place.Record.UnmarshalText([]byte(record)),
			s.place.Head.UnmarshalText([]byte(head)), s.place.OrgHead.UnmarshalText([]byte(orgHead)))
		out = append(out, s)
		return err
	}, `SELECT s.id, s.record, s.position, s.class, s.head, s.org_head, s.leaf, s.raw
		FROM records r JOIN statements s ON s.record = r.record
		WHERE r.state <> '' AND s.head <> r.proven AND (s.record <> $1 OR s.position > 1)
			AND s.position = (SELECT MAX(x.position) FROM statements x WHERE x.record = r.record AND x.raw <> '')`, org.String())
	return out, err
}

// proven shuts the filming gate while what this device holds of a family, or of
// the organisation, has not been proved to be what the log holds.
func (sh *shelf) proven(family policies.RecordID) (policies.Gate, error) {
	due, err := unproven(sh.d.store.db, sh.d.store, sh.d.me.Org)
	for _, s := range due {
		if s.place.Record == family || s.place.Record == policies.RecordID(sh.d.me.Org) {
			return policies.Gate{Reasons: []policies.Reason{{Rule: policies.ProofRule,
				Text: "The last sync did not come to its end. Connect once more, then film."}}}, err
		}
	}
	return policies.Gate{Open: true}, err
}
