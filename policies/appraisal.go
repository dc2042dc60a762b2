package policies

import "slices"

// An appraisal is a person's decision on film whose time is over: that it goes, or that it
// is kept and looked at again. Nothing goes by its date alone. Of working material a
// standing authorisation can stand in its place; where a class says that a person looks, it
// cannot.
//
// Source: NHS Records Management Code: in no circumstances is a record destroyed without
// appraisal; MoReq2010: the outcome of a review sets the next date.

// DisposalApprove is the body of disposal.approve. Its deps name every hold on the clips
// that its author knew: one that came without their knowledge ends it for that clip.
type DisposalApprove struct {
	Clips   []ClipID         `json:"clips"`   // 1 to MaxAppraised
	Class   ClassName        `json:"class"`   // of them all
	Outcome AppraisalOutcome `json:"outcome"` // destroy or keep
	Until   string           `json:"until"`   // of destroy: the latest day on which the time of one of them is over, as its author saw it; else ""
	Again   string           `json:"again"`   // of keep: the day on which they are looked at again; else ""
}

// MaxAppraised bounds the clips of one appraisal: what a person can look through.
const MaxAppraised = 200

// MaxKeepOn is how long an appraisal can put the next one off.
const MaxKeepOn = 366 * 24 * Hour

// AppraisalOutcome is what was decided of film whose time is over.
type AppraisalOutcome string

// The outcomes.
const (
	LetGo  AppraisalOutcome = "destroy"
	KeepOn AppraisalOutcome = "keep"
)

// AppraisalOutcomes lists every AppraisalOutcome.
func AppraisalOutcomes() []AppraisalOutcome { return []AppraisalOutcome{LetGo, KeepOn} }

// Appraisal is a disposal.approve as the record keeps it.
type Appraisal struct {
	ID      StatementID      `json:"id"`
	Clips   []ClipID         `json:"clips"`
	Class   ClassName        `json:"class"`
	Outcome AppraisalOutcome `json:"outcome"`
	Until   string           `json:"until"`
	Again   string           `json:"again"`
	By      StaffID          `json:"by"`
	At      Micros           `json:"at"`
	Knew    []StatementID    `json:"knew"`
}

// Check implements [Body].
func (b DisposalApprove) Check() error {
	var c checks
	distinct(&c, "the clips", b.Clips, 1, MaxAppraised)
	word(&c, "class", b.Class, ClassNames())
	c.that(b.Class.IsFilm(), "%s is not a class of film", b.Class)
	word(&c, "outcome", b.Outcome, AppraisalOutcomes())
	if b.Outcome == LetGo {
		c.day("the day on which their time is over", b.Until)
		c.that(b.Again == "", "what goes is not looked at again")
	} else {
		c.day("the day on which they are looked at again", b.Again)
		c.that(b.Until == "", "what is kept does not go by a day")
	}
	return c.err
}

func (b DisposalApprove) subjects(f *Family) []Subject {
	list := []Subject{f.disposalSubject()}
	for _, id := range b.Clips {
		list = append(list, f.held(id)...)
	}
	return list
}

// approveDisposal refuses who filmed it: nobody has their own work destroyed by their own
// word alone.
func approveDisposal(f *Family, _ *Org, a act[DisposalApprove]) (Changes, error) {
	b := a.Said
	for _, id := range b.Clips {
		c := f.Clips[id]
		switch {
		case c == nil:
			return Changes{}, missing("the clip", id)
		case c.ClassOf() != b.Class:
			return Changes{}, notPossible("the clip %s is not of the class %s", id.Short(), b.Class)
		case c.By == a.By.Staff:
			return Changes{}, notPossible("nobody has film destroyed that they made themselves; ask the information governance officer")
		}
	}
	at := min(a.At, a.Now)
	if b.Again > (at + MaxKeepOn).day() {
		return Changes{}, notPossible("film is looked at again within a year, and %s is later", b.Again)
	}
	put(&f.Appraisals, a.ID, &Appraisal{
		ID: a.ID, Clips: slices.Clone(b.Clips), Class: b.Class, Outcome: b.Outcome, Until: b.Until, Again: b.Again, By: a.By.Staff, At: at, Knew: knew(a.Statement),
	})
	return Changes{Clips: slices.Clone(b.Clips)}, nil
}

// appraised is what was decided of a clip last; nil where nobody looked, or a hold came
// that who looked did not know of.
func (f *Family) appraised(o *Org, id ClipID) (last *Appraisal) {
	for _, a := range f.Appraisals {
		if slices.Contains(a.Clips, id) && f.knewHolds(o, id, a.Knew) && (last == nil || later(a.At, a.ID, last.At, last.ID)) {
			last = a
		}
	}
	return last
}
