package rows

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// Statement is an accepted statement as it is stored.
type Statement struct {
	ID       policies.StatementID
	Record   policies.RecordID
	Position int64
	Class    policies.Class
	Kind     policies.Kind
	Raw      []byte
	Head     policies.Digest
	OrgHead  policies.Digest
	At       policies.Micros
	Index    int64
}

const statementColumns = `id, record, position, class, kind, raw, head, org_head, accepted_at, log_index`

// PutStatement stores an accepted statement.
func (tx *Tx) PutStatement(s Statement) error {
	tx.moves(s.Record, policies.StaffID{}, s.Index)
	return tx.exec(`INSERT INTO statements (`+statementColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		s.ID.String(), s.Record.String(), s.Position, s.Class, string(s.Kind), s.Raw, s.Head.String(), s.OrgHead.String(), s.At, s.Index)
}

func scanStatement(scan func(...any) error) (Statement, error) {
	var s Statement
	var id, record, kind, head, orgHead string
	if err := scan(&id, &record, &s.Position, &s.Class, &kind, &s.Raw, &head, &orgHead, &s.At, &s.Index); err != nil {
		return s, err
	}
	s.Kind = policies.Kind(kind)
	for _, f := range []struct {
		from string
		into interface{ UnmarshalText([]byte) error }
	}{{id, &s.ID}, {record, &s.Record}, {head, &s.Head}, {orgHead, &s.OrgHead}} {
		if err := f.into.UnmarshalText([]byte(f.from)); err != nil {
			return s, fmt.Errorf("statement %s: %w", id, err)
		}
	}
	return s, nil
}

// Statement reads one statement; false if it was never accepted.
func (q q) Statement(id policies.StatementID) (Statement, bool, error) {
	s, err := scanStatement(q.row(`SELECT `+statementColumns+` FROM statements WHERE id = $1`, id.String()).Scan)
	ok, err := found(err)
	return s, ok, err
}

// Statements reads a record's statements with from < index ≤ to, in order, at
// most limit.
func (q q) Statements(record policies.RecordID, from, to int64, limit int) ([]Statement, error) {
	var out []Statement
	err := q.each(func(scan func(...any) error) error {
		s, err := scanStatement(scan)
		out = append(out, s)
		return err
	}, `SELECT `+statementColumns+` FROM statements WHERE record = $1 AND log_index > $2 AND log_index <= $3 ORDER BY log_index LIMIT $4`,
		record.String(), from, to, limit)
	return out, err
}

// StatementsOf reads all statements of a kind, in the order of the log.
func (q q) StatementsOf(kind policies.Kind) ([]Statement, error) {
	var out []Statement
	err := q.each(func(scan func(...any) error) error {
		s, err := scanStatement(scan)
		out = append(out, s)
		return err
	}, `SELECT `+statementColumns+` FROM statements WHERE kind = $1 ORDER BY log_index`, string(kind))
	return out, err
}

// StatementsIn reads the statements of one kind in a record, in order.
func (q q) StatementsIn(record policies.RecordID, kind policies.Kind) (out []Statement, err error) {
	err = q.each(func(scan func(...any) error) error {
		s, err := scanStatement(scan)
		out = append(out, s)
		return err
	}, `SELECT `+statementColumns+` FROM statements WHERE record = $1 AND kind = $2 ORDER BY position`, record.String(), string(kind))
	return out, err
}

// LastControl is a record's last control statement before an index; false for none.
func (q q) LastControl(record policies.RecordID, before int64) (Statement, bool, error) {
	s, err := scanStatement(q.row(`SELECT `+statementColumns+` FROM statements WHERE record = $1 AND log_index < $2 AND class = $3
		ORDER BY log_index DESC LIMIT 1`, record.String(), before, policies.Control).Scan)
	ok, err := found(err)
	return s, ok, err
}

// LastIndex is the index of the newest change: an accepted statement, a late
// attachment, the end of somebody's access, or what became of a statement that had waited;
// -1 for none.
func (q q) LastIndex() (int64, error) {
	var n int64
	err := q.row(`SELECT COALESCE(MAX(n), -1) FROM (
		SELECT MAX(log_index) AS n FROM statements
		UNION ALL SELECT MAX(log_index) FROM attachments WHERE log_index IS NOT NULL
		UNION ALL SELECT MAX(until) FROM members
		UNION ALL SELECT MAX(log_index) FROM outcomes WHERE log_index IS NOT NULL)`).Scan(&n)
	return n, err
}

// Number reads which statement used a signer's number; false if none did.
func (q q) Number(signer policies.PublicKey, n int64) (policies.StatementID, bool, error) {
	id, err := scanID[policies.Statement](q.row(`SELECT statement FROM numbers WHERE signer = $1 AND n = $2`, keyText(signer), n).Scan)
	ok, err := found(err)
	return id, ok, err
}

// LastNumber is the highest number a signer has used, 0 for none.
func (q q) LastNumber(signer policies.PublicKey) (int64, error) {
	var n int64
	err := q.row(`SELECT COALESCE(MAX(n), 0) FROM numbers WHERE signer = $1`, keyText(signer)).Scan(&n)
	return n, err
}

