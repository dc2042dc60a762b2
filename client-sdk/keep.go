package attune

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// keep stores an item that was folded. A statement of our own leaves the outbox:
// the feed must show it exactly where the receipt said that it stands.
func (p *pageFold) keep(s policies.Statement, item wire.Item) error {
	pl := item.Place
	if err := p.floor(item); err != nil {
		return err
	}
	var head string
	var leaf int64
	err := p.tx.QueryRow(`DELETE FROM outbox WHERE id = $1 RETURNING head, leaf`, item.ID.String()).Scan(&head, &leaf)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && head != "" && (head != pl.Head.String() || leaf != pl.Index) {
		return refused(item, errors.New("it stands elsewhere than its receipt says"))
	}
	_, err = p.tx.Exec(`INSERT INTO statements (id, record, position, class, head, org_head, at, leaf, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		item.ID.String(), pl.Record.String(), pl.Position, pl.Class, pl.Head.String(), pl.OrgHead.String(), int64(pl.At), pl.Index, item.Statement)
	if err != nil {
		return refused(item, err)
	}
	for _, a := range item.Attachments {
		// What is here was made or verified here: the first one stays.
		if _, err := p.tx.Exec(`INSERT INTO attachments (statement, name, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			item.ID.String(), a.Name, a.Body); err != nil {
			return err
		}
	}
	return nil
}

// floor holds a feed that started again against where the record had been.
func (p *pageFold) floor(item wire.Item) error {
	var position int64
	var head string
	err := p.tx.QueryRow(`SELECT floor_position, floor_head FROM records WHERE record = $1`, item.Place.Record.String()).Scan(&position, &head)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && position == item.Place.Position && head != item.Place.Head.String() {
		return rolledBack(item.Place.Record)
	}
	return err
}

func rolledBack(r policies.RecordID) error {
	return problem(CodeForked, "Stop working with this server and tell your IG officer.",
		"The record %s was sent again, and is not the one that this device saw before.", r.Short())
}

// wholeAgain is asked at the end of a feed: a record that was sent again must
// reach at least as far as it had.
func (fd *feed) wholeAgain() error {
	var short policies.RecordID
	err := each(fd.d.store.db, func(r *sql.Rows) error {
		var record string
		if err := r.Scan(&record); err != nil {
			return err
		}
		return short.UnmarshalText([]byte(record))
	}, `SELECT record FROM records r WHERE state <> ''
		AND floor_position > (SELECT COALESCE(MAX(position), 0) FROM statements s WHERE s.record = r.record)`)
	if err == nil && !short.IsZero() {
		return rolledBack(short)
	}
	return err
}

// forget removes what is held of a family's record, but not what is queued here:
// that was never the server's to delete.
func (p *pageFold) forget(r policies.RecordID) error {
	if r == policies.RecordID(p.m.d.me.Org) {
		p.org, p.past = nil, past{tx: p.tx} // all of it follows, or the page is refused
	} else {
		p.families[policies.FamilyID(r)] = nil
	}
	for _, q := range []string{
		`DELETE FROM attachments WHERE statement IN (SELECT id FROM statements WHERE record = $1) AND statement NOT IN (SELECT id FROM outbox)`,
		`DELETE FROM statements WHERE record = $1`,
		`UPDATE records SET state = '' WHERE record = $1`,
	} {
		if _, err := p.tx.Exec(q, r.String()); err != nil {
			return err
		}
	}
	return nil
}

// save writes the folded states, and raises the floors.
func (p *pageFold) save() error {
	states := map[policies.RecordID]string{}
	heads := map[policies.RecordID]policies.Digest{}
	counts := map[policies.RecordID]int64{}
	add := func(r policies.RecordID, state any, head policies.Digest, count int64) (err error) {
		states[r], err = marshal(state)
		heads[r], counts[r] = head, count
		return err
	}
	if p.org != nil {
		if err := add(policies.RecordID(p.org.ID), p.org, p.org.Head, p.org.Count); err != nil {
			return err
		}
	}
	for id, f := range p.families {
		if f == nil {
			continue
		}
		if err := add(policies.RecordID(id), f, f.Head, f.Count); err != nil {
			return err
		}
	}
	for r, state := range states {
		if _, err := p.tx.Exec(`INSERT INTO records (record, state, floor_position, floor_head) VALUES ($1, $2, $3, $4)
			ON CONFLICT (record) DO UPDATE SET state = excluded.state,
				floor_head = CASE WHEN excluded.floor_position > floor_position THEN excluded.floor_head ELSE floor_head END,
				floor_position = MAX(floor_position, excluded.floor_position)`,
			r.String(), state, counts[r], heads[r].String()); err != nil {
			return fmt.Errorf("keep state of %s: %w", r.Short(), err)
		}
	}
	return nil
}

// errLaterOrg means that the state of the organisation under which a statement was
// judged is not here, or not yet.
var errLaterOrg = errors.New("it was judged under a state of the organisation that this device does not know")

// inOrder holds a family's statement against the log: behind the one before it in its
// record, and before whatever the organisation stated after the head under which it was
// judged. Else a server could take, today, what somebody who was revoked yesterday
// signs, and claim that it came the day before. [feed.attest] proves the place.
func (p *pageFold) inOrder(item wire.Item) error {
	pl := item.Place
	var late bool
	err := p.tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM statements WHERE record = $1 AND position = $2 AND leaf >= $5)
		OR ($4 AND EXISTS (SELECT 1 FROM statements WHERE record = $3 AND position = $6 AND leaf <= $5))`,
		pl.Record.String(), pl.Position-1, p.org.ID.String(), pl.OrgHead != p.org.Head, pl.Index, p.past.position+1).Scan(&late)
	if err == nil && late {
		err = errors.New("the log has it elsewhere than the state of the organisation that it was judged under")
	}
	return err
}

// past folds the organisation up to an earlier head. Feeds ask in order, so it
// goes on from where it is and starts again only when asked for something older.
type past struct {
	tx       *sql.Tx
	at       *policies.Org
	position int64
}

func (p *past) org(now *policies.Org, head policies.Digest) (*policies.Org, error) {
	if now.Head == head {
		return now, nil
	}
	var want int64
	err := p.tx.QueryRow(`SELECT position FROM statements WHERE record = $1 AND head = $2`, now.ID.String(), head.String()).Scan(&want)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errLaterOrg
	} else if err != nil {
		return nil, err
	}
	if p.at == nil || p.position > want {
		p.at, p.position = nil, 0
	}
	err = each(p.tx, func(r *sql.Rows) error {
		var raw string
		var at int64
		if err := r.Scan(&raw, &at); err != nil {
			return err
		}
		return p.step(now, raw, policies.Micros(at))
	}, `SELECT raw, at FROM statements WHERE record = $1 AND position > $2 AND position <= $3 ORDER BY position`,
		now.ID.String(), p.position, want)
	if err != nil {
		return nil, err
	}
	p.position = want
	return p.at, nil
}

func (p *past) step(now *policies.Org, raw string, at policies.Micros) error {
	s, err := statement.Verify([]byte(raw), now.Key)
	if err != nil {
		return err
	}
	if p.at == nil {
		p.at, err = policies.NewOrg(s)
		return err
	}
	_, err = p.at.Apply(s, at)
	return err
}
