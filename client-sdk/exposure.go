package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Exposed is a family, and what of it somebody's devices could open at a time, at most.
type Exposed struct {
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Team      bool              `json:"team"` // with its key: forms and notes too
	Clips     []policies.ClipID `json:"clips"`
}

// Exposure is what could be opened with the devices of a person by whoever holds one and
// knows its passphrase, by the records on this device: the first thing to know of a laptop
// that is lost. What was opened in fact, [Log.Search] finds.
func (l *Log) Exposure(who policies.StaffID, at time.Time) ([]Exposed, error) {
	families, err := l.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	var out []Exposed
	for id, f := range families {
		if e := f.ExposedTo(who, policies.At(at)); e.Team || len(e.Clips) > 0 {
			out = append(out, Exposed{id, f.Reference, e.Team, some(e.Clips)})
		}
	}
	slices.SortFunc(out, func(a, b Exposed) int {
		return cmp.Or(cmp.Compare(a.Reference, b.Reference), slices.Compare(a.Family[:], b.Family[:]))
	})
	return out, nil
}

// Of is the person whose device this is.
func (ds *Devices) Of(id policies.DeviceID) (policies.StaffID, error) {
	org, err := ds.d.mirror.provisionalOrg()
	if err != nil {
		return policies.StaffID{}, err
	}
	d := org.Devices[id]
	if d == nil {
		return policies.StaffID{}, problem(CodeUnknown, "List devices; sync, and try again.", "There is no device %s here.", id.Short())
	}
	return d.Staff, nil
}
