package attune

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// Restorations is how it stands with a service that was put back from a backup.
type Restorations struct{ d *desk }

// ServiceState is whether the service was put back from a backup, and what devices still
// hold that it does not.
type ServiceState struct {
	Recovering bool      `json:"recovering"` // no film until an IG officer ends it
	PutBack    time.Time `json:"put_back"`   // the last time; zero for never
	Rows       int64     `json:"rows"`       // of the log, that the backup held
	Known      int64     `json:"known"`      // that it is known to have had
	Durable    int64     `json:"durable"`    // that the last verified backup holds, as far as this device knows
	Lost       int       `json:"lost"`       // statements here that the service has not taken back
	Overdue    bool      `json:"overdue"`    // the recovery lasts for longer than devices take to bring back what they hold
}

// Show is how it stands, as this device knows it.
func (s *Restorations) Show() (out ServiceState, err error) {
	if org := s.d.mirror.Org(); org != nil && len(org.Restorations) > 0 {
		last := org.Restorations[len(org.Restorations)-1]
		_, out.Recovering = org.Recovering()
		out.PutBack, out.Rows, out.Known = last.At.Time(), last.Log.Size, last.Known.Size
	}
	since, err := s.d.recoversSince()
	if err != nil {
		return out, err
	}
	out.Overdue = !since.IsZero() && s.d.now().Sub(since) > recoversFor
	text, err := setting(s.d.store.db, settingDurable)
	if err != nil {
		return out, err
	}
	out.Durable, _ = strconv.ParseInt(text, 10, 64) // zero when never told
	err = s.d.store.db.QueryRow(`SELECT COUNT(*) FROM lost WHERE code <> 'taken'`).Scan(&out.Lost)
	return out, err
}

// Forgotten is a statement that the service had accepted, does not have since it was put
// back from a backup, and refused when this device brought it again.
type Forgotten struct {
	ID      policies.StatementID `json:"id"`
	Kind    policies.Kind        `json:"kind"`
	Record  policies.RecordID    `json:"record"`
	Made    time.Time            `json:"made"` // when the service had accepted it
	Mine    bool                 `json:"mine"` // made on this device
	Code    wire.Code            `json:"code"`
	Message string               `json:"message"` // one plain sentence
}

// Forgotten lists them, oldest first, once the recovery is over; until then another device
// may bring what they rest on. What was dismissed is not listed.
func (s *Restorations) Forgotten() (out []Forgotten, err error) {
	if _, recovering := s.d.mirror.Org().Recovering(); recovering {
		return nil, nil
	}
	var raws []string
	var at []int64
	err = each(s.d.store.db, func(r *sql.Rows) error {
		var f Forgotten
		var taken int64
		var id, table, raw string
		if err := r.Scan(&id, &taken, &table, &f.Code, opensIn(s.d.store, &raw, &table, &id)); err != nil {
			return err
		}
		f.Message = wire.EntryOf(f.Code).Message
		out, raws, at = append(out, f), append(raws, raw), append(at, taken)
		return nil
	}, `SELECT id, at, sealed_in, code, raw FROM lost WHERE code NOT IN ('', 'taken') AND id NOT IN (SELECT id FROM lost_seen) ORDER BY leaf, id`)
	if err != nil {
		return nil, err
	}
	for i, raw := range raws {
		st, err := statement.Parse([]byte(raw))
		if err != nil {
			return nil, fmt.Errorf("forgotten: %w", err)
		}
		f := &out[i]
		f.ID, f.Kind, f.Record, f.Made = st.ID, st.Kind, st.Record, policies.Micros(at[i]).Time()
		f.Mine = st.Signer == policies.KeyID(s.d.keys.Device())
	}
	return out, nil
}

// Dismiss takes what the service forgot off the list, once a person has dealt with
// it. It stays on this device and is brought again at each sync.
// What stopped something is never dismissed. An [*Error] with [CodeUnknown] for what is not
// listed, with wire.CodeNotPossible for what stopped something.
func (s *Restorations) Dismiss(ids ...policies.StatementID) error {
	listed, err := s.Forgotten()
	if err != nil {
		return err
	}
	for _, id := range ids {
		at := slices.IndexFunc(listed, func(f Forgotten) bool { return f.ID == id })
		if at < 0 {
			return problem(CodeUnknown, "List what needs attention.", "Nothing that the service forgot has the number %s.", id.Short())
		}
		if row, _ := policies.RowOf(listed[at].Kind); row.Restriction {
			return problem(wire.CodeNotPossible, "See that it is done again, and tell your IG officer.",
				"%s stopped something, and the service does not have it: that is not set aside.", id.Short())
		}
	}
	return s.d.store.write(func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(`INSERT INTO lost_seen (id) VALUES ($1) ON CONFLICT DO NOTHING`, id.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Find is the one of the listed whose number begins so.
func (s *Restorations) Find(text string) (policies.StatementID, error) {
	listed, err := s.Forgotten()
	if err != nil {
		return policies.StatementID{}, err
	}
	ids := make([]policies.StatementID, len(listed))
	for i, f := range listed {
		ids[i] = f.ID
	}
	return pick("entry that the service forgot", text, ids)
}

// Recovered ends the recovery of a service that was put back: it serves film again. Only
// an IG officer may, once everybody's devices have synced.
func (s *Restorations) Recovered() (policies.StatementID, error) {
	org, err := s.d.mirror.provisionalOrg()
	if err != nil {
		return policies.StatementID{}, err
	}
	last, recovering := org.Recovering()
	if !recovering {
		return policies.StatementID{}, problem(CodeInput, "Nothing to do.", "The service is not being put back.")
	}
	st, err := s.d.outbox.file(draft{policies.RecordID(org.ID), "service.recovered", policies.ServiceRecovered{Restored: last.ID}, nil})
	return st.ID, err
}
