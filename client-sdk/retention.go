package attune

import (
	"cmp"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Retention says until when film is kept, and signs what people decide about its end. The
// server's sweeper destroys; nothing here does.
type Retention struct{ d *desk }

// Kept is a clip, and until when it is kept by the figures that the service adopted.
type Kept struct {
	Clip      policies.ClipID   `json:"clip"`
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	Kind      policies.ClipKind `json:"kind"`
	Filmed    time.Time         `json:"filmed"`
	policies.Forecast
}

// List is the film of a family, or of all on this device for a zero id, as it stands at a
// time; what has a date first, the earliest first.
func (rs *Retention) List(family policies.FamilyID, asOf time.Time) ([]Kept, error) {
	pack, err := rs.d.figures()
	if err != nil {
		return nil, err
	}
	org, err := rs.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	families, err := rs.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	if !family.IsZero() {
		f, err := rs.d.mirror.provisional(family)
		if err != nil {
			return nil, err
		}
		families = map[policies.FamilyID]*policies.Family{family: f}
	}
	var out []Kept
	for _, f := range families {
		for id, c := range f.Clips {
			forecast, _ := f.Keeping(org, id, pack, policies.At(asOf), asOf.Location())
			out = append(out, Kept{id, f.ID, f.Reference, c.Kind, c.Captured.From.Time(), forecast})
		}
	}
	slices.SortFunc(out, func(a, b Kept) int {
		return cmp.Or(soonest(a.Until, b.Until), cmp.Compare(a.Reference, b.Reference), a.Filmed.Compare(b.Filmed), cmp.Compare(a.Clip.String(), b.Clip.String()))
	})
	return out, nil
}

// soonest puts no day after every day.
func soonest(a, b policies.Day) int {
	switch {
	case a == b:
		return 0
	case b.IsZero(), !a.IsZero() && a.Before(b):
		return -1
	}
	return 1
}

// FileSummary records that what film showed was written down in the record, on a day,
// today when "". No clips are all of the family's film that has none yet.
//
// Errors: an [*Error] with [CodeInput] when all of it has one.
func (fs *Families) FileSummary(family policies.FamilyID, clips []policies.ClipID, on string, where policies.SummaryPlace) (policies.StatementID, error) {
	f, err := fs.d.mirror.provisional(family)
	if err != nil {
		return policies.StatementID{}, err
	}
	if len(clips) == 0 {
		if clips = f.Unsummarised(); len(clips) == 0 {
			return policies.StatementID{}, problem(CodeInput, "Name the clips that it sums up.", "All film of this family has a summary already.")
		}
	}
	s, err := fs.d.outbox.file(draft{policies.RecordID(family), "summary.file",
		policies.SummaryFile{Clips: clips, FiledOn: cmp.Or(on, day(fs.d.now())), Where: where}, nil})
	return s.ID, err
}
