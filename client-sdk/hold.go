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
	ID          policies.StatementID `json:"id"`
	Family      policies.FamilyID    `json:"family"`
	Reference   string               `json:"reference"`
	Clips       []policies.ClipID    `json:"clips"` // empty: the whole family
	Provisional bool                 `json:"provisional"`
	For         string               `json:"for"` // its kind, or a practitioner's reason
	State       policies.HoldState   `json:"state"`
	By          policies.StaffID     `json:"by"`
	At          time.Time            `json:"at"`
}

// Ask keeps film for some working days, on a practitioner's word.
func (h *Holds) Ask(family policies.FamilyID, clips []policies.ClipID, reason policies.HoldReason) (policies.StatementID, error) {
	s, err := h.d.outbox.file(draft{policies.RecordID(family), "hold.provisional", policies.HoldProvisional{Clips: some(clips), Reason: reason}, nil})
	return s.ID, err
}

// Place keeps film until the hold is released. It takes the place of the practitioner's
// hold that it confirms, if any.
func (h *Holds) Place(family policies.FamilyID, clips []policies.ClipID, kind policies.HoldKind, confirms policies.StatementID) (policies.StatementID, error) {
	s, err := h.d.outbox.file(draft{policies.RecordID(family), "hold.place", policies.HoldPlace{Clips: some(clips), Kind: kind, Confirms: confirms}, nil})
	return s.ID, err
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

// List is the holds of every family on this device, the newest first.
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
				ID: id, Family: f.ID, Reference: f.Reference, Clips: hold.Clips, Provisional: hold.Provisional,
				For: cmp.Or(string(hold.Kind), string(hold.Reason)), State: f.HoldState(id, pack, now), By: hold.By, At: hold.At.Time(),
			}
			out = append(out, v)
		}
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

// some is a list that is never nil: on the wire an empty list is [].
func some[T any](list []T) []T { return append([]T{}, list...) }
