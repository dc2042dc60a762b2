package attune

import (
	"context"
	"database/sql"
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

// attest has the server prove, for every record that moved, that its last
// statement stands in the signed log where the feed put it.
//
// The chain of a record shows only that a feed agrees with itself: a server could
// leave a withdrawal out and chain the rest anew, for this device alone. The leaf
// of the last statement carries the record's head, so one proof commits to all
// before it. It is asked for by pushing the statement again, which is a duplicate
// and changes nothing.
func (fd *feed) attest(ctx context.Context) error {
	due, err := fd.d.shelf.unproven()
	for ; err == nil && len(due) > 0; due = due[min(len(due), wire.MaxPushStatements):] {
		err = fd.proof(ctx, due[:min(len(due), wire.MaxPushStatements)])
	}
	return err
}

func (fd *feed) proof(ctx context.Context, due []standing) error {
	before, err := recall(fd.d.store.db)
	if err != nil {
		return err
	}
	ask := wire.PushRequest{Checkpoint: before.Size}
	for _, s := range due {
		ask.Statements = append(ask.Statements, wire.Sealed{Statement: s.raw, Attachments: []wire.Attachment{}})
	}
	var reply wire.PushReply
	if err := fd.d.remote.call(ctx, http.MethodPost, "/v1/sync/push", ask, &reply); err != nil {
		return err
	}
	w := witness{fd.d}
	after, err := w.prove(fd.d.mirror.Org(), before, reply.Proven)
	if err != nil {
		return err
	}
	if len(reply.Results) != len(due) {
		return untrusted("The server answered about other statements than were sent.", nil)
	}
	return fd.d.store.write(func(tx *sql.Tx) error {
		for i, s := range due {
			if err := s.holds(reply.Results[i], after); err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE records SET proven = $2 WHERE record = $1`, s.place.Record.String(), s.place.Head.String()); err != nil {
				return err
			}
		}
		return w.remember(tx, after)
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
		return problem(CodeForked, "Do not film for this family, and tell your IG officer.",
			"The record %s that the server sent is not the one in its signed log.", s.place.Record.Short()).because(err)
	}
	return nil
}

// unproven are the last readable statements of records that moved since they were
// proved. org.root alone cannot be asked for: its key stands in no certificate.
func (sh *shelf) unproven() (out []standing, err error) {
	err = each(sh.d.store.db, func(r *sql.Rows) error {
		var s standing
		var id, record, head, orgHead string
		if err := r.Scan(&id, &record, &s.place.Position, &s.place.Class, &head, &orgHead, &s.place.Index, &s.raw); err != nil {
			return err
		}
		err := errors.Join(s.id.UnmarshalText([]byte(id)), s.place.Record.UnmarshalText([]byte(record)),
			s.place.Head.UnmarshalText([]byte(head)), s.place.OrgHead.UnmarshalText([]byte(orgHead)))
		out = append(out, s)
		return err
	}, `SELECT s.id, s.record, s.position, s.class, s.head, s.org_head, s.leaf, s.raw
		FROM records r JOIN statements s ON s.record = r.record
		WHERE r.state <> '' AND s.head <> r.proven AND (s.record <> $1 OR s.position > 1)
			AND s.position = (SELECT MAX(x.position) FROM statements x WHERE x.record = r.record AND x.raw <> '')`, sh.d.me.Org.String())
	return out, err
}

// proven shuts the filming gate while what this device holds of a family, or of
// the organisation, has not been proved to be what the log holds.
func (sh *shelf) proven(family policies.RecordID) (policies.Gate, error) {
	due, err := sh.unproven()
	for _, s := range due {
		if s.place.Record == family || s.place.Record == policies.RecordID(sh.d.me.Org) {
			return policies.Gate{Reasons: []policies.Reason{{Rule: policies.ProofRule,
				Text: "The last sync did not come to its end. Connect once more, then film."}}}, err
		}
	}
	return policies.Gate{Open: true}, err
}
