package attune

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// keep stores an item that was folded. A statement of our own leaves the outbox:
// the feed must show it exactly where the receipt said that it stands.
func (p *pageFold) keep(s policies.Statement, item wire.Item) error {
	pl := item.Place
	if item.Statement != "" {
		p.hear(s, pl.At)
	}
	if err := p.floor(item); err != nil {
		return err
	}
	var head string
	var leaf int64
	err := p.tx.QueryRow(`DELETE FROM outbox WHERE id = $1 RETURNING head, leaf`, item.ID.String()).Scan(&head, &leaf)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, q := range []string{`DELETE FROM receipts WHERE name = $1`, `DELETE FROM lost WHERE id = $1`} { // here it is
		if _, err := p.tx.Exec(q, item.ID.String()); err != nil {
			return err
		}
	}
	if err == nil && head != "" && (head != pl.Head.String() || leaf != pl.Index) {
		return lied(CodeRolledBack, ofItem(item), errors.New("it stands elsewhere than its receipt says"),
			"The server gave a receipt for statement %s, and has it elsewhere now.", item.ID.Short())
	}
	_, err = p.tx.Exec(`INSERT INTO statements (id, record, position, class, head, org_head, at, leaf, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		item.ID.String(), pl.Record.String(), pl.Position, pl.Class, pl.Head.String(), pl.OrgHead.String(), int64(pl.At), pl.Index,
		p.m.d.store.shut([]byte(item.Statement), "statements", item.ID.String()))
	if err != nil {
		return refused(item, err)
	}
	if (s.Body == policies.Unread{}) {
		return nil // what lies beside it cannot be held against it; it comes again once its kind is known
	}
	for _, a := range item.Attachments {
		// What is here was made or verified here: the first one stays.
		if _, err := p.tx.Exec(`INSERT INTO attachments (statement, name, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			item.ID.String(), a.Name, p.m.d.store.shut(a.Body, "attachments", item.ID.String(), a.Name)); err != nil {
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
		return rolledBack(item.Place.Record, ofItem(item))
	}
	return err
}

func rolledBack(r policies.RecordID, shows exhibit) *Error {
	shows.Record = r
	return lied(CodeRolledBack, shows, nil, "The record %s was sent again, and is not the one that this device saw before.", r.Short())
}

// errShort means that a record that is sent again has not come as far yet as it is
// held here.
var errShort = errors.New("it is not whole yet")

// reached is asked when a page is folded: a record that was sent again must reach at
// least as far as it had been, or what is held would be lost on the server's word.
func (p *pageFold) reached() error {
	for r := range p.again {
		var position, floor int64
		var head string
		err := p.tx.QueryRow(`SELECT floor_position, floor_head, (SELECT COALESCE(MAX(position), 0) FROM statements s WHERE s.record = r.record)
			FROM records r WHERE record = $1`, r.String()).Scan(&floor, &head, &position)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		} else if err != nil {
			return err
		}
		if position < floor {
			shows := exhibit{Item: wire.ItemResetScope, Expected: fmt.Sprintf("position %d, head %s", floor, head), Got: fmt.Sprintf("position %d", position)}
			return rolledBack(r, shows).because(errShort)
		}
	}
	return p.tidy()
}

