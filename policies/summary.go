package policies

import (
	"cmp"
	"slices"
)

// SummaryFile is the body of summary.file: what film showed has been written down, well
// enough that the film need not be kept as the record of it. The text lies in the case or
// health record; nothing of it is here.
//
// Source: DESIGN §5, the summary gate; NHS Records Management Code: what is not needed for
// care once it has been written up is not kept.
type SummaryFile struct {
	Clips   []ClipID     `json:"clips"` // what it sums up, 1 to MaxSummarised
	FiledOn string       `json:"filed_on"`
	Where   SummaryPlace `json:"where"`
}

// MaxSummarised bounds the clips of one summary: more than a programme of VIG films.
const MaxSummarised = 100

// SummaryPlace is the record in which a summary lies.
type SummaryPlace string

// SummaryPlaces lists every SummaryPlace.
func SummaryPlaces() []SummaryPlace { return []SummaryPlace{"case_record", "health_record"} }

// Summary is a summary.file as the record keeps it.
type Summary struct {
	ID      StatementID  `json:"id"`
	Clips   []ClipID     `json:"clips"`
	FiledOn string       `json:"filed_on"`
	Where   SummaryPlace `json:"where"`
	By      StaffID      `json:"by"`
}

// Check implements [Body].
func (b SummaryFile) Check() error {
	var c checks
	distinct(&c, "the clips", b.Clips, 1, MaxSummarised)
	c.day("the day on which the summary was filed", b.FiledOn)
	word(&c, "where the summary lies", b.Where, SummaryPlaces())
	return c.err
}

// fileSummary asks for none of the clips: one that arrives later is summed up as well.
func fileSummary(f *Family, _ *Org, a act[SummaryFile]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	if a.Said.FiledOn > a.Now.plus(Skew+summerTime).day() {
		return Changes{}, notPossible("%s is still to come", a.Said.FiledOn)
	}
	put(&f.Summaries, a.ID, &Summary{ID: a.ID, Clips: a.Said.Clips, FiledOn: a.Said.FiledOn, Where: a.Said.Where, By: a.By.Staff})
	return Changes{}, nil
}

// summarised is the day from which a written summary of a clip is on file, of several the
// last: it is kept for no shorter because somebody wrote more. No day when none is.
func (f *Family) summarised(id ClipID) (last Day) {
	for _, s := range f.Summaries {
		if d, err := ParseDay(s.FiledOn); err == nil && slices.Contains(s.Clips, id) && last.Before(d) {
			last = d
		}
	}
	return last
}

// Unsummarised lists the clips that no summary names, in order of filming; as many as one
// summary may name.
func (f *Family) Unsummarised() []ClipID {
	var out []*Clip
	for _, c := range f.Clips {
		if f.summarised(c.ID).IsZero() {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *Clip) int {
		return cmp.Or(cmp.Compare(a.Captured.From, b.Captured.From), compareID(a.ID, b.ID))
	})
	ids := make([]ClipID, 0, len(out))
	for _, c := range out[:min(len(out), MaxSummarised)] {
		ids = append(ids, c.ID)
	}
	return ids
}
