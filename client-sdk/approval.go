package attune

import (
	"cmp"
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

// ApprovalView is a filming approval of either kind, and its state now.
type ApprovalView struct {
	policies.Approval
	Family policies.FamilyID      `json:"family"` // zero: a practitioner's own, good in their families of the programme
	State  policies.ApprovalState `json:"state"`
	Name   string                 `json:"name"` // of who asked, "" once it was deleted
}

// Own reports whether it is a practitioner's and not a family's.
func (v ApprovalView) Own() bool { return v.Family.IsZero() }

// Request asks for approval to film a family in its programme, from now on for
// so many months; 0 takes the service's figure. It may be asked for again before the
// last one ends. An [*Error] with [CodeInput] where the service approves practitioners
// and not families.
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
	return a.request(policies.RecordID(family), f, f.Programme, months)
}

// RequestOwn is Request for oneself, in a programme, for every family whose team one
// is on.
func (a *Approvals) RequestOwn(programme policies.Programme, months int) (policies.ApprovalID, error) {
	org, err := a.d.mirror.provisionalOrg()
	if err != nil {
		return policies.ApprovalID{}, err
	}
	asked := policies.At(a.d.now())
	for id, ap := range org.Approvals {
		if ap.By == a.d.me.Staff && ap.Programme == programme && org.OwnState(id, asked) == policies.Requested && asked <= ap.Until {
			return policies.ApprovalID{}, problem(CodeInput, "Sync, and wait for the head of service; attune approval list shows how it stands.", "Your own approval to film is asked for already (%s).", id.Short())
		}
	}
	return a.request(policies.RecordID(org.ID), nil, programme, months)
}

func (a *Approvals) request(record policies.RecordID, f *policies.Family, programme policies.Programme, months int) (policies.ApprovalID, error) {
	pack, err := a.d.figures()
	if err != nil {
		return policies.ApprovalID{}, err
	}
	if months == 0 {
		months = pack.ApprovalMonths.Value
	}
	now := a.d.now()
	body := policies.ApprovalRequest{Programme: programme, From: policies.At(now), Until: policies.At(now.AddDate(0, months, 0))}
	if pack.InScope(body, f) != nil {
		if f == nil {
			return policies.ApprovalID{}, problem(CodeInput, "Ask for the family: attune approval request, and its reference.", "This service approves filming family by family.")
		}
		return policies.ApprovalID{}, problem(CodeInput, "Ask for yourself: attune approval request --own, and the programme.", "This service approves practitioners, and not each family.")
	}
	s, err := a.d.outbox.file(draft{record, "approval.request", body, nil})
	return policies.ApprovalID(s.ID), err
}

// Grant approves a request that somebody else made. Nothing is approved twice.
func (a *Approvals) Grant(id policies.ApprovalID) error {
	v, err := a.Show(id)
	switch {
	case err != nil:
		return err
	case v.State == policies.Granted:
		return problem(CodeInput, "Sync, if it is not sent yet; there is nothing else to do.", "Approval %s is granted already.", id.Short())
	case v.State == policies.Declined || v.State == policies.ApprovalRevoked:
		return problem(CodeInput, "Ask them to request it again; a new request can be granted.", "Approval %s was %s, which is final.", id.Short(), v.State)
	case v.State == policies.Requested && v.Until < policies.At(a.d.now()):
		return problem(CodeInput, "Decline it, or let them ask again.", "The time that approval %s was asked for is over.", id.Short())
	case a.d.deputyOfOwn(v.Family):
		return denied("DEPUTY-TEAM", "Ask the head of service, or another deputy.", "You are, or were, on this family's team, so you do not decide for it as a deputy.")
	}
	return a.decide(id, "approval.grant", policies.ApprovalGrant{Request: id})
}

// Decided is what became of one of several decisions made at once.
type Decided struct {
	ApprovalView
	Err error `json:"-"` // nil when it is granted, as far as this device is concerned
}

