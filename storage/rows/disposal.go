package rows

import (
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// DisposalState is where the film of a clip stands for the sweeper.
type DisposalState string

// The states.
const (
	FilmLive       DisposalState = "live"
	FilmMarked     DisposalState = "marked"
	FilmDestroying DisposalState = "destroying"
	FilmDestroyed  DisposalState = "destroyed" // to be looked for once more
	FilmVerified   DisposalState = "verified"
)

// Disposal is the sweeper's row of a clip.
type Disposal struct {
	Clip    policies.ClipID
	Family  policies.FamilyID
	State   DisposalState
	Fate    policies.FateState // of what is live
	Due     policies.Micros    // when to look next
	Uploads int64              // unfinished ones that were ended
}

const disposalColumns = `clip, family, state, fate, due, uploads`

func scanDisposal(scan func(...any) error) (d Disposal, err error) {
	var clip, family, state, fate string
	if err = scan(&clip, &family, &state, &fate, &d.Due, &d.Uploads); err != nil {
		return d, err
	}
	d.State, d.Fate = DisposalState(state), policies.FateState(fate)
	if err = errors.Join(d.Clip.UnmarshalText([]byte(clip)), d.Family.UnmarshalText([]byte(family))); err != nil {
		return d, fmt.Errorf("disposal of %s: %w", clip, err)
	}
	return d, nil
}

// Disposal reads the row of a clip.
func (q q) Disposal(clip policies.ClipID) (Disposal, bool, error) {
	d, err := scanDisposal(q.row(`SELECT `+disposalColumns+` FROM disposals WHERE clip = $1`, clip.String()).Scan)
	ok, err := found(err)
	return d, ok, err
}

// PutDisposal writes the row of a clip, and counts what is live. The uploads that were
// ended stay counted.
func (tx *Tx) PutDisposal(d Disposal) error {
	was, there, err := tx.Disposal(d.Clip)
	if err != nil {
		return err
	}
	if there && was.State == d.State && was.Fate == d.Fate && was.Due == d.Due {
		return nil
	}
	change := flag(d.State == FilmLive) - flag(there && was.State == FilmLive)
	if change != 0 {
		if err := tx.exec(`UPDATE sweeper SET live = live + $1`, change); err != nil {
			return err
		}
	}
	return tx.exec(`INSERT INTO disposals (clip, family, state, fate, due) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (clip) DO UPDATE SET state = excluded.state, fate = excluded.fate, due = excluded.due`,
		d.Clip.String(), d.Family.String(), string(d.State), string(d.Fate), d.Due)
}

// EndedUploads adds to how many unfinished uploads of a clip were ended.
func (tx *Tx) EndedUploads(clip policies.ClipID, n int) error {
	return tx.exec(`UPDATE disposals SET uploads = uploads + $2 WHERE clip = $1`, clip.String(), n)
}

// DueDisposals lists rows of one state that are to be looked at by a time, after a place in
// that order, at most limit. Of what is live the index holds only what has a date.
func (q q) DueDisposals(state DisposalState, by policies.Micros, after Disposal, limit int) ([]Disposal, error) {
	// The state is written out, so that the partial index is one that can answer.
	where := `state = 'live'`
	if state != FilmLive {
		where = `state <> 'live' AND state = '` + string(state) + `'`
	}
	return q.disposals(`SELECT `+disposalColumns+` FROM disposals WHERE `+where+`
		AND due <= $1 AND (due > $2 OR due = $2 AND clip > $3) ORDER BY due, clip LIMIT $4`, by, after.Due, after.Clip.String(), limit)
}

// WaitingDisposals lists what is live and does not go by a date: held, or a person's to
// decide on; after a clip, at most limit.
func (q q) WaitingDisposals(after policies.ClipID, limit int) ([]Disposal, error) {
	return q.disposals(`SELECT `+disposalColumns+` FROM disposals
		WHERE state = 'live' AND fate IN ('due', 'review', 'held') AND clip > $1 ORDER BY clip LIMIT $2`, after.String(), limit)
}

func (q q) disposals(query string, args ...any) (out []Disposal, err error) {
	err = q.each(func(scan func(...any) error) error {
		d, err := scanDisposal(scan)
		out = append(out, d)
		return err
	}, query, args...)
	return out, err
}

// FoundVersion is a stored version that was found before it was deleted.
type FoundVersion struct {
	Version string
	Bytes   int64
	Marker  bool
}

// PutFoundVersion notes one; again is the same as once.
func (tx *Tx) PutFoundVersion(clip policies.ClipID, v FoundVersion) error {
	return tx.exec(`INSERT INTO disposal_versions (clip, version, bytes, marker) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		clip.String(), v.Version, v.Bytes, flag(v.Marker))
}

// FoundVersions lists what was found of a clip's object.
func (q q) FoundVersions(clip policies.ClipID) (out []FoundVersion, err error) {
	err = q.each(func(scan func(...any) error) error {
		var v FoundVersion
		var marker int64
		err := scan(&v.Version, &v.Bytes, &marker)
		v.Marker = marker == 1
		out = append(out, v)
		return err
	}, `SELECT version, bytes, marker FROM disposal_versions WHERE clip = $1 ORDER BY version`, clip.String())
	return out, err
}

// DropFilmKeys deletes every attachment of a statement: a clip's headers and title, what a
// link's page shows. It returns how many there were.
func (tx *Tx) DropFilmKeys(id policies.StatementID) (int, error) {
	res, err := tx.change(`DELETE FROM attachments WHERE statement = $1`, id.String())
	if err != nil {
		return 0, fmt.Errorf("delete attachments of %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// FilmKeys counts the attachments of a statement.
func (q q) FilmKeys(id policies.StatementID) (n int, err error) {
	err = q.row(`SELECT COUNT(*) FROM attachments WHERE statement = $1`, id.String()).Scan(&n)
	return n, err
}

// Reckon has the dates of a family's film worked out anew.
func (tx *Tx) Reckon(record policies.RecordID) error {
	return tx.exec(`INSERT INTO reckonings (record) VALUES ($1) ON CONFLICT DO NOTHING`, record.String())
}

// ReckonAll has those of every family worked out anew.
func (tx *Tx) ReckonAll() error {
	return tx.exec(`INSERT INTO reckonings (record) SELECT id FROM records WHERE kind = 'family' AND length(state) > 0 ON CONFLICT DO NOTHING`)
}

// Reckonings lists families whose dates are to be worked out, at most limit.
func (q q) Reckonings(limit int) ([]policies.RecordID, error) {
	return q.records(`SELECT record FROM reckonings ORDER BY record LIMIT $1`, limit)
}

// Reckoned notes that those of a family were.
func (tx *Tx) Reckoned(record policies.RecordID) error {
	return tx.exec(`DELETE FROM reckonings WHERE record = $1`, record.String())
}

// SweepMark is what the sweeper keeps between its runs.
type SweepMark struct {
	Live    int64 // clips that are not on their way to their end
	Wall    policies.Micros
	Running policies.Micros
	Boot    string
}

// SweepMark reads it.
func (q q) SweepMark() (m SweepMark, err error) {
	err = q.row(`SELECT live, wall, running, boot FROM sweeper`).Scan(&m.Live, &m.Wall, &m.Running, &m.Boot)
	return m, err
}

// PutSweepClock writes what the clock said.
func (tx *Tx) PutSweepClock(m SweepMark) error {
	return tx.exec(`UPDATE sweeper SET wall = $1, running = $2, boot = $3`, m.Wall, m.Running, m.Boot)
}

// LastEventAt is when the last event was logged; 0 for an empty log.
func (q q) LastEventAt() (at policies.Micros, err error) {
	ok, err := found(q.row(`SELECT at FROM events ORDER BY n DESC LIMIT 1`).Scan(&at))
	if !ok {
		at = 0
	}
	return at, err
}
