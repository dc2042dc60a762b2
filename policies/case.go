package policies

import "slices"

// CaseChange is the body of case.change: what decides how long records are kept, as it
// stands from now on. Each replaces all of the last.
//
// Source: domain notes §3.1 and §6: lawful basis and consent are two things; a looked-
// after child's records are kept longer; nothing is disposed of before a court.
type CaseChange struct {
	LegalStatus LegalStatus `json:"legal_status"`
	Court       bool        `json:"court"` // holds everything of the family at once
	Basis       string      `json:"basis"` // public_task or consent
	Controller  Holder      `json:"controller"`
}

// CaseState is a case.change as the record keeps it.
type CaseState struct {
	ID          StatementID   `json:"id"`
	LegalStatus LegalStatus   `json:"legal_status"`
	Court       bool          `json:"court"`
	Basis       string        `json:"basis"`
	Controller  Holder        `json:"controller"`
	By          StaffID       `json:"by"`
	At          Micros        `json:"at"`
	Knew        []StatementID `json:"knew"`
}

// LegalStatus is how the law stands to the child.
type LegalStatus string

// LegalStatuses lists every LegalStatus.
func LegalStatuses() []LegalStatus {
	return []LegalStatus{"none", "child_in_need", "child_protection", "accommodated", "interim_care_order", "care_order"}
}

// Holders lists every Holder.
func Holders() []Holder { return []Holder{FilmingService, RecordHolder} }

// FamilyClose is the body of family.close: the work with the family has ended. It
// destroys nothing and stops nothing by itself; periods count from its day.
type FamilyClose struct {
	EndedOn string `json:"ended_on"`
}

// Closing is a family.close as the record keeps it. Of several the last counts.
type Closing struct {
	ID      StatementID `json:"id"`
	EndedOn string      `json:"ended_on"`
	By      StaffID     `json:"by"`
	At      Micros      `json:"at"`
}

// Check implements [Body].
func (b CaseChange) Check() error {
	var c checks
	word(&c, "legal status", b.LegalStatus, LegalStatuses())
	word(&c, "lawful basis", b.Basis, LawfulBases())
	word(&c, "controller", b.Controller, Holders())
	return c.err
}

// Check implements [Body].
func (b FamilyClose) Check() error {
	var c checks
	c.day("the day on which the work ended", b.EndedOn)
	return c.err
}

func (f *Family) courtSubject() Subject { return subject("court", f.ID) }

// A change that takes the flag away is a permission: it must have known who set it.
func (b CaseChange) subjects(f *Family) []Subject {
	if b.Court {
		return nil
	}
	return []Subject{f.courtSubject()}
}

func changeCase(f *Family, _ *Org, a act[CaseChange]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	b := a.Said
	put(&f.Cases, a.ID, &CaseState{
		ID: a.ID, LegalStatus: b.LegalStatus, Court: b.Court, Basis: b.Basis, Controller: b.Controller,
		By: a.By.Staff, At: min(a.At, a.Now), Knew: knew(a.Statement),
	})
	if b.Court {
		f.restrict(f.courtSubject(), a.ID)
		f.restrict(f.disposalSubject(), a.ID)
	}
	return Changes{}, nil
}

func closeFamily(f *Family, _ *Org, a act[FamilyClose]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	if a.Said.EndedOn > a.Now.plus(Skew+summerTime).day() {
		return Changes{}, notPossible("%s is still to come", a.Said.EndedOn)
	}
	end := &Closing{ID: a.ID, EndedOn: a.Said.EndedOn, By: a.By.Staff, At: min(a.At, a.Now)}
	if f.Closed == nil || later(end.At, end.ID, f.Closed.At, f.Closed.ID) {
		f.Closed = end
	}
	return Changes{}, nil
}

// InCourt reports whether the court flag stands: somebody set it, and nobody who knew
// of that has taken it away.
func (f *Family) InCourt() bool {
	return slices.ContainsFunc(f.Restrictions[f.courtSubject()], func(set StatementID) bool {
		for _, c := range f.Cases {
			if !c.Court && slices.Contains(c.Knew, set) {
				return false
			}
		}
		return true
	})
}

// Case is what was last said of the case; nil before anything was. Whether the court
// flag stands is for [Family.InCourt] alone.
func (f *Family) Case() (last *CaseState) {
	for _, c := range f.Cases {
		if last == nil || later(c.At, c.ID, last.At, last.ID) {
			last = c
		}
	}
	return last
}
