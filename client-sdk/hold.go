package attune

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Holds keeps film from being destroyed.
type Holds struct{ d *desk }

// HoldView is a legal hold as this device knows it.
type HoldView struct {
	ID        policies.StatementID `json:"id"`
	Family    policies.FamilyID    `json:"family"`    // zero for everything of the service
	Reference string               `json:"reference"` // "" for that too
	HoldScope
	Provisional bool               `json:"provisional"`
	For         string             `json:"for"` // its kind, or a practitioner's reason
	State       policies.HoldState `json:"state"`
	By          policies.StaffID   `json:"by"`
	At          time.Time          `json:"at"`
	Review      policies.Day       `json:"review"` // by then it is looked at again; no day for one that lapses
}

// HoldScope is what of a family is held: with nothing in it, everything. Film of a visit
// or a person that comes later is held too.
type HoldScope struct {
	Clips    []policies.ClipID    `json:"clips"`
	Sessions []policies.SessionID `json:"sessions"`
	People   []policies.PersonID  `json:"people"`
}

// Ask keeps film for some working days, on a practitioner's word.
func (h *Holds) Ask(family policies.FamilyID, of HoldScope, reason policies.HoldReason) (policies.StatementID, error) {
	s, err := h.d.outbox.file(draft{policies.RecordID(family), "hold.provisional",
		policies.HoldProvisional{Clips: some(of.Clips), Sessions: some(of.Sessions), People: some(of.People), Reason: reason}, nil})
	return s.ID, err
}

// HoldTerms is what a hold is for, the day on which it is looked at again ("" by the
// service's own clock), and the hold, if any, whose place it takes.
type HoldTerms struct {
	Kind     policies.HoldKind
	ReviewOn string
	Confirms policies.StatementID
}

// Place keeps film until the hold is released. It takes the place of the practitioner's
// hold that it confirms, if any.
func (h *Holds) Place(family policies.FamilyID, of HoldScope, terms HoldTerms) (policies.StatementID, error) {
	s, err := h.d.outbox.file(draft{policies.RecordID(family), "hold.place", policies.HoldPlace{
		Clips: some(of.Clips), Sessions: some(of.Sessions), People: some(of.People), Kind: terms.Kind, ReviewOn: terms.ReviewOn, Confirms: terms.Confirms,
	}, nil})
	return s.ID, err
}

// PlaceAll keeps all film of all families, also of those to come, until it is released.
func (h *Holds) PlaceAll(terms HoldTerms) (policies.StatementID, error) {
	s, err := h.d.outbox.file(draft{policies.RecordID(h.d.me.Org), "service.hold",
		policies.ServiceHoldPlace{Kind: terms.Kind, ReviewOn: terms.ReviewOn, Confirms: terms.Confirms}, nil})
	return s.ID, err
}

// ReleaseAll ends a hold on everything of the service, as head of service.
func (h *Holds) ReleaseAll(id policies.StatementID) error {
	org, err := h.d.mirror.provisionalOrg()
	if err != nil {
		return err
	}
	switch hold := org.HeldAll[id]; {
	case hold != nil && !hold.Stands():
		return problem(CodeInput, "Look at how holds stand.", "This hold was released before.")
	case hold != nil && hold.By == h.d.me.Staff:
		return problem(CodeInput, "Ask another head of service.", "Nobody releases a hold that they placed themselves.")
	}
	_, err = h.d.outbox.file(draft{policies.RecordID(h.d.me.Org), "service.release", policies.ServiceRelease{Hold: id}, nil})
	return err
}

// Release ends a hold that somebody else placed.
func (h *Holds) Release(family policies.FamilyID, id policies.StatementID) error {
	f, err := h.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	if hold := f.Holds[id]; hold != nil && hold.By == h.d.me.Staff {
		return problem(CodeInput, "Ask the head of service, or the information governance officer.", "Nobody releases a hold that they placed themselves.")
	}
	_, err = h.d.outbox.file(draft{policies.RecordID(family), "hold.release", policies.HoldRelease{Hold: id}, nil})
	return err
}

// List is the holds of every family on this device, and of the service, the newest first.
func (h *Holds) List() ([]HoldView, error) {
	families, err := h.d.mirror.allProvisional()
	if err != nil {
		return nil, err
	}
	pack, err := h.d.figures()
	if err != nil {
		return nil, err
	}
	out, now := []HoldView{}, policies.At(h.d.now())
	for _, f := range families {
		for id, hold := range f.Holds {
			v := HoldView{
				ID: id, Family: f.ID, Reference: f.Reference, HoldScope: HoldScope{some(hold.Clips), some(hold.Sessions), some(hold.People)}, Provisional: hold.Provisional,
				For: cmp.Or(string(hold.Kind), string(hold.Reason)), State: f.HoldState(id, pack, now), By: hold.By, At: hold.At.Time(),
			}
			if !hold.Provisional {
				v.Review = policies.ReviewDay(hold.At, hold.ReviewOn, pack)
			}
			out = append(out, v)
		}
	}
	org, err := h.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	for _, hold := range org.ServiceHolds() {
		v := HoldView{
			ID: hold.ID, HoldScope: HoldScope{some[policies.ClipID](nil), some[policies.SessionID](nil), some[policies.PersonID](nil)}, For: string(hold.Kind),
			State: policies.HoldStands, By: hold.By, At: hold.At.Time(), Review: policies.ReviewDay(hold.At, hold.ReviewOn, pack),
		}
		if !hold.Stands() {
			v.State = policies.HoldReleased
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b HoldView) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID.String(), b.ID.String())) })
	return out, nil
}

// Find is the hold of a family that a number, or the beginning of one, means.
func (h *Holds) Find(family policies.FamilyID, text string) (policies.StatementID, error) {
	f, err := h.d.mirror.provisional(family)
	if err != nil {
		return policies.StatementID{}, err
	}
	return pick("hold", text, slices.Collect(maps.Keys(f.Holds)))
}

// FindAll is the hold on everything of the service that a number, or the beginning of one,
// means.
func (h *Holds) FindAll(text string) (policies.StatementID, error) {
	org, err := h.d.mirror.provisionalOrg()
	if err != nil {
		return policies.StatementID{}, err
	}
	return pick("hold", text, slices.Collect(maps.Keys(org.HeldAll)))
}

// FindSession is the visit that a number, or the beginning of one, means: also where this
// device knows it by its film alone, as the IG officer's does.
func (h *Holds) FindSession(family policies.FamilyID, text string) (policies.SessionID, error) {
	f, err := h.d.mirror.provisional(family)
	if err != nil {
		return policies.SessionID{}, err
	}
	ids := slices.Collect(maps.Keys(f.Sessions))
	for _, c := range f.Clips {
		if !slices.Contains(ids, c.Session) {
			ids = append(ids, c.Session)
		}
	}
	return pick("session", text, ids)
}

// some is a list that is never nil: on the wire an empty list is [].
func some[T any](list []T) []T { return append([]T{}, list...) }
