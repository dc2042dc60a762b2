package attune

import (
	"cmp"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// memory is a state of the log that this device, or the author of a statement in
// its mirror, was shown as signed.
type memory struct {
	accesslog.Checkpoint
	by string // whose memory, in words

	anchor bool // it was put where the service cannot change it
}

func (m memory) contradicted() string {
	if m.anchor {
		return fmt.Sprintf("rows 0 to %d: are not those that were anchored (%s): the log was rewritten and signed again", m.Size-1, m.by)
	}
	return fmt.Sprintf("rows 0 to %d: are not those that %s saw signed before", m.Size-1, m.by)
}

// remembered are the states of the log that this device knows of, by size: the one
// that it accepted last, those that it was shown and refused, and those that the
// authors of the statements in its mirror signed that they had seen. A log that was
// rewritten for everyone but this device still contradicts what a colleague saw.
func (d *desk) remembered() ([]memory, error) {
	last, err := recall(d.store.db)
	if err != nil {
		return nil, err
	}
	var out []memory
	if last.Size > 0 {
		out = append(out, memory{Checkpoint: last.Checkpoint, by: "this device"})
	}
	var puts []policies.Restoration
	if org := d.mirror.Org(); org != nil {
		puts = org.Restorations
	}
	known := map[accesslog.Checkpoint]bool{}
	err = each(d.store.db, func(r *sql.Rows) error {
		var id, raw string
		if err := r.Scan(&id, opens(d.store, &raw, "statements", &id)); err != nil {
			return err
		}
		s, err := trusted(raw, d)
		if err != nil {
			return nil //nolint:nilerr // org.root, whose key no certificate names; nobody had seen a log before it
		}
		if forgotten(s, puts) {
			return nil // of a log that the service lost when it was put back
		}
		c := accesslog.Checkpoint{Origin: last.Origin, Size: s.Seen.Size, Root: accesslog.Hash(s.Seen.Root)}
		if c.Size > 0 && !known[c] && c != last.Checkpoint {
			known[c] = true
			out = append(out, memory{Checkpoint: c, by: "the author of statement " + s.ID.Short()})
		}
		return nil
	}, `SELECT id, raw FROM statements WHERE raw <> '' ORDER BY leaf`)
	if err != nil {
		return nil, err
	}
	refused, err := d.refused(last)
	return sorted(append(out, refused...)), err
}

func sorted(all []memory) []memory {
	slices.SortStableFunc(all, func(a, b memory) int { return cmp.Compare(a.Size, b.Size) })
	return all
}

// forgotten: its author had seen more of the log than a backup held to which the service
// was put back since.
func forgotten(s policies.Statement, puts []policies.Restoration) bool {
	return slices.ContainsFunc(puts, func(p policies.Restoration) bool { return s.At < p.At && s.Seen.Size > p.Log.Size })
}

// refused are the signed states that this device kept as evidence.
func (d *desk) refused(last mark) (out []memory, err error) {
	files, err := filepath.Glob(filepath.Join(d.dir, "evidence", "*.json"))
	if err != nil || last.Origin == "" {
		return nil, err
	}
	keys, err := d.logKeys(last.Origin)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var notes struct{ Remembered, Shown string }
		if json.Unmarshal(raw, &notes) != nil {
			continue // not ours
		}
		for _, n := range []string{notes.Remembered, notes.Shown} {
			for _, k := range keys {
				if c, err := accesslog.OpenCheckpoint(n, k.verifier); err == nil && c.Size > 0 {
					out = append(out, memory{Checkpoint: c, by: "this device (" + strings.TrimSuffix(filepath.Base(file), ".json") + ")"})
				}
			}
		}
	}
	return out, nil
}

// logKey is a key that signs the log, or did.
type logKey struct {
	verifier    *accesslog.Verifier
	certificate policies.StatementID // server.certify that names it
	replaced    policies.StatementID // the one after it; zero for the key in force
}

// logKeys are the keys that the organisation's root certified for the log of that name,
// the one in force first, then those that it replaced, newest first.
func (d *desk) logKeys(origin string) (out []logKey, err error) {
	org := d.mirror.Org()
	if org == nil || origin == "" {
		return nil, problem(CodeUnknown, "Sync once, then try again.", "This device does not know the service's log yet.")
	}
	var next policies.StatementID
	for i := len(org.Retired); i >= 0; i-- {
		s := org.Server
		if i < len(org.Retired) {
			s = org.Retired[i]
		}
		v, err := accesslog.NewVerifier(origin, ed25519.PublicKey(s.LogKey[:]))
		if err != nil {
			return nil, err
		}
		out = append(out, logKey{v, s.Certificate, next})
		next = s.Certificate
	}
	return out, nil
}

// endedAt is the row of the log at which a key was replaced: what it signs of more
// rows than those before is not the service's.
func (d *desk) endedAt(k logKey) (row int64, err error) {
	err = d.store.db.QueryRow(`SELECT leaf FROM statements WHERE id = $1`, k.replaced.String()).Scan(&row)
	return row, err
}
