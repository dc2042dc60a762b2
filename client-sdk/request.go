package attune

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Requests is what families and courts ask of the service under the law.
type Requests struct{ d *desk }

// RequestView is a request as this device knows it.
type RequestView struct {
	policies.LegalRequest
	Family    policies.FamilyID `json:"family"`
	Reference string            `json:"reference"`
	AnswerBy  string            `json:"answer_by"` // "2026-12-20"; "" where the law gives no time
	Clock     policies.Clock    `json:"clock"`
	Open      bool              `json:"open"`
}

// Open records a request and the day on which it came, today when "". From then on
// nothing of the family is destroyed.
func (r *Requests) Open(family policies.FamilyID, kind policies.RequestKind, people []policies.PersonID, on string) (policies.StatementID, error) {
	s, err := r.d.outbox.file(draft{policies.RecordID(family), "request.open", policies.RequestOpen{
		Kind: kind, People: some(people), ReceivedOn: cmp.Or(on, day(r.d.now())),
	}, nil})
	return s.ID, err
}

// Close records how a request ended, and why what was not given in full was not.
func (r *Requests) Close(family policies.FamilyID, id policies.StatementID, outcome policies.RequestOutcome, ground policies.RequestGround) error {
	_, err := r.d.outbox.file(draft{policies.RecordID(family), "request.close", policies.RequestClose{Request: id, Outcome: outcome, Ground: ground}, nil})
	return err
}

// Clock records what moved the clock of a request, on the day when they were told or
// asked or answered; today when "".
func (r *Requests) Clock(family policies.FamilyID, id policies.StatementID, step policies.ClockStep, on string) error {
	_, err := r.d.outbox.file(draft{policies.RecordID(family), "request.clock", policies.RequestClock{Request: id, Step: step, On: cmp.Or(on, day(r.d.now()))}, nil})
	return err
}

// List is the requests of every family on this device, the open ones first, by the day
// on which an answer is due.
func (r *Requests) List() ([]RequestView, error) {
	families, err := r.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	pack, err := r.d.figures()
	if err != nil {
		return nil, err
	}
	out := []RequestView{}
	for _, f := range families {
		for _, r := range f.Requests {
			out = append(out, RequestView{LegalRequest: *r, Family: f.ID, Reference: f.Reference, AnswerBy: r.AnswerBy(pack).String(), Clock: r.Clock(pack), Open: r.Closed == nil})
		}
	}
	closed := func(v RequestView) int {
		if v.Open {
			return 0
		}
		return 1
	}
	slices.SortFunc(out, func(a, b RequestView) int {
		return cmp.Or(closed(a)-closed(b), cmp.Compare(cmp.Or(a.AnswerBy, "9"), cmp.Or(b.AnswerBy, "9")), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out, nil
}

// Find is the request of a family that a number, or the beginning of one, means.
func (r *Requests) Find(family policies.FamilyID, text string) (policies.StatementID, error) {
	f, err := r.d.mirror.provisional(family)
	if err != nil {
		return policies.StatementID{}, err
	}
	return pick("request", text, slices.Collect(maps.Keys(f.Requests)))
}

// CaseView is how a family's case stands.
type CaseView struct {
	Last    *policies.CaseState `json:"last"`  // nil before anything was said
	Court   bool                `json:"court"` // whether the flag stands
	EndedOn string              `json:"ended_on"`
	At      time.Time           `json:"at"` // of the last change
}

// Case is how a family's case stands as this device knows it.
func (fs *Families) Case(family policies.FamilyID) (CaseView, error) {
	f, err := fs.d.mirror.provisional(family)
	if err != nil {
		return CaseView{}, err
	}
	v := CaseView{Last: f.Case(), Court: f.InCourt()}
	if v.Last != nil {
		v.At = v.Last.At.Time()
	}
	if f.Closed != nil {
		v.EndedOn = f.Closed.EndedOn
	}
	return v, nil
}

// ChangeCase records how the law stands to the family. With the court flag nothing of
// it is destroyed.
func (fs *Families) ChangeCase(family policies.FamilyID, c policies.CaseChange) error {
	_, err := fs.d.outbox.file(draft{policies.RecordID(family), "case.change", c, nil})
	return err
}

// EndWork records the day on which the work with a family ended, today when "". Film is
// kept for as long as the service's figures say, counted from that day.
func (fs *Families) EndWork(family policies.FamilyID, on string) error {
	_, err := fs.d.outbox.file(draft{policies.RecordID(family), "family.close", policies.FamilyClose{EndedOn: cmp.Or(on, day(fs.d.now()))}, nil})
	return err
}
