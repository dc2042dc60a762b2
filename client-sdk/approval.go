package attune

import (
	"maps"
	"slices"
	"time"

	"github.com/attune-vf/attune/policies"
)

// Approvals asks for and decides on filming. Nobody films before a head of
// service has agreed.
//
// Source: NICE NG26, concerns about filming (a).
type Approvals struct{ d *desk }

// ApprovalView is a filming approval and its state now.
type ApprovalView struct {
	policies.Approval
	Family policies.FamilyID      `json:"family"`
	State  policies.ApprovalState `json:"state"`
}

// Request asks for approval to film a family in its programme, from now on for
// so many months; 0 takes the service's figure.
func (a *Approvals) Request(family policies.FamilyID, months int) (policies.ApprovalID, error) {
	f, err := a.d.mirror.provisional(family)
	if err != nil {
		return policies.ApprovalID{}, err
	}
	asked := policies.At(a.d.now())
	for id, ap := range f.Approvals {
		if ap.Programme == f.Programme && f.ApprovalState(id, asked) == policies.Requested {
			return policies.ApprovalID{}, problem(CodeInput, "Sync, and wait for the head of service; attune approval list shows how it stands.", "Approval to film this family is asked for already (%s).", id.Short())
		}
	}
	if months == 0 {
		pack, err := a.d.figures()
		if err != nil {
			return policies.ApprovalID{}, err
		}
		months = pack.ApprovalMonths.Value
	}
	now := a.d.now()
	body := policies.ApprovalRequest{Programme: f.Programme, From: policies.At(now), Until: policies.At(now.AddDate(0, months, 0))}
	s, err := a.d.outbox.file(draft{policies.RecordID(family), "approval.request", body, nil})
	return policies.ApprovalID(s.ID), err
}

// Grant approves a request that somebody else made.
func (a *Approvals) Grant(id policies.ApprovalID) error {
	if v, err := a.Show(id); err == nil && v.State == policies.Granted {
		return problem(CodeInput, "Sync, if it is not sent yet; there is nothing else to do.", "Approval %s is granted already.", id.Short())
	}
	return a.decide(id, "approval.grant", policies.ApprovalGrant{Request: id})
}

// Decline refuses a request, for good: asking again is a new request.
func (a *Approvals) Decline(id policies.ApprovalID, reason policies.DeclineReason) error {
	return a.decide(id, "approval.decline", policies.ApprovalDecline{Request: id, Reason: reason})
}

// Revoke ends filming of the family until a new approval is granted.
func (a *Approvals) Revoke(id policies.ApprovalID, reason policies.DeclineReason) error {
	return a.decide(id, "approval.revoke", policies.ApprovalRevoke{Request: id, Reason: reason})
}

func (a *Approvals) decide(id policies.ApprovalID, kind policies.Kind, body policies.Body) error {
	v, err := a.Show(id)
	if err != nil {
		return err
	}
	_, err = a.d.outbox.file(draft{policies.RecordID(v.Family), kind, body, nil})
	return err
}

// List is every approval on this device, by family, then in order.
func (a *Approvals) List() ([]ApprovalView, error) {
	families, err := (&Families{a.d}).List()
	if err != nil {
		return nil, err
	}
	var out []ApprovalView
	for _, f := range families {
		out = append(out, f.Approvals...)
	}
	return out, nil
}

// Show is one approval.
func (a *Approvals) Show(id policies.ApprovalID) (ApprovalView, error) {
	all, err := a.d.mirror.allProvisional()
	if err != nil {
		return ApprovalView{}, err
	}
	now := policies.At(a.d.now())
	for _, f := range all {
		if ap := f.Approvals[id]; ap != nil {
			return ApprovalView{*ap, f.ID, f.ApprovalState(id, now)}, nil
		}
	}
	return ApprovalView{}, problem(CodeUnknown, "Sync, and look at the list of approvals.", "There is no approval %s on this device.", id.Short())
}

// Find is the approval that a number, or the beginning of one, means.
func (a *Approvals) Find(text string) (policies.ApprovalID, error) {
	all, err := a.d.mirror.allProvisional() // not List, which would open every title of every family
	if err != nil {
		return policies.ApprovalID{}, err
	}
	var ids []policies.ApprovalID
	for _, f := range all {
		ids = slices.AppendSeq(ids, maps.Keys(f.Approvals))
	}
	return pick("approval", text, ids)
}

func approvalViews(f *policies.Family, order map[string]int, now policies.Micros) (out []ApprovalView) {
	for _, id := range sortedBy(f.Approvals, order) {
		out = append(out, ApprovalView{*f.Approvals[id], f.ID, f.ApprovalState(id, now)})
	}
	return out
}

// day writes a date as the statements do.
func day(t time.Time) string { return t.Format(time.DateOnly) }
