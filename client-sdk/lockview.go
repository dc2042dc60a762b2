package attune

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Lock is how it stands with a family's key, for people: its locks.
type Lock struct {
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Due       []string          `json:"due"`     // why it must be turned: "Bea Hall left"; empty when it need not
	Changed   time.Time         `json:"changed"` // when it was turned last; zero when never
	Because   []string          `json:"because"` // why it was
	Without   []string          `json:"without"` // of the team, who have still to be given it
}

// Locks lists the families whose key was turned, is due, or has still to be given to
// somebody of the team, by reference.
func (fs *Families) Locks() ([]Lock, error) {
	all, err := fs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	out := []Lock{}
	for _, f := range all {
		out = append(out, fs.locks(f)...)
	}
	slices.SortFunc(out, func(a, b Lock) int { return cmp.Compare(a.Reference, b.Reference) })
	return out, nil
}

// locks is how it stands with one family's key; empty when there is nothing to tell, and
// for viewers, who are not told who works with a family.
func (fs *Families) locks(f *policies.Family) []Lock {
	org, now := fs.d.mirror.Org(), policies.At(fs.d.now())
	if org == nil || !f.TeamAt(fs.d.me.Staff, now) && !slices.Contains(org.Desks(now), fs.d.me.Staff) {
		return []Lock{}
	}
	l := Lock{Family: f.ID, Reference: f.Reference, Because: []string{}}
	l.Due, l.Without = fs.because(org, f, f.KeyDue(org, now)), fs.names(org, f.WithoutKey(org, now))
	if t, ok := f.LastTurn(); ok {
		l.Changed, l.Because = t.At.Time(), fs.because(org, f, f.LockedOut(t.ID))
	}
	if len(l.Due)+len(l.Without) == 0 && l.Changed.IsZero() {
		return []Lock{}
	}
	return []Lock{l}
}

// because says of each person why the locks change.
func (fs *Families) because(org *policies.Org, f *policies.Family, who []policies.StaffID) []string {
	out := fs.names(org, who)
	for i, id := range who {
		switch {
		case f.Team[id] == nil:
			out[i] += " had the key for a recovery"
		case f.Entrusted(org, id, policies.At(fs.d.now())):
			out[i] += " has a new key"
		default:
			out[i] += " left"
		}
	}
	return out
}

// names are the names of staff, or their numbers where no name is here.
func (fs *Families) names(org *policies.Org, who []policies.StaffID) []string {
	out := []string{}
	for _, id := range who {
		name := id.Short()
		if m, err := (&Staff{fs.d}).member(org, id); err == nil && strings.TrimSpace(m.Name) != "" {
			name = m.Name
		}
		out = append(out, name)
	}
	return out
}
