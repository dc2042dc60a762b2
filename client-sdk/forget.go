package attune

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/policies"
)

// What a person may see no longer leaves their device: rows, free pages, the journal of
// the database, and the files of film that the service has. SQLite overwrites what is
// deleted (secure_delete), and its journal is emptied as soon as the deletion is
// committed, or at the next start after a crash. What a disk keeps of what was overwritten
// is out of reach; it is sealed.
//
// What is queued here stays. It was never the server's to delete.

// forget removes what is held of a family's record. Of film and statements that the
// service has taken nothing stays either.
func (p *pageFold) forget(r policies.RecordID) error {
	delete(p.unread.Stopped, r)
	p.families[policies.FamilyID(r)] = nil
	if err := p.m.d.store.keepFloor(p.tx, r); err != nil {
		return err
	}
	p.gone = true
	if err := letGo(p.tx, r); err != nil {
		return err
	}
	return run(p.tx, r.String(),
		`DELETE FROM uploads WHERE state = 'stored' AND clip IN (SELECT id FROM statements WHERE record = $1)`,
		`DELETE FROM sources WHERE clip IN (SELECT id FROM statements WHERE record = $1) AND clip NOT IN (SELECT clip FROM uploads)`,
		`DELETE FROM attachments WHERE statement IN (SELECT id FROM statements WHERE record = $1) AND statement NOT IN (SELECT id FROM outbox)`,
		`DELETE FROM doubted WHERE statement IN (SELECT id FROM statements WHERE record = $1)`,
		`DELETE FROM attachments WHERE statement IN (SELECT id FROM lost WHERE record = $1) AND statement NOT IN (SELECT id FROM outbox)`,
		`DELETE FROM lost_proofs WHERE name IN (SELECT id FROM lost WHERE record = $1)`,
		`DELETE FROM lost WHERE record = $1`,
		`DELETE FROM lost_proofs WHERE evidence ->> '$.record' = $1`,
		`DELETE FROM receipts WHERE receipt ->> '$.place.record' = $1 AND name NOT IN (SELECT id FROM outbox)`,
		`DELETE FROM statements WHERE record = $1`,
		`DELETE FROM records WHERE record = $1`,
	)
}

// run does statements of one argument, until the first that fails: see store.must.
func run(tx *sql.Tx, arg string, queries ...string) error {
	for _, q := range queries {
		if _, err := tx.Exec(q, arg); err != nil {
			return err
		}
	}
	return nil
}

// floor is how far a record had been proved to reach.
type floor struct {
	Position int64  `json:"position"`
	Head     string `json:"head"`
}

// keepFloor keeps how far a record reached under a name that tells nothing.
func (s *store) keepFloor(tx *sql.Tx, r policies.RecordID) error {
	var f floor
	err := tx.QueryRow(`SELECT floor_position, floor_head FROM records WHERE record = $1`, r.String()).Scan(&f.Position, &f.Head)
	if errors.Is(err, sql.ErrNoRows) || err == nil && f.Position == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	name := s.box.Name(r.String())
	_, err = tx.Exec(`INSERT INTO floors (name, floor) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET floor = excluded.floor`,
		name, s.shut(text, "floors", name))
	return err
}

