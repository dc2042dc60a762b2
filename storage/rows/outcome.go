package rows

import (
	"database/sql"
	"strings"

	"github.com/attune-vf/attune/policies"
)

// Outcome is what became of a statement, until its author has acknowledged it.
type Outcome struct {
	Statement policies.StatementID
	Staff     policies.StaffID // the author
	Reason    string           // why it was refused; "" for accepted
	Rules     []string         // that denied it
	At        policies.Micros
	Index     int64 // of the event that decided it, when it had waited; else -1
}

// PutOutcome keeps what became of a statement; the last word counts.
func (tx *Tx) PutOutcome(o Outcome) error {
	var index sql.NullInt64
	if o.Index >= 0 {
		tx.moves(policies.RecordID{}, o.Staff, o.Index)
		index = sql.NullInt64{Int64: o.Index, Valid: true}
	}
	return tx.exec(`INSERT INTO outcomes (statement, staff, reason, rules, at, log_index) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (statement) DO UPDATE SET reason = excluded.reason, rules = excluded.rules, at = excluded.at, log_index = excluded.log_index`,
		o.Statement.String(), o.Staff.String(), o.Reason, strings.Join(o.Rules, " "), o.At, index)
}

// DropOutcome forgets what became of a statement of this author.
func (tx *Tx) DropOutcome(id policies.StatementID, staff policies.StaffID) error {
	return tx.exec(`DELETE FROM outcomes WHERE statement = $1 AND staff = $2`, id.String(), staff.String())
}

// SweepOutcomes forgets what became of statements before a time, at most limit, and says
// how many that were.
func (tx *Tx) SweepOutcomes(before policies.Micros, limit int) (int64, error) {
	res, err := tx.change(`DELETE FROM outcomes WHERE statement IN (SELECT statement FROM outcomes WHERE at < $1 ORDER BY at LIMIT $2)`, before, limit)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

const outcomeColumns = `statement, staff, reason, rules, at, COALESCE(log_index, -1)`

func scanOutcome(scan func(...any) error) (o Outcome, err error) {
	var id, staff, rules string
	if err := scan(&id, &staff, &o.Reason, &rules, &o.At, &o.Index); err != nil {
		return o, err
	}
	o.Rules = strings.Fields(rules)
	if err := o.Statement.UnmarshalText([]byte(id)); err != nil {
		return o, err
	}
	return o, o.Staff.UnmarshalText([]byte(staff))
}

// Outcome reads what became of a statement; false if its author knows, or it was
// accepted at once.
func (q q) Outcome(id policies.StatementID) (Outcome, bool, error) {
	o, err := scanOutcome(q.row(`SELECT `+outcomeColumns+` FROM outcomes WHERE statement = $1`, id.String()).Scan)
	ok, err := found(err)
	return o, ok, err
}

// Known reports whether a statement was accepted, or has an outcome: of most that are
// pushed, neither.
func (q q) Known(id policies.StatementID) (known bool, err error) {
	return known, q.row(`SELECT EXISTS (SELECT 1 FROM statements WHERE id = $1) OR EXISTS (SELECT 1 FROM outcomes WHERE statement = $1)`, id.String()).Scan(&known)
}

// Outcomes reads the changes of a person's own feed with from < index ≤ to, in order, at
// most limit.
func (q q) Outcomes(staff policies.StaffID, from, to int64, limit int) (out []Outcome, err error) {
	err = q.each(func(scan func(...any) error) error {
		o, err := scanOutcome(scan)
		out = append(out, o)
		return err
	}, `SELECT `+outcomeColumns+` FROM outcomes WHERE staff = $1 AND log_index > $2 AND log_index <= $3 ORDER BY log_index LIMIT $4`,
		staff.String(), from, to, limit)
	return out, err
}

// Refused reports whether a statement was refused: it has its number, and no place.
func (q q) Refused(id policies.StatementID) (bool, error) {
	var n int
	return found(q.row(`SELECT 1 WHERE (EXISTS (SELECT 1 FROM numbers WHERE statement = $1)
			OR EXISTS (SELECT 1 FROM outcomes WHERE statement = $1 AND reason <> ''))
		AND NOT EXISTS (SELECT 1 FROM statements WHERE id = $1) AND NOT EXISTS (SELECT 1 FROM waiting WHERE statement = $1)`, id.String()).Scan(&n))
}
