package storage

import (
	"errors"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// change takes over the new state and writes the tables that answer without
// folding: who receives the record, which clips there are, which addresses.
func (j *judge) change(next folded, index int64) error {
	if next.org != nil {
		return j.changeOrg(next, index)
	}
	f := next.family
	j.families[f.ID], j.dirty[f.ID] = f, true
	joined := next.changes.Joined
	if next.before == nil {
		joined = append(slices.Clone(joined), j.org.Desks(j.now)...)
	}
	joined = append(slices.Clone(joined), j.reduced(next)...)
	slices.SortFunc(joined, func(a, b policies.StaffID) int { return slices.Compare(a[:], b[:]) })
	joined = slices.Compact(joined) // a deputy opens a family of their own
	if len(joined) > 0 {
		j.opened[next.record] = true
	}
	if err := j.access(next.record, joined, j.leaving(next), index); err != nil {
		return err
	}
	if err := j.dropHeaders(next); err != nil {
		return err
	}
	for _, id := range next.changes.Clips {
		c := f.Clips[id]
		if c == nil {
			continue // stored or annotated before it was added: its own statement brings the row
		}
		if err := j.tx.PutClip(rows.Clip{ID: id, Family: f.ID, Author: c.By, Bytes: c.Payload.Bytes, Stored: !c.Stored.IsZero() && c.Destroying.IsZero()}); err != nil {
			return err
		}
		if err := errors.Join(j.disposal(f, c), j.spared(next, id)); err != nil {
			return err
		}
	}
	for _, id := range next.changes.Links {
		if l := f.Links[id]; l != nil {
			if err := j.putLink(next, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// changeOrg lets new staff receive the organisation's record, and those who now
// have a desk every family's.
func (j *judge) changeOrg(next folded, index int64) error {
	before := j.org
	j.reckonAll = j.reckonAll || next.changes.Dates
	j.org, j.orgDirty = next.org, true
	if err := j.access(next.record, next.changes.Joined, next.changes.Left, index); err != nil {
		return err
	}
	if err := j.ended(next.changes.Ended, index); err != nil {
		return err
	}
	families, err := j.tx.Families()
	if err != nil {
		return err
	}
	for id, f := range j.families {
		if j.dirty[id] && !slices.Contains(families, f.ID) {
			families = append(families, f.ID)
		}
	}
	old, desks := before.Desks(j.now), j.org.Desks(j.now)
	for _, staff := range desks {
		if slices.Contains(old, staff) {
			continue
		}
		for _, f := range families {
			if err := j.tx.Join(policies.RecordID(f), staff, index); err != nil {
				return fmt.Errorf("join desk: %w", err)
			}
		}
	}
	for _, staff := range old {
		if slices.Contains(desks, staff) || slices.Contains(next.changes.Left, staff) {
			continue
		}
		if err := j.clearDesk(staff, families, index); err != nil {
			return err
		}
	}
	for _, staff := range next.changes.Left {
		for _, f := range families {
			if err := j.tx.Leave(policies.RecordID(f), staff, index); err != nil {
				return fmt.Errorf("leave: %w", err)
			}
		}
	}
	return nil
}

// clearDesk ends what a deputy received as one: of every family but those that they
// work with or watch.
func (j *judge) clearDesk(staff policies.StaffID, families []policies.FamilyID, index int64) error {
	for _, id := range families {
		f, err := j.family(id)
		if err != nil {
			return err
		}
		if f.Receives(j.org, staff, j.now) {
			continue
		}
		if err := j.tx.Leave(policies.RecordID(id), staff, index); err != nil {
			return fmt.Errorf("clear desk: %w", err)
		}
	}
	return nil
}

// leaving is who receives the record no longer. A desk stays one, also of a head of
// service who was a viewer too.
func (j *judge) leaving(next folded) []policies.StaffID {
	desks := j.org.Desks(j.now)
	return slices.DeleteFunc(slices.Clone(next.changes.Left), func(who policies.StaffID) bool { return slices.Contains(desks, who) })
}

// reduced is who leaves the team and goes on receiving the record as a deputy: they
// begin anew, with what is theirs now, and their device forgets the rest.
func (j *judge) reduced(next folded) []policies.StaffID {
	desks := j.org.Desks(j.now)
	return slices.DeleteFunc(slices.Clone(next.changes.Left), func(who policies.StaffID) bool {
		return next.before == nil || !next.before.OnTeam(who) || !slices.Contains(desks, who)
	})
}

// dropHeaders deletes the keys of whoever may watch no longer: the list of viewers
// is the list of their keys.
func (j *judge) dropHeaders(next folded) error {
	for _, who := range next.changes.Left {
		for _, name := range next.family.OwnHeaders(j.org, who) {
			if err := j.tx.DropHeaders(next.family.ID, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *judge) access(record policies.RecordID, joined, left []policies.StaffID, index int64) error {
	for _, staff := range joined {
		// Whoever joins did not receive: a viewing that ran out has left a row open.
		if err := j.tx.Leave(record, staff, index); err != nil {
			return err
		}
		if err := j.tx.Join(record, staff, index); err != nil {
			return err
		}
	}
	for _, staff := range left {
		if err := j.tx.Leave(record, staff, index); err != nil {
			return err
		}
	}
	return nil
}
