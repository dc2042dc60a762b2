package attune

import (
	"database/sql"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// Mirror is what this device has verified of its records: the organisation's and
// those of the families that its person works with. States handed out are never
// changed afterwards; callers do not change them either.
type Mirror struct {
	d *desk

	mu sync.Mutex
	// mu guards the fields below; what they point to is replaced, never changed.
	org      *policies.Org
	families map[policies.FamilyID]*policies.Family
}

func openMirror(d *desk) (*Mirror, error) {
	m := &Mirror{d: d, families: map[policies.FamilyID]*policies.Family{}}
	err := each(d.store.db, func(r *sql.Rows) error {
		var record, state string
		if err := r.Scan(&record, opens(d.store, &state, "records", &record)); err != nil {
			return err
		}
		if record == d.me.Org.String() {
			m.org = new(policies.Org)
			return json.Unmarshal([]byte(state), m.org)
		}
		f := new(policies.Family)
		err := json.Unmarshal([]byte(state), f)
		m.families[f.ID] = f
		return err
	}, `SELECT record, state FROM records WHERE state <> ''`)
	if err != nil {
		return nil, fmt.Errorf("read mirror: %w", err)
	}
	return m, nil
}

// take shows what a page brought, once it is kept.
func (m *Mirror) take(p *pageFold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.org = p.org
	for id, f := range p.families {
		if m.families[id] = f; f == nil {
			delete(m.families, id)
		}
	}
}

// Org is the organisation as verified, nil before the first contact.
func (m *Mirror) Org() *policies.Org {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.org
}

// Family is a family as verified; false for one that is not, or not yet, in the
// mirror.
func (m *Mirror) Family(id policies.FamilyID) (*policies.Family, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.families[id]
	return f, ok
}

// Checkpoint is the state of the access log that this device saw last.
func (m *Mirror) Checkpoint() (accesslog.Checkpoint, error) {
	c, err := recall(m.d.store.db)
	return c.Checkpoint, err
}

// Contact is when the server last answered, by this device's clock; the zero
// time before the first contact.
func (m *Mirror) Contact() (time.Time, error) {
	text, err := setting(m.d.store.db, settingContact)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMicro(micros), err
}

// provisional is a family as it will be once the server has accepted what is
// queued here: the mirror's state, or that of a family opened offline, with the
// outbox folded over it. What no longer fits is left out; the server refuses it.
func (m *Mirror) provisional(id policies.FamilyID) (*policies.Family, error) {
	all, err := m.allProvisional()
	if err != nil {
		return nil, err
	}
	if f := all[id]; f != nil {
		return f, nil
	}
	return nil, problem(CodeUnknown, "Check the number, and sync.", "There is no family %s on this device.", id.Short())
}

func (m *Mirror) allProvisional() (map[policies.FamilyID]*policies.Family, error) {
	queued, err := m.d.outbox.pending()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	org, all := m.org, map[policies.FamilyID]*policies.Family{}
	for id, f := range m.families {
		all[id] = f
	}
	m.mu.Unlock()
	if org == nil {
		return all, nil
	}
	if org, err = m.provisionalOrg(); err != nil {
		return nil, err
	}
	own := map[policies.FamilyID]bool{} // already copied
	now := policies.At(m.d.now())
	for _, s := range queued {
		id := policies.FamilyID(s.Record)
		switch {
		case s.Kind == policies.KindFamilyOpen && all[policies.FamilyID(s.ID)] == nil:
			if f, _, err := policies.NewFamily(org, s, now); err == nil {
				all[f.ID], own[f.ID] = f, true
			}
		case all[id] != nil && !own[id]:
			all[id], own[id] = all[id].Clone(), true
			fallthrough
		case all[id] != nil:
			_, _ = all[id].Apply(org, s, now) // a refusal is the server's to tell, and leaves the state as it was
		}
	}
	return all, nil
}

// provisionalOrg is the organisation with the outbox folded over it.
func (m *Mirror) provisionalOrg() (*policies.Org, error) {
	org := m.Org()
	if org == nil {
		return nil, problem(CodeUnknown, "Sync once while connected.", "This device has not yet received its organisation's record.")
	}
	queued, err := m.d.outbox.pending()
	if err != nil {
		return nil, err
	}
	org = org.Clone()
	now := policies.At(m.d.now())
	for _, s := range queued {
		if s.Record == policies.RecordID(org.ID) {
			_, _ = org.Apply(s, now) // as above
		}
	}
	return org, nil
}
