package rows

import (
	"github.com/attune-vf/attune/policies"
)

// Waiting is a statement that rests on something that has not arrived.
type Waiting struct {
	ID          policies.StatementID
	Signer      policies.PublicKey
	Record      policies.RecordID
	Awaits      policies.StatementID // the statement that brings what it misses
	Restriction bool
	Raw         []byte
	Attachments []Attachment
	Staff       policies.StaffID // who brought it; zero where nobody was named
	Device      policies.DeviceID
	Request     string
	Address     string
	Until       policies.Micros // when it lapses
}

// PutWaiting keeps a statement to be judged again.
func (tx *Tx) PutWaiting(w Waiting) error {
	bytes := int64(len(w.Raw))
	for _, a := range w.Attachments {
		bytes += int64(len(a.Body))
	}
	err := tx.exec(`INSERT INTO waiting (statement, signer, record, awaits, restriction, raw, bytes, staff, device, request, address, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		w.ID.String(), keyText(w.Signer), w.Record.String(), w.Awaits.String(), w.Restriction, w.Raw, bytes,
		w.Staff.String(), w.Device.String(), w.Request, w.Address, w.Until)
	for _, a := range w.Attachments {
		if err != nil {
			break
		}
		err = tx.exec(`INSERT INTO waiting_attachments (statement, name, body) VALUES ($1, $2, $3)`, w.ID.String(), a.Name, a.Body)
	}
	return err
}

// Awaits notes what else a waiting statement misses.
func (tx *Tx) Awaits(id, awaits policies.StatementID) error {
	return tx.exec(`UPDATE waiting SET awaits = $2 WHERE statement = $1`, id.String(), awaits.String())
}

// DropWaiting ends the waiting of a statement.
func (tx *Tx) DropWaiting(id policies.StatementID) error {
	return tx.exec(`DELETE FROM waiting WHERE statement = $1`, id.String())
}

// Waits reports whether a statement waits here.
func (q q) Waits(id policies.StatementID) (bool, error) {
	var n int
	return found(q.row(`SELECT 1 FROM waiting WHERE statement = $1`, id.String()).Scan(&n))
}

// AnyWaiting reports whether any statement waits.
func (q q) AnyWaiting() (any bool, err error) {
	return any, q.row(`SELECT EXISTS (SELECT 1 FROM waiting)`).Scan(&any)
}

// WaitingOf is how many statements of a key wait, and their bytes.
func (q q) WaitingOf(signer policies.PublicKey) (statements, bytes int64, err error) {
	err = q.row(`SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM waiting WHERE signer = $1`, keyText(signer)).Scan(&statements, &bytes)
	return statements, bytes, err
}

// WaitingFor lists what waits for a statement, or for a record: what stops something first,
// then in the order of arrival.
func (q q) WaitingFor(id policies.StatementID) ([]policies.StatementID, error) {
	return q.waiting(`WHERE awaits = $1 ORDER BY restriction DESC, seq`, id.String())
}

// Lapsed lists what has waited too long, the oldest first, at most limit.
func (q q) Lapsed(now policies.Micros, limit int) ([]policies.StatementID, error) {
	return q.waiting(`WHERE until <= $1 ORDER BY until, seq LIMIT $2`, now, limit)
}

func (q q) waiting(where string, args ...any) (out []policies.StatementID, err error) {
	err = q.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Statement](scan)
		out = append(out, id)
		return err
	}, `SELECT statement FROM waiting `+where, args...)
	return out, err
}

// Waiting reads one; false when it waits no longer.
func (q q) Waiting(id policies.StatementID) (w Waiting, ok bool, err error) {
	var signer, record, awaits, staff, device string
	ok, err = found(q.row(`SELECT signer, record, awaits, restriction, raw, staff, device, request, address, until FROM waiting WHERE statement = $1`,
		id.String()).Scan(&signer, &record, &awaits, &w.Restriction, &w.Raw, &staff, &device, &w.Request, &w.Address, &w.Until))
	if !ok || err != nil {
		return w, false, err
	}
	w.ID = id
	for _, f := range []struct {
		from string
		into interface{ UnmarshalText([]byte) error }
	}{{signer, &w.Signer}, {record, &w.Record}, {awaits, &w.Awaits}, {staff, &w.Staff}, {device, &w.Device}} {
		if err := f.into.UnmarshalText([]byte(f.from)); err != nil {
			return w, false, err
		}
	}
	err = q.each(func(scan func(...any) error) error {
		var a Attachment
		err := scan(&a.Name, &a.Body)
		w.Attachments = append(w.Attachments, a)
		return err
	}, `SELECT name, body FROM waiting_attachments WHERE statement = $1 ORDER BY name`, id.String())
	return w, true, err
}