// SaidAfter counts what a signer had accepted after an index, by numbers of its own: all
// statements, and the clips among them.
func (q q) SaidAfter(signer policies.PublicKey, index int64) (clips, all int64, err error) {
	err = q.row(`SELECT COUNT(c.id), COUNT(*) FROM numbers n JOIN statements s ON s.id = n.statement LEFT JOIN clips c ON c.id = s.id
		WHERE n.signer = $1 AND s.log_index > $2`, keyText(signer), index).Scan(&clips, &all)
	return clips, all, err
}

// HeadAfter reports whether a record came to a head at an index or later.
func (q q) HeadAfter(record policies.RecordID, head policies.Digest, index int64) (after bool, err error) {
	var n int64
	err = q.row(`SELECT COUNT(*) FROM statements WHERE record = $1 AND log_index >= $2 AND head = $3`, record.String(), index, head.String()).Scan(&n)
	return n > 0, err
}

// PutNumber marks a signer's number as used, by an accepted or a refused statement.
func (tx *Tx) PutNumber(signer policies.PublicKey, n int64, id policies.StatementID) error {
	return tx.exec(`INSERT INTO numbers (signer, n, statement) VALUES ($1, $2, $3) ON CONFLICT (signer, n) DO NOTHING`,
		keyText(signer), n, id.String())
}

func keyText(k policies.PublicKey) string {
	b, _ := k.MarshalText() // cannot fail: base64
	return string(b)
}

// Attachment is bytes beside a statement.
type Attachment struct {
	Name string
	Body []byte
}

// PutAttachment stores bytes that came with a statement; again is the same as once.
func (tx *Tx) PutAttachment(id policies.StatementID, a Attachment) error {
	sum := sha256.Sum256(a.Body)
	return tx.exec(`INSERT INTO attachments (statement, name, sha256, body) VALUES ($1, $2, $3, $4) ON CONFLICT (statement, name) DO NOTHING`,
		id.String(), a.Name, policies.Digest(sum).String(), a.Body)
}

// PutLateAttachment stores bytes that came after their statement: a change of its
// own, with the index of its event.
func (tx *Tx) PutLateAttachment(id policies.StatementID, a Attachment, index int64) error {
	var text string
	var record policies.RecordID
	err := tx.row(`SELECT record FROM statements WHERE id = $1`, id.String()).Scan(&text)
	if err = cmp.Or(err, record.UnmarshalText([]byte(text))); err != nil {
		return fmt.Errorf("attachment of %s: %w", id, err)
	}
	tx.moves(record, policies.StaffID{}, index)
	sum := sha256.Sum256(a.Body)
	return tx.exec(`INSERT INTO attachments (statement, name, sha256, body, log_index, record)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (statement, name) DO NOTHING`,
		id.String(), a.Name, policies.Digest(sum).String(), a.Body, index, record.String())
}

// DropHeaders deletes the keys of a family's clips that were written under one
// name: that of a viewer who is one no more.
func (tx *Tx) DropHeaders(family policies.FamilyID, name string) error {
	return tx.exec(`DELETE FROM attachments WHERE name = $2
		AND statement IN (SELECT id FROM statements WHERE record = $1 AND kind = 'clip.add')`, family.String(), name)
}

// DropHeader deletes one of a clip's keys.
func (tx *Tx) DropHeader(clip policies.StatementID, name string) error {
	return tx.exec(`DELETE FROM attachments WHERE statement = $1 AND name = $2`, clip.String(), name)
}

// RedateHeader makes one of a clip's keys a change of its own once more, with the index of an
// event.
func (tx *Tx) RedateHeader(clip policies.StatementID, name string, index int64) error {
	all, err := tx.Attachments(clip)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Name == name {
			return errors.Join(tx.DropHeader(clip, name), tx.PutLateAttachment(clip, a, index))
		}
	}
	return nil
}

// AttachmentNames lists what lies beside a statement, without the bytes.
func (q q) AttachmentNames(id policies.StatementID) ([]string, error) {
	var out []string
	err := q.each(func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		out = append(out, name)
		return err
	}, `SELECT name FROM attachments WHERE statement = $1 ORDER BY name`, id.String())
	return out, err
}

// Attachments reads what lies beside a statement, whenever it came.
func (q q) Attachments(id policies.StatementID) ([]Attachment, error) {
	return q.attachments(id, ``)
}

// CameWith reads what came with a statement.
func (q q) CameWith(id policies.StatementID) ([]Attachment, error) {
	return q.attachments(id, `AND log_index IS NULL`)
}

func (q q) attachments(id policies.StatementID, only string) ([]Attachment, error) {
	var out []Attachment
	err := q.each(func(scan func(...any) error) error {
		var a Attachment
		err := scan(&a.Name, &a.Body)
		out = append(out, a)
		return err
	}, `SELECT name, body FROM attachments WHERE statement = $1 `+only+` ORDER BY name`, id.String())
	return out, err
}
