package rows

import "github.com/attune-vf/attune/policies"

// CertificateKind is the one kind of a family whose text outlives its record: a certificate of
// destruction, which holds identifiers and digests only.
const CertificateKind policies.Kind = "clip.dispose"

// CountAttachments counts what lies beside the statements of a record.
func (q q) CountAttachments(record policies.RecordID) (n int, err error) {
	err = q.row(`SELECT COUNT(*) FROM attachments WHERE statement IN (SELECT id FROM statements WHERE record = $1)`, record.String()).Scan(&n)
	return n, err
}

// EndRecord leaves of a family's record what its chain and the log need: of each statement its
// identifier, class, kind, place and times. Everybody's access ends with the change at index.
// Pages and viewings of it end too, and what waited for it is dropped.
func (tx *Tx) EndRecord(record policies.RecordID, index int64) error {
	var members []policies.StaffID
	err := tx.each(func(scan func(...any) error) error {
		id, err := scanID[policies.Staff](scan)
		members = append(members, id)
		return err
	}, `SELECT DISTINCT staff FROM members WHERE record = $1 AND until IS NULL ORDER BY staff`, record.String())
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := tx.Leave(record, m, index); err != nil {
			return err
		}
	}
	for _, query := range []string{
		`DELETE FROM attachments WHERE statement IN (SELECT id FROM statements WHERE record = $1)`,
		`UPDATE statements SET raw = X'' WHERE record = $1 AND kind <> '` + string(CertificateKind) + `'`,
		`DELETE FROM link_sessions WHERE token IN (SELECT token FROM links WHERE family = $1)`,
		`DELETE FROM links WHERE family = $1`,
		`DELETE FROM viewings WHERE clip IN (SELECT id FROM clips WHERE family = $1)`,
		`DELETE FROM waiting WHERE record = $1`,
		`DELETE FROM dues WHERE record = $1`,
		`DELETE FROM reckonings WHERE record = $1`,
		`UPDATE records SET state = X'', label = '' WHERE id = $1`,
	} {
		if err := tx.exec(query, record.String()); err != nil {
			return err
		}
	}
	return nil
}
