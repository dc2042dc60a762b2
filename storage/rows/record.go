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
	n, err := q.state(`SELECT state FROM records WHERE kind = $1`, kindOrg, o)
	if n == 0 {
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

// Family reads a family's folded state, nil if there is no such record. The caller must
// not change it.
func (v *View) Family(id policies.FamilyID) (*policies.Family, error) {
	k, err := v.family(id)
	if k.bytes > 0 {
		v.folded.keep(k)
	}
	return k.family, err
}

// Family is [View.Family] as it stands in this transaction, in which it may yet be undone:
// what is read here is not kept.
func (tx *Tx) Family(id policies.FamilyID) (*policies.Family, error) {
	k, err := tx.family(id)
	return k.family, err
}

// family has bytes only where it had to be decoded.
func (q q) family(id policies.FamilyID) (k kept, err error) {
	var head string
	ok, err := found(q.row(`SELECT head FROM records WHERE id = $1 AND kind = '`+kindFamily+`' AND length(state) > 0`, id.String()).Scan(&head))
	if !ok || err != nil {
		return k, err
	}
	if err := k.head.UnmarshalText([]byte(head)); err != nil {
		return k, fmt.Errorf("head of %s: %w", id, err)
	}
	if k.family = q.folded.at(id, k.head); k.family != nil {
		return k, nil
	}
	f := new(policies.Family)
	if k.bytes, err = q.state(`SELECT state FROM records WHERE id = $1 AND kind = '`+kindFamily+`'`, id.String(), f); k.bytes > 0 {
		k.family = f
	}
	return k, err
}

// state decodes a record's state and returns its length, 0 if there is none.
func (q q) state(query, arg string, into any) (int, error) {
	var b []byte
	ok, err := found(q.row(query, arg).Scan(&b))
	if !ok || err != nil {
		return 0, err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return 0, fmt.Errorf("decode state of %s: %w", arg, err)
	}
	return len(b), nil
}

// PutOrg writes the organisation's folded state.
func (tx *Tx) PutOrg(o *policies.Org) error {
	_, err := tx.putState(o.ID.String(), kindOrg, "", o.Head, o.Count, o)
	return err
}

// PutFamily writes a family's folded state, which is kept as it is once it is committed:
// the caller must not change it any more.
func (tx *Tx) PutFamily(f *policies.Family) error {
	n, err := tx.putState(f.ID.String(), kindFamily, f.Reference, f.Head, f.Count, f)
	if err == nil {
		tx.folds = append(tx.folds, kept{f, f.Head, n})
	}
	return err
}

// putState returns the length of the state as it is stored.
func (tx *Tx) putState(id, kind, label string, head policies.Digest, count int64, state any) (int, error) {
	b, err := json.Marshal(state)
	if err != nil {
		return 0, fmt.Errorf("encode state of %s: %w", id, err)
	}
	return len(b), tx.exec(`
		INSERT INTO records (id, kind, label, head, count, state) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET head = excluded.head, count = excluded.count, state = excluded.state`,
		id, kind, label, head.String(), count, b)
}

// Families lists every family's ID, but for those whose record was destroyed.
func (q q) Families() ([]policies.FamilyID, error) {
	var out []policies.FamilyID
	err := q.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Family](scan)
		out = append(out, id)
		return err
	}, `SELECT id FROM records WHERE kind = $1 AND length(state) > 0 ORDER BY id`, kindFamily)
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