// restart begins a record again: what is held goes, all of it follows in the same
// transaction, and what lies beside its statements stays until it is known what may.
func (p *pageFold) restart(r policies.RecordID) error {
	if r == policies.RecordID(p.m.d.me.Org) {
		p.org, p.past = nil, past{tx: p.tx, in: p.m.d.store}
	} else {
		p.families[policies.FamilyID(r)] = nil
	}
	p.again[r] = true
	if err := p.m.d.store.recallFloor(p.tx, r); err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM attachments WHERE statement IN (SELECT id FROM statements WHERE record = $1)
			AND EXISTS (SELECT 1 FROM doubted d WHERE d.statement = attachments.statement AND d.name = attachments.name)`,
		`DELETE FROM doubted WHERE statement IN (SELECT id FROM statements WHERE record = $1)`,
		`DELETE FROM statements WHERE record = $1`,
		`UPDATE records SET state = '' WHERE record = $1`,
	} {
		if _, err := p.tx.Exec(q, r.String()); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes what lies beside statements that are here no longer, or is not for this
// person any more: a record is sent again to who joins a team, or leaves it for the
// viewer list. What they may still have stays although it did not come again: its
// absence is nobody's statement.
func (p *pageFold) tidy() error {
	if len(p.again) == 0 {
		return nil
	}
	if _, err := p.tx.Exec(`DELETE FROM attachments WHERE statement NOT IN (SELECT id FROM statements) AND statement NOT IN (SELECT id FROM outbox)
		AND statement NOT IN (SELECT id FROM lost)`); err != nil {
		return err
	}
	for r := range p.again {
		f := p.families[policies.FamilyID(r)]
		if f == nil || f.TeamAt(p.m.d.me.Staff, policies.At(p.m.d.now())) {
			continue
		}
		if err := p.notMine(r, f); err != nil {
			return err
		}
	}
	return nil
}

// notMine removes what lies beside a record's statements and is not for this person.
func (p *pageFold) notMine(r policies.RecordID, f *policies.Family) error {
	type beside struct{ id, raw, name string }
	var gone []beside
	err := each(p.tx, func(rows *sql.Rows) error {
		var b beside
		if err := rows.Scan(&b.id, opens(p.m.d.store, &b.raw, "statements", &b.id), &b.name); err != nil {
			return err
		}
		gone = append(gone, b)
		return nil
	}, `SELECT s.id, s.raw, a.name FROM statements s JOIN attachments a ON a.statement = s.id
		WHERE s.record = $1 AND s.id NOT IN (SELECT id FROM outbox)`, r.String())
	if err != nil {
		return err
	}
	for _, b := range gone {
		s, err := statement.Verify([]byte(b.raw), p.org.Key)
		if err == nil && policies.MayReceive(p.org, f, p.m.d.me.Staff, s.Kind, b.name, policies.At(p.m.d.now())) {
			continue
		}
		if _, err := p.tx.Exec(`DELETE FROM attachments WHERE statement = $1 AND name = $2`, b.id, b.name); err != nil {
			return err
		}
	}
	return nil
}

// drop forgets a family that this person may see no longer, when what was verified says
// so: somebody removed them, or their date has passed. On the server's word alone
// nothing goes. What is queued here is never the server's to delete.
func (p *pageFold) drop(item wire.Item) error {
	r := item.Place.Record
	if r == policies.RecordID(p.m.d.me.Org) {
		return problem(wire.CodeUnauthorised, "Ask your registrar. What is queued here is kept.", "This person no longer belongs to the service.")
	}
	f := p.family(policies.FamilyID(r))
	if p.org != nil && p.org.Ended[policies.FamilyID(r)] != nil {
		return nil // the organisation's record says so: see ended.go
	}
	if f == nil || p.org == nil {
		return p.unheld(item) // nothing but what was said here
	}
	if p.entitled(f) && !p.ended(f, item) && !p.m.d.entitledAt(p.org, f, p.told) {
		// Nobody's word is needed for a date, and one of the two clocks is wrong.
		p.behind = true
		p.noCause = errors.Join(p.noCause, problem(CodeInput, "Set this device's clock, then sync. What you have of it is kept until then.",
			"By the service's clock your access to family %s has ended, and by this device's it has not.", f.Reference))
		return nil
	}
	if p.entitled(f) && !p.ended(f, item) {
		p.noCause = errors.Join(p.noCause, lied(CodeNoCause, ofItem(item), nil,
			"The server says that you may no longer see family %s, and nobody has signed that.", f.Reference))
		return nil
	}
	p.dropped = append(p.dropped, f.ID)
	if err := p.forget(r); err != nil {
		return err
	}
	order := item.ID
	if order.IsZero() {
		order = f.Given(p.m.d.me.Staff)
	}
	return p.receipt(r, order)
}

// ended: the item carries the statement that ended the access. It need not be the next
// of its record: what was signed to end something ends it in whatever order it comes,
// and one that was answered since, by who put this person back, ends nothing.
func (p *pageFold) ended(f *policies.Family, item wire.Item) bool {
	if item.Statement == "" {
		return false
	}
	s, err := statement.Verify([]byte(item.Statement), p.org.Key)
	if err != nil || s.ID != item.ID || s.Record != item.Place.Record {
		return false
	}
	under, err := p.past.org(p.org, item.Place.OrgHead)
	if (p.outdated || p.unread.stopped(policies.RecordID(p.org.ID))) && errors.Is(err, errLaterOrg) {
		under, err = p.org, nil // the newest that this program could read
	}
	if err != nil {
		return false
	}
	f = f.Clone()
	for _, also := range p.stops[item.Place.Record] {
		_, _ = f.Apply(under, also.Statement, also.at)
	}
	_, err = f.Apply(under, s, item.Place.At)
	return err == nil && !p.entitled(f)
}

// clockLeeway is how early a server may end what ends by a date: this device's clock may
// be behind by so much, and nobody states that a date has passed.
const clockLeeway = 24 * time.Hour

// entitled: by all that was verified this person receives the family's record.
func (p *pageFold) entitled(f *policies.Family) bool {
	return p.m.d.entitled(p.org, f)
}

func (d *desk) entitled(org *policies.Org, f *policies.Family) bool {
	now := d.now()
	return d.entitledAt(org, f, policies.At(now)) && d.entitledAt(org, f, policies.At(now.Add(clockLeeway)))
}

func (d *desk) entitledAt(org *policies.Org, f *policies.Family, now policies.Micros) bool {
	if s := org.Staff[d.me.Staff]; s == nil || !s.Revoked.IsZero() {
		return false
	}
	return f.Receives(org, d.me.Staff, now) || slices.Contains(org.Desks(now), d.me.Staff)
}

// save writes the folded states.
func (p *pageFold) save() error {
	states := map[policies.RecordID]string{}
	add := func(r policies.RecordID, state any) (err error) {
		states[r], err = marshal(state)
		return err
	}
	if p.org != nil {
		if err := meet(p.tx, p.org); err != nil {
			return err
		}
		if err := add(policies.RecordID(p.org.ID), p.org); err != nil {
			return err
		}
	}
	for id, f := range p.families {
		if f == nil {
			continue
		}
		if err := add(policies.RecordID(id), f); err != nil {
			return err
		}
	}
	for r, state := range states {
		if _, err := p.tx.Exec(`INSERT INTO records (record, state, floor_position, floor_head) VALUES ($1, $2, 0, '')
			ON CONFLICT (record) DO UPDATE SET state = excluded.state`, r.String(), p.m.d.store.shut([]byte(state), "records", r.String())); err != nil {
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
// signs, and claim that it came the day before. [pageFold.attest] proves the place.
func (p *pageFold) inOrder(item wire.Item) error {
	pl := item.Place
	var late bool
	err := p.tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM statements WHERE record = $1 AND position = $2 AND leaf >= $5)
		OR ($4 AND EXISTS (SELECT 1 FROM statements WHERE record = $3 AND position = $6 AND leaf <= $5))`,
		pl.Record.String(), pl.Position-1, p.org.ID.String(), pl.OrgHead != p.org.Head, pl.Index, p.past.position+1).Scan(&late)
	if err == nil && late {
		return broken(item, "the log has it elsewhere than the state of the organisation that it was judged under")
	}
	return err
}

