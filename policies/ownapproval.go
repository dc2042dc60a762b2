package policies

import (
	"maps"
	"slices"
)

// OwnApproval is a filming approval of one practitioner, in one programme, for a period:
// kept in the organisation's record, and good in every family of theirs in that
// programme. Which kind of approval a service uses stands in its pack.
//
// The organisation's record has one order, so what happened to a request is simply
// noted. In a family's record there is none; see [Family.FilmingState] for how the two
// meet.
type OwnApproval struct {
	ID        ApprovalID  `json:"id"`
	By        StaffID     `json:"by"` // asks for themselves, and so may not grant it
	At        Micros      `json:"at"`
	Programme Programme   `json:"programme"`
	From      Micros      `json:"from"`
	Until     Micros      `json:"until"`
	Granted   StatementID `json:"granted"` // the first grant; zero while there is none
	GrantedAt Micros      `json:"granted_at"`
	Declined  StatementID `json:"declined"`
	Revoked   StatementID `json:"revoked"`
	RevokedAt Micros      `json:"revoked_at"`
}

func requestOwn(o *Org, a act[ApprovalRequest]) (Changes, error) {
	if a.Said.Until <= a.Now {
		return Changes{}, notPossible("the period of filming has already ended")
	}
	id := ApprovalID(a.ID)
	put(&o.Approvals, id, &OwnApproval{ID: id, By: a.By.Staff, At: a.Now, Programme: a.Said.Programme, From: a.Said.From, Until: a.Said.Until})
	return Changes{}, nil
}

// grantOwn records a head of service's yes. Granted twice it stays as it was.
func grantOwn(o *Org, a act[ApprovalGrant]) (Changes, error) {
	s := o.Approvals[a.Said.Request]
	switch {
	case s == nil:
		return Changes{}, missing("the request", a.Said.Request)
	case s.By == a.By.Staff:
		return Changes{}, notPossible("nobody approves their own request; ask the deputy")
	case !s.Declined.IsZero() || !s.Revoked.IsZero():
		return Changes{}, notPossible("this request was declined or revoked, which is final; a new request can be granted")
	}
	if s.Granted.IsZero() {
		s.Granted, s.GrantedAt = a.ID, a.Now
	}
	return Changes{}, nil
}

// declineOwn is final, as in a family. What was granted before is revoked by it: the
// practitioner may have filmed already, and the one who declined did not know.
func declineOwn(o *Org, a act[ApprovalDecline]) (Changes, error) {
	s, err := o.stopped(a.Said)
	if err != nil {
		return Changes{}, err
	}
	switch {
	case s.Granted.IsZero() && s.Declined.IsZero():
		s.Declined = a.ID
	case !s.Granted.IsZero() && s.Revoked.IsZero():
		s.Revoked, s.RevokedAt = a.ID, a.Now
	}
	return Changes{}, nil
}

// revokeOwn stops filming by the practitioner in that programme: under the
// approval named, and under every other that they hold there now.
func revokeOwn(o *Org, a act[ApprovalRevoke]) (Changes, error) {
	named, err := o.stopped(ApprovalDecline(a.Said))
	if err != nil {
		return Changes{}, err
	}
	for _, s := range o.Approvals {
		held := s.By == named.By && s.Programme == named.Programme && !s.Granted.IsZero()
		if (s == named || held) && s.Revoked.IsZero() {
			s.Revoked, s.RevokedAt = a.ID, a.Now
		}
	}
	return Changes{}, nil
}

// stopped finds what is declined or revoked. Everybody who works here receives this
// record: why a colleague may not film stands in their own file, not here.
func (o *Org) stopped(b ApprovalDecline) (*OwnApproval, error) {
	s := o.Approvals[b.Request]
	if s == nil {
		return nil, missing("the request", b.Request)
	}
	if b.Reason != NotNow && b.Reason != MoreNeeded {
		return nil, notPossible("everybody who works here can read this; give the reason %s or %s", NotNow, MoreNeeded)
	}
	return s, nil
}

// OwnState is the state of a practitioner's approval at a time; "" for one that
// the record does not have. That of somebody who has left is over: what was filmed
// under it stays lawful, and nothing more is filmed.
func (o *Org) OwnState(id ApprovalID, now Micros) ApprovalState {
	s := o.own(id)
	switch {
	case s == nil:
		return ""
	case !s.Revoked.IsZero():
		return ApprovalRevoked
	case !s.Declined.IsZero():
		return Declined
	case s.Granted.IsZero():
		return Requested
	case now > s.Until || o.Staff[s.By] == nil || !o.Staff[s.By].Revoked.IsZero():
		return ApprovalExpired
	}
	return Granted
}

func (o *Org) own(id ApprovalID) *OwnApproval {
	if o == nil {
		return nil
	}
	return o.Approvals[id]
}

// lastRevoked is the last revocation of a practitioner's approvals in a programme, by
// the order of the record; nil when there was none.
func (o *Org) lastRevoked(who StaffID, in Programme) *OwnApproval {
	var last *OwnApproval
	for _, id := range o.ownApprovals() {
		s := o.Approvals[id]
		if s.By == who && s.Programme == in && !s.Revoked.IsZero() && (last == nil || s.RevokedAt > last.RevokedAt) {
			last = s
		}
	}
	return last
}

// stopsOf lists the revocations of a practitioner's approvals in a programme, sorted: a
// device that states something which rests on filming by them names what it knows.
func (o *Org) stopsOf(who StaffID, in Programme) []StatementID {
	var out []StatementID
	for _, id := range o.ownApprovals() {
		if s := o.Approvals[id]; s.By == who && s.Programme == in && !s.Revoked.IsZero() {
			out = append(out, s.Revoked)
		}
	}
	slices.SortFunc(out, compareID)
	return slices.Compact(out)
}

// asKnown is the organisation as somebody saw it who knew these revocations only. It
// shares everything else with the original and is only asked, never folded.
func (o *Org) asKnown(knew []StatementID) *Org {
	if o == nil || len(o.Approvals) == 0 {
		return o
	}
	n := *o
	n.Approvals = cloneMap(o.Approvals, func(s *OwnApproval) {
		if !slices.Contains(knew, s.Revoked) {
			s.Revoked, s.RevokedAt = StatementID{}, 0
		}
	})
	return &n
}

// holds reports whether an approval was granted and nothing has ended it but time. A
// revocation ends all that were granted before it: one that holds was granted in the
// knowledge of every revocation.
func (s *OwnApproval) holds() bool {
	return !s.Granted.IsZero() && s.Declined.IsZero() && s.Revoked.IsZero()
}

// barred is the revocation that stops a practitioner's filming in a programme: the last
// one, unless an approval was granted to them since. Nil when nothing does.
func (o *Org) barred(who StaffID, in Programme) *OwnApproval {
	last := o.lastRevoked(who, in)
	if last == nil || o.anyOwn(who, in, (*OwnApproval).holds) {
		return nil
	}
	return last
}

func (o *Org) anyOwn(who StaffID, in Programme, is func(*OwnApproval) bool) bool {
	for _, id := range o.ownApprovals() {
		if s := o.Approvals[id]; s.By == who && s.Programme == in && is(s) {
			return true
		}
	}
	return false
}

// ownApprovals are the practitioners' approvals in a fixed order.
func (o *Org) ownApprovals() []ApprovalID {
	if o == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(o.Approvals), compareID)
}
