package attune

import (
	"database/sql"
	"encoding/json"
	"errors"

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

// receipt is the proof of one record's end that came with a page, and the state of the log
// that it leads to.
type receipt struct {
	wire.Receipt
	under mark
}

// attest has every record of a page proved: its last statement that this person can read
// stands in the signed log where the feed put it.
//
// The chain of a record shows only that a feed agrees with itself: a server could leave a
// withdrawal out and chain the rest anew, for this device alone. The leaf of the last
// statement carries the record's head, so one proof commits to all before it.
//
// What is proved raises the floors: a feed that starts a record again may not end earlier
// than here, or go another way.
func (p *pageFold) attest(given map[policies.RecordID]receipt) error {
	due, err := unproven(p.tx, p.m.d.store, p.m.d.me.Org)
	if err != nil {
		return err
	}
	for _, s := range due {
		if !p.touched[s.place.Record] {
			continue // of an older version of this program: see feed.leftover
		}
		r, ok := given[s.place.Record]
		proved := s
		if p.hidden[s.place.Record] && r.Place.Position < s.place.Position {
			// Who left the team may still hold what they read as one of it, and the server
			// proves what it shows to them now: what nobody may hide.
			if proved, err = p.lastControl(s); err != nil {
				return err
			}
		}
		if err := proved.holds(r, ok); err != nil {
			return err
		}
		if err := keepReceipt(p.tx, s.place.Record.String(), &r.Receipt, r.under.note); err != nil {
			return err
		}
		if _, err := p.tx.Exec(`UPDATE records SET proven = $2,
				floor_head = CASE WHEN $3 > floor_position THEN $2 ELSE floor_head END,
				floor_position = MAX(floor_position, $3) WHERE record = $1`,
			s.place.Record.String(), s.place.Head.String(), s.place.Position); err != nil {
			return err
		}
	}
	return nil
}

// lastControl is the last control statement of the record of s.
func (p *pageFold) lastControl(s standing) (standing, error) {
	var id, head, orgHead string
	err := p.tx.QueryRow(`SELECT id, position, class, head, org_head, leaf FROM statements
		WHERE record = $1 AND class = $2 ORDER BY position DESC LIMIT 1`, s.place.Record.String(), policies.Control).
		Scan(&id, &s.place.Position, &s.place.Class, &head, &orgHead, &s.place.Index)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	return s, errors.Join(err, s.id.UnmarshalText([]byte(id)), s.place.Head.UnmarshalText([]byte(head)), s.place.OrgHead.UnmarshalText([]byte(orgHead)))
}

// leftover begins the feed anew where something is held that was never proved: taken by
// an older version of this program, which took first and asked afterwards.
func (fd *feed) leftover() error {
	due, err := unproven(fd.d.store.db, fd.d.store, fd.d.me.Org)
	if err != nil || len(due) == 0 {
		return err
	}
	return fd.d.store.write(func(tx *sql.Tx) error { return set(tx, settingCursor, "") })
}

// holds compares what the log proves with what the feed said.
func (s standing) holds(r receipt, came bool) error {
	err := errors.New("no receipt came with it")
	if came {
		err = checkReceipt(s.id, &r.Receipt, r.under.Checkpoint)
	}
	if err == nil {
		if p := r.Place; p.Head != s.place.Head || p.Position != s.place.Position || p.OrgHead != s.place.OrgHead || p.Class != s.place.Class || p.Index != s.place.Index {
			err = errors.New("the log has it elsewhere")
		}
	}
	if err == nil {
		return nil
	}
	shows := ofReceipt(s.raw, wire.Result{ID: s.id, Receipt: &r.Receipt}).with("", r.under.note, nil)
	shows.Expected, shows.Record = "", s.place.Record
	if said, e := json.Marshal(s.place); e == nil {
		shows.Expected = string(said) // where the feed has it
	}
	return lied(CodeNotInLog, shows, err, "The record %s that the server sent is not the one in its signed log.", s.place.Record.Short())
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
	if stopped, err := sh.d.stoppedAt(family); err != nil || stopped {
		return policies.Gate{Reasons: []policies.Reason{{Rule: policies.ProofRule,
			Text: "This program is too old to read all of this family's record. Update it, sync, then film."}}}, err
	}
	due, err := unproven(sh.d.store.db, sh.d.store, sh.d.me.Org)
	for _, s := range due {
		if s.place.Record == family || s.place.Record == policies.RecordID(sh.d.me.Org) {
			return policies.Gate{Reasons: []policies.Reason{{Rule: policies.ProofRule,
				Text: "The last sync did not come to its end. Connect once more, then film."}}}, err
		}
	}
	return policies.Gate{Open: true}, err
}