// past folds the organisation up to an earlier head. Feeds ask in order, so it
// goes on from where it is and starts again only when asked for something older.
type past struct {
	tx       *sql.Tx
	in       *store
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
		var id, raw string
		var at int64
		if err := r.Scan(&id, opens(p.in, &raw, "statements", &id), &at); err != nil {
			return err
		}
		return p.step(now, raw, policies.Micros(at))
	}, `SELECT id, raw, at FROM statements WHERE record = $1 AND position > $2 AND position <= $3 ORDER BY position`,
		now.ID.String(), p.position, want)
	if err != nil {
		return nil, err
	}
	p.position = want
	return p.at, nil
}

func (p *past) step(now *policies.Org, raw string, at policies.Micros) error {
	s, err := statement.VerifyKept([]byte(raw), now.Key)
	if err != nil {
		return err
	}
	if p.at == nil {
		p.at, err = policies.NewOrg(s)
		return err
	}
	return applyOrPass(p.at, s, at)
}

// unheld lets go of what was said in a family that is not held. Of one that was opened
// here and not shown yet too, when it comes with the signed word that took this person off
// its team: on the server's alone nobody forgets what they opened.
func (p *pageFold) unheld(item wire.Item) error {
	r := item.Place.Record
	if p.org != nil && item.Statement != "" {
		s, err := statement.Verify([]byte(item.Statement), p.org.Key)
		removal, ok := s.Body.(*policies.TeamRemove)
		if err == nil && ok && s.Record == r && removal.Staff == p.m.d.me.Staff {
			return letGoAll(p.tx, r)
		}
	}
	return letGo(p.tx, r)
}
