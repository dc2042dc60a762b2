package attune

import (
	"database/sql"
	"errors"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// maxLooseBytes is the most of an attachment that no digest fixes.
const maxLooseBytes = 64 << 10

// attach takes attachments that came after their statement, which this device has.
//
// No head covers them. What such bytes must be stands in the statement's body, and
// whoever opens them looks: a forged key of a clip does not open to the key to which
// its clip.add commits. Here only what cannot be right at all is refused.
func (p *pageFold) attach(item wire.Item) error {
	if item.Statement != "" || len(item.Attachments) == 0 {
		return unfit(item, errors.New("late attachments come alone"))
	}
	var raw string
	id := item.ID.String()
	err := p.tx.QueryRow(`SELECT raw FROM statements WHERE id = $1 AND record = $2`, id, item.Place.Record.String()).
		Scan(opens(p.m.d.store, &raw, "statements", &id))
	if errors.Is(err, sql.ErrNoRows) || (err == nil && raw == "") {
		return unfit(item, errors.New("this device has not received what these attachments belong to"))
	} else if err != nil {
		return err
	}
	s, err := statement.VerifyKept([]byte(raw), p.key)
	if err != nil {
		return unfit(item, err)
	}
	if (s.Body == policies.Unread{}) {
		return nil
	}
	for _, a := range item.Attachments {
		if !policies.LooseAttachment(s.Kind, a.Name) || len(a.Body) == 0 || len(a.Body) > maxLooseBytes {
			return unfit(item, errors.New("nothing of this name or size comes later"))
		}
		n, err := p.m.d.store.keepLoose(p.tx, s.ID, a)
		if err != nil {
			return err
		}
		if s.Kind == "clip.add" && a.Name == policies.HeaderFor(p.m.d.keys.Recipient()) {
			p.given += n
		}
	}
	return nil
}

func unfit(item wire.Item, err error) error {
	return lied(CodeAttachment, ofItem(item), err, "What the server sent beside statement %s does not belong there.", item.ID.Short())
}

// keepLoose stores an attachment that came later, and says whether it is new here:
// the first one stays.
func (s *store) keepLoose(tx *sql.Tx, id policies.StatementID, a wire.Attachment) (fresh int, err error) {
	done, err := tx.Exec(`INSERT INTO attachments (statement, name, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		id.String(), a.Name, s.shut(a.Body, "attachments", id.String(), a.Name))
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// dropHeaders deletes the keys of whoever receives the record no longer, as the
// server does: when they are put on the viewer list again, a device of the team
// writes new ones.
func (p *pageFold) dropHeaders(f *policies.Family, left []policies.StaffID) error {
	for _, who := range left {
		for _, name := range f.OwnHeaders(p.org, who) {
			if _, err := p.tx.Exec(`DELETE FROM attachments WHERE name = $2 AND statement IN (SELECT id FROM statements WHERE record = $1)`,
				f.ID.String(), name); err != nil {
				return err
			}
		}
	}
	return nil
}
