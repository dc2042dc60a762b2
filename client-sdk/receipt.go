package attune

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
)

// A device that forgot a family, or was revoked, says so: device.purged, in the family's
// record or the organisation's. It is queued in the transaction that forgets, and sent in
// the same sync. That of a family is made without its state, which is not here any more;
// the server judges it by what it has.

// receipt queues the word that nothing of a record is here any more.
func (p *pageFold) receipt(r policies.RecordID, order policies.StatementID) error {
	if order.IsZero() {
		return nil
	}
	var said bool
	err := p.tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM outbox WHERE kind = 'device.purged' AND record = $1 AND state = 'queued')`, r.String()).Scan(&said)
	if err != nil || said {
		return err
	}
	return p.receiptOf(r, order)
}

// receiptOf says so whatever else waits to be said.
func (p *pageFold) receiptOf(r policies.RecordID, order policies.StatementID) error {
	d := p.m.d
	seen, err := recall(p.tx)
	if err != nil {
		return err
	}
	by := d.keys.this()
	s := policies.Statement{
		Signer: policies.KeyID(by.id), Record: r, Kind: "device.purged", At: policies.At(d.now()),
		Body: policies.DevicePurged{Order: order}, Deps: []policies.StatementID{},
		Seen: policies.Seen{Size: seen.Size, Root: policies.Digest(seen.Root)},
	}
	if s.N, err = nextNumber(p.tx, s.Signer); err != nil {
		return err
	}
	raw, s, err := statement.Sign(s, by.key)
	if err != nil {
		return err
	}
	p.receipts++
	return d.store.queue(p.tx, s, raw, true, nil)
}

// ending is what ended this device or its person, unless this device has said that it
// lost what it had; zero then, and while both are in force.
func (p *pageFold) ending() (order policies.StatementID) {
	o, me := p.org, p.m.d.keys.Device()
	d, who := o.Devices[me], o.Staff[p.m.d.me.Staff]
	if d == nil || who == nil || !d.Purged.IsZero() {
		return order
	}
	order = d.Revoked
	if order.IsZero() {
		order = who.Revoked
	}
	var taken bool
	err := p.tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM outbox WHERE kind = 'device.purged' AND record = $1)`,
		p.m.d.me.Org.String()).Scan(&taken)
	if err != nil || taken {
		return policies.StatementID{} // it is on its way, or arrived: no feed shows it to a device that ended
	}
	return order
}

// sayGone sends the words that something is gone from here as soon as it is. They are no
// work of the person's, and so no part of the report.
func (c *Client) sayGone(ctx context.Context, r *Report) error {
	if r.receipts == 0 {
		return c.desk.letGoReceipts()
	}
	r.receipts = 0
	var sent Report
	err := (&courier{d: c.desk}).push(ctx, &sent)
	own := func(o Outcome) bool { return o.Kind == "device.purged" }
	r.Accepted = append(r.Accepted, slices.DeleteFunc(sent.Accepted, own)...)
	r.Refused = append(r.Refused, slices.DeleteFunc(sent.Refused, own)...)
	if Offline(err) {
		err = nil // the next sync sends them
	}
	return errors.Join(err, c.desk.letGoReceipts())
}

// letGoReceipts removes the words about families that the server has answered: in what
// is left on this device nothing shall name the family either.
func (d *desk) letGoReceipts() error {
	var gone int64
	err := d.store.write(func(tx *sql.Tx) error {
		const answered = ` FROM outbox WHERE kind = 'device.purged' AND state <> 'queued'
			AND record <> $1 AND record NOT IN (SELECT record FROM records)`
		if _, err := tx.Exec(`DELETE FROM receipts WHERE name IN (SELECT id`+answered+`)`, d.me.Org.String()); err != nil {
			return err
		}
		done, err := tx.Exec(`DELETE`+answered, d.me.Org.String())
		if err != nil {
			return err
		}
		if gone, err = done.RowsAffected(); err != nil || gone == 0 {
			return err
		}
		return set(tx, settingMoved, "yes")
	})
	if err != nil || gone == 0 {
		return err
	}
	return d.store.scrub()
}

// Unconfirmed is a device that was to lose what it had, and has not said that it did. It
// may be out of contact, or in a drawer; or it keeps it.
type Unconfirmed struct {
	Device    policies.DeviceID `json:"device"`
	Staff     policies.StaffID  `json:"staff"`
	Name      string            `json:"name"`      // of its person
	Family    policies.FamilyID `json:"family"`    // zero for all of them, with the keys
	Reference string            `json:"reference"` // of the family
	Since     time.Time         `json:"since"`
}

// Unconfirmed lists the devices that have not confirmed, the longest first: those that
// were revoked, and of people who may see a family no longer. It is what this device's
// records show, so a registrar's sees all of it.
func (ds *Devices) Unconfirmed() ([]Unconfirmed, error) {
	org, err := ds.d.mirror.verifiedOrg()
	if err != nil {
		return nil, err
	}
	out, now := []Unconfirmed{}, policies.At(ds.d.now())
	add := func(u policies.Unconfirmed, f *policies.Family) error {
		since, err := ds.lastOf(u)
		if err != nil {
			return err
		}
		v := Unconfirmed{Device: u.Device, Staff: u.Staff, Since: since.Time()}
		if f != nil {
			certified, err := ds.acceptedAt(policies.StatementID(u.Device))
			if err != nil || f.Gone[u.Device] > since || certified > since {
				return err
			}
			v.Family, v.Reference = f.ID, f.Reference
		}
		if m, err := (&Staff{ds.d}).member(org, u.Staff); err == nil {
			v.Name = m.Name
		}
		out = append(out, v)
		return nil
	}
	for _, u := range org.Unwiped() {
		if err := add(u, nil); err != nil {
			return nil, err
		}
	}
	ds.d.mirror.mu.Lock()
	families := make([]*policies.Family, 0, len(ds.d.mirror.families))
	for _, f := range ds.d.mirror.families {
		families = append(families, f)
	}
	ds.d.mirror.mu.Unlock()
	for _, f := range families {
		for _, u := range f.Leavers(org, now) {
			if err := add(u, f); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(out, func(a, b Unconfirmed) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reference, b.Reference), compareIDs(a.Device, b.Device))
	})
	return out, nil
}

// lastOf is when access ended: by the last of what ended it, or by its date.
func (ds *Devices) lastOf(u policies.Unconfirmed) (last policies.Micros, err error) {
	last = u.Since
	for _, id := range u.By {
		at, err := ds.acceptedAt(id)
		if err != nil {
			return 0, err
		}
		last = max(last, at)
	}
	return last, nil
}

// acceptedAt is when the log took a statement; 0 for one that is not here.
func (ds *Devices) acceptedAt(id policies.StatementID) (at policies.Micros, err error) {
	err = ds.d.store.db.QueryRow(`SELECT at FROM statements WHERE id = $1`, id.String()).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return at, err
}