// GrantAll grants each of these, and says of each what became of it: one that cannot
// be granted stops none of the others.
func (a *Approvals) GrantAll(ids []policies.ApprovalID) []Decided {
	out := make([]Decided, 0, len(ids))
	for _, id := range ids {
		err := a.Grant(id)
		v, showErr := a.Show(id)
		if err == nil {
			err = showErr
		}
		out = append(out, Decided{v, err})
	}
	return out
}

// deputyOfOwn reports whether this person could decide about a family as a deputy only,
// and not about this one, because they work with it.
func (d *desk) deputyOfOwn(family policies.FamilyID) bool {
	org, f := d.mirror.Org(), (*policies.Family)(nil)
	if !family.IsZero() {
		f, _ = d.mirror.Family(family)
	}
	p := org.Staff[d.me.Staff]
	return f != nil && p != nil && p.Role != policies.HeadOfService && f.Worked(p.ID)
}

// Waiting lists the requests that this person may decide on, as a head of service or a
// deputy: the oldest first, of families and of practitioners, without their own and
// without those whose time is over.
func (a *Approvals) Waiting() ([]ApprovalView, error) {
	all, err := a.List()
	if err != nil {
		return nil, err
	}
	now, org := policies.At(a.d.now()), a.d.mirror.Org()
	p := org.Staff[a.d.me.Staff]
	if p == nil || p.Role != policies.HeadOfService && !org.Deputises(p.ID, now) {
		return nil, nil
	}
	waiting := slices.DeleteFunc(all, func(v ApprovalView) bool {
		return v.State != policies.Requested || v.Until < now || v.By == a.d.me.Staff || a.d.deputyOfOwn(v.Family)
	})
	slices.SortFunc(waiting, func(a, b ApprovalView) int { return cmp.Or(cmp.Compare(a.At, b.At), compareIDs(a.ID, b.ID)) })
	return waiting, nil
}

// Decline refuses a request, for good: asking again is a new request.
func (a *Approvals) Decline(id policies.ApprovalID, reason policies.DeclineReason) error {
	return a.decide(id, "approval.decline", policies.ApprovalDecline{Request: id, Reason: reason})
}

// Revoke ends filming of the family until a new approval is granted; for a
// practitioner's approval, all filming by them in its programme.
func (a *Approvals) Revoke(id policies.ApprovalID, reason policies.DeclineReason) error {
	return a.decide(id, "approval.revoke", policies.ApprovalRevoke{Request: id, Reason: reason})
}

// StopFamily ends filming of one family, under its own approvals and under those of
// its practitioners, until an approval of the family is granted anew. An [*Error] with
// [CodeInput] where nothing lets anybody film there.
func (a *Approvals) StopFamily(family policies.FamilyID, reason policies.DeclineReason) error {
	f, err := a.d.mirror.provisional(family)
	if err != nil {
		return err
	}
	org, err := a.d.mirror.provisionalOrg()
	if err != nil {
		return err
	}
	now := policies.At(a.d.now())
	for _, who := range slices.SortedFunc(maps.Keys(f.Team), compareIDs) {
		for _, id := range f.ApprovalsFor(org, who) {
			if f.FilmingState(org, id, now) != policies.Granted {
				continue
			}
			_, err := a.d.outbox.file(draft{policies.RecordID(family), "approval.revoke", policies.ApprovalRevoke{Request: id, Reason: reason}, nil})
			return err
		}
	}
	return problem(CodeInput, "There is nothing to stop; whoever asks anew is declined.", "No approval lets anybody film family %s now.", f.Reference)
}

func (a *Approvals) decide(id policies.ApprovalID, kind policies.Kind, body policies.Body) error {
	v, err := a.Show(id)
	if err != nil {
		return err
	}
	record := policies.RecordID(v.Family)
	if v.Own() {
		record = policies.RecordID(a.d.me.Org)
	}
	_, err = a.d.outbox.file(draft{record, kind, body, nil})
	return err
}

