package policies

// Approval is a filming approval: a request and what was decided about it.
type Approval struct {
	ID        ApprovalID    `json:"id"`
	By        StaffID       `json:"by"` // the requester, who may not grant it
	Programme Programme     `json:"programme"`
	From      Micros        `json:"from"`
	Until     Micros        `json:"until"`
	Granted   []Grant       `json:"granted"`
	Declined  []StatementID `json:"declined"`
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
