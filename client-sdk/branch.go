package attune

import (
	"cmp"
	"database/sql"
	"errors"
	"math"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/attune-vf/attune/policies"
)

// A service that is put back more than once, and not from its newest backup each time, has
// histories that branch off from one another. What two of them have in common ends where
// the first of the two branched off: a state of the log that was shown after that, even one
// shorter than the backup, is of the other branch, and no part of this one's past.

// settingHistory is the states at which the log that this device knows began anew, JSON.
const settingHistory = "history"

// course is a log by the states at which it began anew, the oldest first, and its last name.
func course(began []policies.LogState, name string) []policies.LogState {
	p := slices.SortedFunc(slices.Values(began), func(a, b policies.LogState) int { return cmp.Compare(a.Size, b.Size) })
	return append(p, policies.LogState{Origin: name, Size: math.MaxInt64})
}

// shared is how many rows two logs have in common; an error where nothing says that they
// have any.
func shared(a, b []policies.LogState) (rows int64, err error) {
	for i := range min(len(a), len(b)) {
		if a[i].Origin != b[i].Origin {
			break
		}
		rows = min(a[i].Size, b[i].Size)
		if a[i].Size != b[i].Size {
			break
		}
	}
	if rows == 0 {
		err = errors.New("it names a log that this device never saw")
	}
	return rows, err
}

// sharedWith is how many rows the log that this device knows has in common with another.
func (d *desk) sharedWith(before mark, began []policies.LogState, after mark) (int64, error) {
	ours, err := d.began()
	if err != nil {
		return 0, err
	}
	return shared(course(ours, before.Origin), course(began, after.Origin))
}

// began is the states at which the log that this device knows began anew. A device that
// joined since has them from the record.
func (d *desk) began() (ours []policies.LogState, err error) {
	text, err := setting(d.store.db, settingHistory)
	if err != nil {
		return nil, err
	}
	if text != "" {
		return ours, json.Unmarshal([]byte(text), &ours)
	}
	for _, r := range d.mirror.Org().Restorations {
		ours = append(ours, r.Log)
	}
	return ours, nil
}

// keepBegan goes with the log that the service has now.
func keepBegan(tx *sql.Tx, began []policies.LogState) error {
	text, err := marshal(began)
	if err != nil {
		return err
	}
	return set(tx, settingHistory, text)
}

// states are those that the service's statements name, which were verified.
func states(all []put) (out []policies.LogState) {
	for _, p := range all {
		out = append(out, p.log)
	}
	return out
}

// unknown reports whether one of them is new to this device.
func unknown(all []put, known []string) bool {
	return slices.ContainsFunc(all, func(p put) bool { return !slices.Contains(known, p.id.String()) })
}

// settingAdopted says that the feed of a new history has not come to its end yet.
const settingAdopted = "adopted"

// outlived forgets the families that this person had by what the service has forgotten,
// such as an appointment as deputy: the feed of the new history knows of none that could
// end, and the verified record does not give them these families.
func (fd *feed) outlived() error {
	adopted, err := setting(fd.d.store.db, settingAdopted)
	if err != nil || adopted == "" || fd.d.over() != nil {
		return err
	}
	m, now := fd.d.mirror, policies.At(fd.d.now())
	p := &pageFold{m: m, families: map[policies.FamilyID]*policies.Family{}, org: m.Org()}
	m.mu.Lock()
	var ended []policies.FamilyID
	for id, f := range m.families {
		if !fd.d.entitledAt(p.org, f, now) {
			ended = append(ended, id)
		}
	}
	m.mu.Unlock()
	err = fd.d.store.write(func(tx *sql.Tx) error {
		p.tx = tx
		for _, id := range ended {
			if err := p.forget(policies.RecordID(id)); err != nil {
				return err
			}
		}
		return set(tx, settingAdopted, "")
	})
	if err != nil {
		return err
	}
	m.take(p)
	return fd.d.cleared(p)
}