// List is every approval on this device: of families, by family, then in order; then
// those of practitioners.
func (a *Approvals) List() ([]ApprovalView, error) {
	families, err := (&Families{a.d}).List()
	if err != nil {
		return nil, err
	}
	var out []ApprovalView
	for _, f := range families {
		out = append(out, f.Approvals...)
	}
	own, err := a.own()
	return append(out, own...), err
}

// own lists the approvals of practitioners, in order.
func (a *Approvals) own() (out []ApprovalView, err error) {
	org, err := a.d.mirror.provisionalOrg()
	if err != nil || len(org.Approvals) == 0 {
		return nil, err
	}
	order, err := a.d.shelf.order(policies.RecordID(org.ID))
	if err != nil {
		return nil, err
	}
	for _, id := range sortedBy(org.Approvals, order) {
		out = append(out, ownView(org, id, policies.At(a.d.now())))
	}
	return a.named(org, out)
}

func ownView(org *policies.Org, id policies.ApprovalID, now policies.Micros) ApprovalView {
	o := org.Approvals[id]
	return ApprovalView{Approval: policies.Approval{
		ID: id, By: o.By, At: o.At, Programme: o.Programme, From: o.From, Until: o.Until, Granted: []policies.Grant{},
	}, State: org.OwnState(id, now)}
}

// named adds the names of those who asked.
func (a *Approvals) named(org *policies.Org, list []ApprovalView) ([]ApprovalView, error) {
	for i, v := range list {
		if org.Staff[v.By] == nil {
			continue
		}
		m, err := (&Staff{a.d}).member(org, v.By)
		if err != nil {
			return nil, err
		}
		list[i].Name = m.Name
	}
	return list, nil
}

// Show is one approval.
func (a *Approvals) Show(id policies.ApprovalID) (ApprovalView, error) {
	all, err := a.d.mirror.allProvisional()
	if err != nil {
		return ApprovalView{}, err
	}
	org, err := a.d.mirror.provisionalOrg()
	if err != nil {
		return ApprovalView{}, err
	}
	now := policies.At(a.d.now())
	one := []ApprovalView{}
	for _, f := range all {
		if ap := f.Approvals[id]; ap != nil {
			one = append(one, ApprovalView{Approval: *ap, Family: f.ID, State: f.ApprovalState(id, now)})
		}
	}
	if org.Approvals[id] != nil {
		one = append(one, ownView(org, id, now))
	}
	if one, err = a.named(org, one); err != nil {
		return ApprovalView{}, err
	}
	if len(one) > 0 {
		return one[0], nil
	}
	return ApprovalView{}, problem(CodeUnknown, "Sync, and look at the list of approvals.", "There is no approval %s on this device.", id.Short())
}

// Find is the approval that a number, or the beginning of one, means.
func (a *Approvals) Find(text string) (policies.ApprovalID, error) {
	all, err := a.d.mirror.allProvisional() // not List, which would open every title of every family
	if err != nil {
		return policies.ApprovalID{}, err
	}
	org, err := a.d.mirror.provisionalOrg()
	if err != nil {
		return policies.ApprovalID{}, err
	}
	ids := slices.Collect(maps.Keys(org.Approvals))
	for _, f := range all {
		ids = slices.AppendSeq(ids, maps.Keys(f.Approvals))
	}
	return pick("approval", text, ids)
}

// ofFamily are a family's own approvals, in order.
func (a *Approvals) ofFamily(f *policies.Family, order map[string]int) (out []ApprovalView, err error) {
	org, err := a.d.mirror.provisionalOrg()
	if err != nil {
		return nil, err
	}
	for _, id := range sortedBy(f.Approvals, order) {
		out = append(out, ApprovalView{Approval: *f.Approvals[id], Family: f.ID, State: f.ApprovalState(id, policies.At(a.d.now()))})
	}
	return a.named(org, out)
}

// day writes a date as the statements do.
func day(t time.Time) string { return t.Format(time.DateOnly) }
