package policies

import "slices"

// Approval is a filming approval: a request and what was decided about it.
type Approval struct {
	ID        ApprovalID `json:"id"`
	By        StaffID    `json:"by"` // the requester, who may not grant it
	At        Micros     `json:"at"` // when it was asked for
	Programme Programme  `json:"programme"`
	From      Micros     `json:"from"`
	Until     Micros     `json:"until"`
	Granted   []Grant    `json:"granted"`
}

// ApprovalState is what people call the state of a filming approval.
type ApprovalState string

// The states. Nothing leaves declined or revoked: a new request is a new approval.
const (
	Requested       ApprovalState = "requested"
	Granted         ApprovalState = "granted"
	Declined        ApprovalState = "declined"
	ApprovalRevoked ApprovalState = "revoked"
	ApprovalExpired ApprovalState = "expired"
)

// ApprovalRequest is the body of approval.request.
//
// Source: NICE NG26, concerns about filming (a): the head of service gives
// permission to film.
type ApprovalRequest struct {
	Programme Programme `json:"programme"`
	From      Micros    `json:"from"`
	Until     Micros    `json:"until"`
}

// ApprovalGrant is the body of approval.grant.
type ApprovalGrant struct {
	Request ApprovalID `json:"request"`
}

// ApprovalDecline is the body of approval.decline, a restriction.
type ApprovalDecline struct {
	Request ApprovalID    `json:"request"`
	Reason  DeclineReason `json:"reason"`
}

// ApprovalRevoke is the body of approval.revoke, a restriction.
type ApprovalRevoke struct {
	Request ApprovalID    `json:"request"`
	Reason  DeclineReason `json:"reason"`
}

// DeclineReason is why filming was not, or is no longer, approved.
type DeclineReason string

// The reasons.
const (
	NotNow       DeclineReason = "not_now"
	Safeguarding DeclineReason = "safeguarding"
	CourtMatter  DeclineReason = "court_matter"
	MoreNeeded   DeclineReason = "more_needed"
	CaseClosed   DeclineReason = "case_closed"
)

// DeclineReasons lists every DeclineReason.
func DeclineReasons() []DeclineReason {
	return []DeclineReason{NotNow, Safeguarding, CourtMatter, MoreNeeded, CaseClosed}
}

// Check implements [Body].
func (b ApprovalRequest) Check() error {
	var c checks
	word(&c, "programme", b.Programme, Programmes())
	c.span("the period of filming", b.From, b.Until, MaxApprovalLife)
	c.that(b.From < b.Until, "the period of filming is empty")
	return c.err
}

// Check implements [Body].
func (b ApprovalGrant) Check() error {
	var c checks
	named(&c, "the request", b.Request)
	return c.err
}

// Check implements [Body].
func (b ApprovalDecline) Check() error {
	var c checks
	named(&c, "the request", b.Request)
	word(&c, "reason", b.Reason, DeclineReasons())
	return c.err
}

// Check implements [Body].
func (b ApprovalRevoke) Check() error { return ApprovalDecline(b).Check() }

// In a family's record. In the organisation's, see [OwnApproval].

func requestApproval(f *Family, _ *Org, a act[ApprovalRequest]) (Changes, error) {
	if err := f.teamed(a.By); err != nil {
		return Changes{}, err
	}
	if a.Said.Programme != f.Programme {
		return Changes{}, notPossible("this family is in the programme %s; open another record for %s", f.Programme, a.Said.Programme)
	}
	id := ApprovalID(a.ID)
	f.Approvals[id] = &Approval{
		ID: id, By: a.By.Staff, At: min(a.At, a.Now), Programme: a.Said.Programme, From: a.Said.From, Until: a.Said.Until,
		Granted: []Grant{},
	}
	return Changes{}, nil
}

// grantApproval records a head of service's yes. That it may already be
// overtaken by a decline or a revocation is for [Family.ApprovalState].
func grantApproval(f *Family, _ *Org, a act[ApprovalGrant]) (Changes, error) {
	r := f.Approvals[a.Said.Request]
	if r == nil {
		return Changes{}, missing("the request", a.Said.Request)
	}
	if r.By == a.By.Staff {
		return Changes{}, notPossible("nobody approves their own request; ask the deputy")
	}
	r.Granted = insertGrant(r.Granted, a.Statement)
	return Changes{}, nil
}

func declineApproval(f *Family, _ *Org, a act[ApprovalDecline]) (Changes, error) {
	f.restrict(requestSubject(a.Said.Request), a.ID)
	return Changes{}, nil
}

func revokeApproval(f *Family, _ *Org, a act[ApprovalRevoke]) (Changes, error) {
	f.restrict(requestSubject(a.Said.Request), a.ID)
	f.restrict(f.filmingSubject(), a.ID)
	return Changes{}, nil
}

// ApprovalState is the state of a filming approval at a time; "" for one that
// the record does not have. A decline or revocation of the request itself is
// final. A revocation elsewhere in the family revokes every grant that did not
// know of it.
func (f *Family) ApprovalState(id ApprovalID, now Micros) ApprovalState {
	a := f.Approvals[id]
	if a == nil {
		return ""
	}
	if own := f.Restrictions[requestSubject(id)]; len(own) > 0 {
		for _, r := range own {
			if slices.Contains(f.Restrictions[f.filmingSubject()], r) {
				return ApprovalRevoked
			}
		}
		return Declined
	}
	if len(a.Granted) == 0 {
		return Requested
	}
	for _, g := range a.Granted {
		if f.answered(f.filmingSubject(), g.Knew) {
			if now > a.Until {
				return ApprovalExpired
			}
			return Granted
		}
	}
	return ApprovalRevoked
}
