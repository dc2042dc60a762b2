package rows

import (
	"encoding/json"
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// State kinds of a record.
const (
	kindOrg    = "org"
	kindFamily = "family"
)

// Found makes the authority's own row name its organisation. It is done once.
func (tx *Tx) Found(org policies.OrgID, history string, cursors policies.Digest) error {
	return tx.exec(`UPDATE authority SET org = $1, history = $2, cursor_key = $3 WHERE id = 1`, org.String(), history, cursors.String())
}

// CursorKey is what cursors are sealed with. It keeps a person from spoiling their own
// cursor by accident and shows nobody anything, so that a database from before there
// was one does with the empty key.
func (q q) CursorKey() (key policies.Digest, err error) {
	var s string
	if err := q.row(`SELECT cursor_key FROM authority WHERE id = 1`).Scan(&s); err != nil || s == "" {
		return key, err
	}
	return key, key.UnmarshalText([]byte(s))
}

// Authority is the organisation and the history of this database; a zero ID
// before it is founded.
func (q q) Authority() (org policies.OrgID, history string, err error) {
	var s string
	if err := q.row(`SELECT org, history FROM authority WHERE id = 1`).Scan(&s, &history); err != nil {
		return org, "", fmt.Errorf("read authority: %w", err)
	}
	org, err = policies.ParseID[policies.Org](s)
	return org, history, err
}

// Org reads the organisation's folded state, nil before the foundation.
func (q q) Org() (*policies.Org, error) {
	o := new(policies.Org)
	ok, err := q.state(`SELECT state FROM records WHERE kind = $1`, kindOrg, o)
	if !ok {
		return nil, err
	}
	return o, nil
}

// OrgHead is the head of the organisation's record, "" before the foundation: a
// cheap way to see whether a folded state at hand is current.
func (q q) OrgHead() (string, error) {
	var head string
	_, err := found(q.row(`SELECT head FROM records WHERE kind = $1`, kindOrg).Scan(&head))
	return head, err
}

// Family reads a family's folded state, nil if there is no such record.
func (q q) Family(id policies.FamilyID) (*policies.Family, error) {
	f := new(policies.Family)
	ok, err := q.state(`SELECT state FROM records WHERE id = $1 AND kind = '`+kindFamily+`'`, id.String(), f)
	if !ok {
		return nil, err
	}
	return f, nil
}

func (q q) state(query, arg string, into any) (bool, error) {
	var b []byte
	ok, err := found(q.row(query, arg).Scan(&b))
	if !ok || err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return false, fmt.Errorf("decode state of %s: %w", arg, err)
	}
	return true, nil
}

// PutOrg writes the organisation's folded state.
func (tx *Tx) PutOrg(o *policies.Org) error {
	return tx.putState(o.ID.String(), kindOrg, "", o.Head, o.Count, o)
}

// PutFamily writes a family's folded state.
func (tx *Tx) PutFamily(f *policies.Family) error {
	return tx.putState(f.ID.String(), kindFamily, f.Reference, f.Head, f.Count, f)
}

func (tx *Tx) putState(id, kind, label string, head policies.Digest, count int64, state any) error {
	b, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode state of %s: %w", id, err)
	}
	return tx.exec(`
		INSERT INTO records (id, kind, label, head, count, state) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET head = excluded.head, count = excluded.count, state = excluded.state`,
		id, kind, label, head.String(), count, b)
}

// Families lists every family's ID.
func (q q) Families() ([]policies.FamilyID, error) {
	var out []policies.FamilyID
	err := q.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Family](scan)
		out = append(out, id)
		return err
	}, `SELECT id FROM records WHERE kind = $1 ORDER BY id`, kindFamily)
	return out, err
}

// Label is a record's reference, or "".
func (q q) Label(id policies.RecordID) (string, error) {
	var s string
	_, err := found(q.row(`SELECT label FROM records WHERE id = $1`, id.String()).Scan(&s))
	return s, err
}

// FamiliesByReference finds the families of a case-system number. Nothing keeps two
// records from having the same one: a slip, or somebody who wants one of them
// overlooked.
func (q q) FamiliesByReference(ref string) ([]policies.FamilyID, error) {
	var out []policies.FamilyID
	err := q.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Family](scan)
		out = append(out, id)
		return err
	}, `SELECT id FROM records WHERE kind = $1 AND label = $2 ORDER BY id`, kindFamily, ref)
	return out, err
}

func scanID[Noun any](scan func(...any) error) (policies.ID[Noun], error) {
	var s string
	if err := scan(&s); err != nil {
		return policies.ID[Noun]{}, err
	}
	return policies.ParseID[Noun](s)
}
