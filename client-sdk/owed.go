package attune

import (
	"database/sql"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// taken are the statements that the server has given a receipt for and not shown yet.
// Asked before a feed: what it takes later, of another goroutine's, the feed need not hold.
func (fd *feed) taken() (map[string]bool, error) {
	ids := map[string]bool{}
	err := each(fd.d.store.db, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids[id] = true
		return err
	}, `SELECT id FROM outbox WHERE state = 'accepted' AND head <> ''`)
	return ids, err
}

// owed holds a feed that has come to its end against the receipts that the server had
// given before: what it took of this device, in records that this person receives, must be
// there. A server could else take a withdrawal, prove that it did, and show it to nobody.
//
// What it took in records that this person does not receive no feed will show: it goes
// from here, as the records have.
func (fd *feed) owed(taken map[string]bool) error {
	if fd.d.over() != nil {
		return nil // its feed ends with what ended it
	}
	if err := fd.outlived(); err != nil {
		return err
	}
	var shows exhibit
	var short string
	var others []policies.RecordID
	cut, err := readUnread(fd.d.store.db) // what this program cannot read of it may be there
	if err != nil {
		return err
	}
	err = each(fd.d.store.db, func(r *sql.Rows) error {
		var id, record, raw, head string
		var leaf int64
		if err := r.Scan(&id, &record, opens(fd.d.store, &raw, "outbox", &id), &head, &leaf); err != nil || short != "" || !taken[id] {
			return err
		}
		var in policies.RecordID
		var of policies.StatementID
		if err := of.UnmarshalText([]byte(id)); err != nil {
			return err
		}
		if err := in.UnmarshalText([]byte(record)); err != nil {
			return err
		}
		if cut.stopped(in) {
			return nil
		}
		if !fd.received(in) {
			if !in.IsZero() {
				others = append(others, in)
			}
			return nil
		}
		short = of.Short()
		shows = exhibit{ID: id, Record: in, Statement: raw, Expected: fmt.Sprintf("leaf %d, head %s", leaf, head)}
		return nil
	}, `SELECT id, record, raw, head, leaf FROM outbox WHERE state = 'accepted' AND head <> '' ORDER BY seq`)
	if err != nil {
		return err
	}
	brought, err := fd.brought()
	if err != nil {
		return err
	}
	if others = append(others, brought...); len(others) > 0 {
		err = fd.d.store.write(func(tx *sql.Tx) error {
			for _, r := range others {
				if _, held := fd.d.mirror.Family(policies.FamilyID(r)); held {
					continue
				}
				if err := letGo(tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			err = fd.d.store.scrub()
		}
	}
	if err != nil || short == "" {
		return err
	}
	now, err := recall(fd.d.store.db)
	if err != nil {
		return err
	}
	return lied(CodeUnshown, shows.with("", now.note, nil), nil, "The server took statement %s, proved that it did, and leaves it out of what it sends.", short)
}

// brought are the records of which this device has brought something again that no feed
// showed it, because its person does not receive them any more.
func (fd *feed) brought() (out []policies.RecordID, err error) {
	err = each(fd.d.store.db, func(rows *sql.Rows) error {
		var text string
		var r policies.RecordID
		if err := rows.Scan(&text); err != nil {
			return err
		}
		err := r.UnmarshalText([]byte(text))
		if !fd.received(r) {
			out = append(out, r)
		}
		return err
	}, `SELECT DISTINCT record FROM lost WHERE code = 'taken'`)
	return out, err
}

// letGo removes from the outbox what the server has a receipt given for, in a record
// that is held no longer, and what lies beside it. A clip stays whose film is still to
// be sent, and a family's opening that was not shown yet keeps all of it.
func letGo(tx *sql.Tx, r policies.RecordID) error {
	return letGoOf(tx, r, `record = $1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = $1)`)
}

// letGoAll is letGo, and the opening goes as well.
func letGoAll(tx *sql.Tx, r policies.RecordID) error {
	return letGoOf(tx, r, `(record = $1 OR id = $1)`)
}

func letGoOf(tx *sql.Tx, r policies.RecordID, which string) error {
	if err := run(tx, r.String(), // what it had forgotten and has again
		`DELETE FROM attachments WHERE statement NOT IN (SELECT id FROM statements) AND statement NOT IN (SELECT id FROM outbox)
			AND statement IN (SELECT id FROM lost WHERE record = $1 AND code = 'taken')`,
		`DELETE FROM lost WHERE record = $1 AND code = 'taken'`,
		`DELETE FROM lost_proofs WHERE evidence ->> '$.record' = $1 AND NOT EXISTS (SELECT 1 FROM lost WHERE record = $1)`,
		`DELETE FROM receipts WHERE receipt ->> '$.place.record' = $1 AND name NOT IN (SELECT id FROM outbox)`,
	); err != nil {
		return fmt.Errorf("let go of %s: %w", r.Short(), err)
	}
	gone := ` FROM outbox WHERE ` + which + ` AND state = 'accepted'
		AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.clip = outbox.id AND u.state <> 'stored')`
	for _, q := range []string{
		`DELETE FROM receipts WHERE name IN (SELECT id` + gone + `)`,
		`DELETE FROM attachments WHERE statement NOT IN (SELECT id FROM statements) AND statement IN (SELECT id` + gone + `)`,
		`DELETE` + gone,
	} {
		if _, err := tx.Exec(q, r.String()); err != nil {
			return fmt.Errorf("let go of %s: %w", r.Short(), err)
		}
	}
	return set(tx, settingMoved, "yes")
}

// received: this device holds the record, and its person may.
func (fd *feed) received(r policies.RecordID) bool {
	f, held := fd.d.mirror.Family(policies.FamilyID(r))
	return held && fd.d.entitled(fd.d.mirror.Org(), f) || r == policies.RecordID(fd.d.me.Org)
}

// stored are the clips whose film the server said it has.
func (u *Uploader) stored() (out []policies.ClipID, err error) {
	err = each(u.d.store.db, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var id policies.ClipID
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return err
		}
		out = append(out, id)
		return nil
	}, `SELECT clip FROM uploads WHERE state = 'stored' ORDER BY clip`)
	return out, err
}

// signedFor takes back that a clip is stored where the server said so, before the last
// feed, and has not signed it: its clip.stored comes with the first feed that follows. The
// film stays queued.
func (u *Uploader) signedFor(said []policies.ClipID, r *Report) error {
	unsigned := slices.DeleteFunc(slices.Clone(said), func(id policies.ClipID) bool { return !u.unsigned(id) })
	if len(unsigned) == 0 {
		return nil
	}
	err := u.d.store.write(func(tx *sql.Tx) error {
		for _, id := range unsigned {
			if _, err := tx.Exec(`UPDATE uploads SET state = 'waiting', url = '', why = '' WHERE clip = $1`, id.String()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	id := unsigned[0]
	r.Stopped = append(r.Stopped, StoppedUpload{Clip: id, Code: CodeNotStored, Message: "The server says that it has this film, and has not signed for it.", Next: "It stays queued here."})
	told, _ := u.d.convict(lied(CodeNotStored, exhibit{ID: id.String(), About: unsigned[:min(len(unsigned), 100)], Got: string(wire.CodeStored)}, nil,
		"The server says that it has the film of clip %s, and has not signed for it.", id.Short()))
	return told
}

func (u *Uploader) unsigned(id policies.ClipID) bool {
	u.d.mirror.mu.Lock()
	defer u.d.mirror.mu.Unlock()
	for _, f := range u.d.mirror.families {
		if c := f.Clips[id]; c != nil {
			return c.Stored.IsZero()
		}
	}
	return false // its family is not here any more, or its statement was not sent yet
}