// recallFloor puts the floor back under a record that begins again.
func (s *store) recallFloor(tx *sql.Tx, r policies.RecordID) error {
	name, text := s.box.Name(r.String()), ""
	err := tx.QueryRow(`SELECT floor FROM floors WHERE name = $1`, name).Scan(opens(s, &text, "floors", &name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	var f floor
	if err == nil {
		err = json.Unmarshal([]byte(text), &f)
	}
	if err == nil {
		_, err = tx.Exec(`INSERT INTO records (record, state, floor_position, floor_head) VALUES ($1, '', $2, $3) ON CONFLICT DO NOTHING`,
			r.String(), f.Position, f.Head)
	}
	if err == nil {
		_, err = tx.Exec(`DELETE FROM floors WHERE name = $1`, name)
	}
	return err
}

// wipe forgets every family once the verified record says that this device, or its person,
// was revoked, and the names of colleagues with them. The person's keys go when that is
// committed: see [desk.loseKeys].
func (p *pageFold) wipe() error {
	if p.org == nil || p.m.d.overIn(p.org) == nil {
		return nil
	}
	p.wiped = true
	p.m.mu.Lock()
	held := slices.SortedFunc(maps.Keys(p.m.families), compareIDs)
	p.m.mu.Unlock()
	p.dropped = append(p.dropped, held...)
	for id := range p.families {
		held = append(held, id) // what this very page brought
	}
	for _, id := range held {
		if err := p.forget(policies.RecordID(id)); err != nil {
			return err
		}
	}
	if err := p.unshown(); err != nil {
		return err
	}
	if _, err := p.tx.Exec(`DELETE FROM known_keys`); err != nil {
		return err
	}
	_, err := p.tx.Exec(`DELETE FROM attachments WHERE name <> $1 AND statement NOT IN (SELECT id FROM outbox)`, policies.PackFile)
	if err != nil {
		return err
	}
	return p.receipt(policies.RecordID(p.org.ID), p.ending())
}

// unshown forgets what the service took of this device, or had forgotten, in families that
// no feed has shown here and none will show.
func (p *pageFold) unshown() error {
	var families []policies.RecordID
	err := each(p.tx, func(rows *sql.Rows) error {
		var r policies.RecordID
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		err := r.UnmarshalText([]byte(text))
		families = append(families, r)
		return err
	}, `SELECT CASE record WHEN '' THEN id ELSE record END AS family FROM outbox WHERE state = 'accepted' UNION SELECT record FROM lost ORDER BY family`)
	if err != nil {
		return err
	}
	for _, r := range families {
		if r == policies.RecordID(p.org.ID) {
			continue // that all is gone is said once
		}
		if err := letGoAll(p.tx, r); err != nil {
			return err
		}
	}
	return run(p.tx, policies.RecordID(p.org.ID).String(),
		`DELETE FROM lost WHERE record <> $1`, `DELETE FROM lost_proofs WHERE evidence ->> '$.record' <> $1`)
}

// loseKeys takes the person's keys from a device that was revoked. What was queued here
// can still be sent: it needs the device's own key alone.
func (d *desk) loseKeys() error {
	d.keys.lose()
	for _, name := range []string{nextFile, personFile} {
		if err := destroy(d.dir, name); err != nil {
			return err
		}
	}
	return nil
}

// cleared sees to it that what a page had this device forget leaves the disk too.
func (d *desk) cleared(p *pageFold) error {
	if d.crash != nil && (p.gone || p.wiped) {
		return d.crash()
	}
	if p.wiped {
		if err := d.loseKeys(); err != nil {
			return err
		}
	}
	if !p.gone && !p.wiped {
		return nil
	}
	d.clean()
	return d.store.scrub()
}

// destroy overwrites a small file and removes it; nil when there is none. A disk that
// writes elsewhere keeps the old bytes for a while, under the store key.
func destroy(dir, name string) error {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteAt(make([]byte, info.Size()), 0)
		if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
			err = os.Remove(path)
		}
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("destroy %s: %w", name, err)
	}
	return nil
}

// settingMoved says that something was deleted since the database was last written anew.
const settingMoved = "moved"

// scrub writes the database anew and empties its journal: what was deleted is in the
// journal until then, and SQLite overwrites what it deletes, but not what it moved from one
// page to another before. A disk without room for that keeps such rests, which are numbers
// and what is sealed.
func (s *store) scrub() error {
	moved, err := setting(s.db, settingMoved)
	if err != nil {
		return err
	}
	if moved != "" { // also at the start after a crash
		if _, err := s.db.Exec(`VACUUM`); err != nil && !noRoom(err) {
			return fmt.Errorf("write the store anew: %w", err)
		}
		if err := s.must(func(tx *sql.Tx) error { return set(tx, settingMoved, "") }); err != nil {
			return err
		}
	}
	var busy, frames, done int64
	if err := s.db.QueryRow(`PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &done); err != nil {
		return fmt.Errorf("empty the journal: %w", err)
	}
	return nil
}
