package policies

import "slices"

// Kinds is the table of statement kinds, in the order in which a service meets
// them. Everything that depends on a kind is read from its row: there is no
// switch over kinds anywhere.
func Kinds() []Row { return slices.Clone(table) }

// RowOf returns the row of a kind, and false for a kind that nobody knows.
func RowOf(kind Kind) (Row, bool) {
	for i := range table {
		if table[i].Kind == kind {
			return table[i], true
		}
	}
	return Row{}, false
}

// The kinds that begin a record, and have no record yet to be applied to.
const (
	KindRoot       Kind = "org.root"
	KindFamilyOpen Kind = "family.open"
)

// table is written once, here, and never changed: a constant that Go has no
// literal for. Class: control is what permissions rest on and is never hidden
// from anyone in the record; content is what may be (DESIGN §3).
var table = []Row{
	{Kind: KindRoot, Class: Control, Signers: byRoot, New: fresh[OrgRoot]},
	{Kind: "server.certify", Class: Control, Signers: byRoot, New: fresh[ServerCertify], Org: inOrg(certifyServer)},
	{Kind: "staff.invite", Class: Control, Signers: byRootOrDevice, Roles: registrars, New: fresh[StaffInvite], Org: inOrg(inviteStaff)},
	{Kind: "staff.certify", Class: Control, Signers: []Signer{SignInvite}, New: fresh[StaffCertify], Org: inOrg(certifyStaff)},
	{Kind: "device.certify", Class: Control, Signers: []Signer{SignPerson}, New: fresh[DeviceCertify], Org: inOrg(certifyDevice)},
	{Kind: "staff.confirm", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[StaffConfirm], Org: inOrg(confirmStaff)},
	{Kind: "staff.rekey", Class: Control, Signers: []Signer{SignPerson}, New: fresh[StaffRekey], Org: inOrg(rekeyStaff)},
	{Kind: "staff.reinvite", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[StaffReinvite], Org: inOrg(reinviteStaff)},
	{Kind: "staff.renew", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[StaffRenew], Org: inOrg(renewStaff)},
	{Kind: "staff.revoke", Class: Control, Signers: byDevice, Roles: registrars, Restriction: true, New: fresh[StaffRevoke], Org: inOrg(revokeStaff)},
	{Kind: "device.revoke", Class: Control, Signers: byDevice, Restriction: true, New: fresh[DeviceRevoke], Org: inOrg(revokeDevice)},
	{Kind: "policy.adopt", Class: Control, Signers: byRootOrDevice, Roles: heads, New: fresh[PolicyAdopt], Org: inOrg(adoptPolicy)},
	{Kind: "deputy.appoint", Class: Control, Signers: byDevice, Roles: heads, New: fresh[DeputyAppoint], Org: inOrg(appointDeputy)},
	{Kind: "deputy.end", Class: Control, Signers: byDevice, Roles: heads, Restriction: true, New: fresh[DeputyEnd], Org: inOrg(endDeputy)},
	{Kind: "staff.train", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[StaffTrain], Org: inOrg(trainStaff)},
	{Kind: "equipment.add", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[EquipmentAdd], Org: inOrg(addEquipment)},
	{Kind: "equipment.retire", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[EquipmentRetire], Org: inOrg(retireEquipment)},
	{Kind: "retention.plan", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, New: fresh[RetentionPlan], Org: inOrg(planRetention)},
	{Kind: "retention.approve", Class: Control, Signers: byDevice, Roles: heads, New: fresh[RetentionApprove], Org: inOrg(approvePlan)},
	{Kind: "disposal.standing", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[DisposalStanding], Org: inOrg(signStanding)},
	{Kind: "disposal.standing.end", Class: Control, Signers: byDevice, Roles: registrars, Restriction: true, New: fresh[DisposalStandingEnd], Org: inOrg(endStanding)},
	{Kind: "service.hold", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, Restriction: true, New: fresh[ServiceHoldPlace], Org: inOrg(holdService)},
	{Kind: "service.release", Class: Control, Signers: byDevice, Roles: heads, New: fresh[ServiceRelease], Org: inOrg(releaseService)},
	{Kind: "service.restored", Class: Control, Signers: []Signer{SignServer}, New: fresh[ServiceRestored], Org: inOrg(restoreService)},
	{Kind: "sweep.allow", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, New: fresh[SweepAllow], Org: inOrg(allowSweep)},
	{Kind: "record.approve", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, Disposal: true, New: fresh[RecordApprove], Org: inOrg(approveRecord)},
	{Kind: "family.dispose", Class: Control, Signers: byServer, Disposal: true, New: fresh[FamilyDispose], Org: inOrg(disposeFamily)},
	{Kind: "service.recovered", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, New: fresh[ServiceRecovered], Org: inOrg(recoverService)},

	{Kind: KindFamilyOpen, Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[FamilyOpen]},
	{Kind: "person.add", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[PersonAdd], Family: inFamily(addPerson)},
	{Kind: "person.change", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[PersonChange], Family: inFamily(changePerson)},
	{Kind: "team.add", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[TeamAdd], Family: inFamily(addToTeam)},
	{Kind: "team.remove", Class: Control, Signers: byDevice, Roles: []Role{Practitioner, HeadOfService}, Deputy: true, Restriction: true, New: fresh[TeamRemove], Family: inFamily(removeFromTeam)},
	{Kind: "key.turn", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[KeyTurn], Family: inFamily(turnKey)},
	{Kind: "key.wrap", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[KeyWrap], Family: inFamily(wrapKey)},
	{Kind: "cover.authorise", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, New: fresh[CoverAuthorise], Family: inFamily(authoriseCover)},
	{Kind: "recovery.use", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[RecoveryUse], Family: inFamily(useRecovery)},
	{Kind: "recovery.confirm", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[RecoveryConfirm], Family: inFamily(confirmRecovery)},
	{Kind: "recovery.restore", Class: Control, Signers: byDevice, Roles: registrars, New: fresh[RecoveryRestore], Family: inFamily(restoreKey)},
	{Kind: "approval.request", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[ApprovalRequest], Family: inFamily(requestApproval), Org: inOrg(requestOwn)},
	{Kind: "approval.grant", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, New: fresh[ApprovalGrant], Family: inFamily(grantApproval), Org: inOrg(grantOwn)},
	{Kind: "approval.decline", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, Restriction: true, New: fresh[ApprovalDecline], Family: inFamily(declineApproval), Org: inOrg(declineOwn)},
	{Kind: "approval.revoke", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, Restriction: true, New: fresh[ApprovalRevoke], Family: inFamily(revokeApproval), Org: inOrg(revokeOwn)},
	{Kind: "consent.sign", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[ConsentSign], Family: inFamily(signConsent)},
	{Kind: "consent.withdraw", Class: Control, Signers: []Signer{SignDevice, SignServer}, Restriction: true, New: fresh[ConsentWithdraw], Family: inFamily(withdrawConsent)},
	{Kind: "consent.object", Class: Control, Signers: byDevice, Restriction: true, New: fresh[ConsentObject], Family: inFamily(objectConsent)},
	{Kind: "consent.suspend", Class: Control, Signers: []Signer{SignServer}, Restriction: true, New: fresh[ConsentSuspend], Family: inFamily(suspendConsent)},
	{Kind: "hold.provisional", Class: Control, Signers: byDevice, Roles: practitioners, Restriction: true, New: fresh[HoldProvisional], Family: inFamily(provisionalHold)},
	{Kind: "hold.place", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, Restriction: true, New: fresh[HoldPlace], Family: inFamily(placeHold)},
	{Kind: "hold.release", Class: Control, Signers: byDevice, Roles: registrars, Deputy: true, New: fresh[HoldRelease], Family: inFamily(releaseHold)},
	{Kind: "request.open", Class: Control, Signers: byDevice, Roles: []Role{Practitioner, HeadOfService, IGOfficer}, Restriction: true, New: fresh[RequestOpen], Family: inFamily(openRequest)},
	{Kind: "request.close", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, New: fresh[RequestClose], Family: inFamily(closeRequest)},
	{Kind: "request.clock", Class: Control, Signers: byDevice, Roles: []Role{IGOfficer}, New: fresh[RequestClock], Family: inFamily(moveClock)},
	{Kind: "case.change", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[CaseChange], Family: inFamily(changeCase)},
	{Kind: "summary.file", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[SummaryFile], Family: inFamily(fileSummary)},
	{Kind: "family.close", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[FamilyClose], Family: inFamily(closeFamily)},
	{Kind: "disposal.authorise", Class: Control, Signers: byDevice, Roles: []Role{Practitioner, HeadOfService, IGOfficer}, Disposal: true, New: fresh[DisposalAuthorise], Family: inFamily(authoriseDisposal)},
	{Kind: "disposal.approve", Class: Control, Signers: byDevice, Roles: registrars, Disposal: true, New: fresh[DisposalApprove], Family: inFamily(approveDisposal)},
	{Kind: "decision.make", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, Disposal: true, New: fresh[DecisionMake], Family: inFamily(decide)},
	{Kind: "viewer.add", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[ViewerAdd], Family: inFamily(addViewer)},
	{Kind: "viewer.remove", Class: Control, Signers: byDevice, Roles: []Role{Practitioner, HeadOfService}, Deputy: true, Restriction: true, New: fresh[ViewerRemove], Family: inFamily(removeViewer)},
	{Kind: "countersign", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, New: fresh[Countersign], Family: inFamily(countersign)},
	{Kind: "session.log", Class: Content, Signers: byDevice, Roles: practitioners, Late: true, New: fresh[SessionLog], Family: inFamily(logSession)},
	{Kind: "clip.add", Class: Control, Signers: byDevice, Roles: practitioners, Late: true, New: fresh[ClipAdd], Family: inFamily(addClip)},
	{Kind: "clip.stored", Class: Control, Signers: []Signer{SignServer}, New: fresh[ClipStored], Family: inFamily(storeClip)},
	{Kind: "device.purged", Class: Control, Signers: byDevice, Roles: Roles(), Restriction: true, Disposal: true, New: fresh[DevicePurged], Family: inFamily(purgeDevice), Org: inOrg(wipeDevice)},
	{Kind: "clip.mark", Class: Control, Signers: byServer, Disposal: true, New: fresh[ClipMark], Family: inFamily(markClip)},
	{Kind: "clip.spare", Class: Control, Signers: byServer, Disposal: true, New: fresh[ClipSpare], Family: inFamily(spareClip)},
	{Kind: "clip.destroy", Class: Control, Signers: byServer, Disposal: true, New: fresh[ClipDestroy], Family: inFamily(destroyClip)},
	{Kind: "clip.dispose", Class: Control, Signers: byServer, Disposal: true, New: fresh[ClipDispose], Family: inFamily(disposeClip)},
	{Kind: "clip.annotate", Class: Content, Signers: byDevice, Roles: practitioners, Late: true, New: fresh[ClipAnnotate], Family: inFamily(annotateClip)},
	{Kind: "link.create", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[LinkCreate], Family: inFamily(createLink)},
	{Kind: "link.pin", Class: Control, Signers: byDevice, Roles: practitioners, New: fresh[LinkPIN], Family: inFamily(reissuePIN)},
	{Kind: "link.revoke", Class: Control, Signers: []Signer{SignDevice, SignServer}, Roles: []Role{Practitioner, HeadOfService}, Deputy: true, Restriction: true, New: fresh[LinkRevoke], Family: inFamily(revokeLink)},
	{Kind: "breakglass.open", Class: Control, Signers: byDevice, Roles: heads, Deputy: true, New: fresh[BreakglassOpen], Family: inFamily(openGlass)},
	{Kind: "breakglass.close", Class: Control, Signers: byDevice, Roles: registrars, Deputy: true, Restriction: true, New: fresh[BreakglassClose], Family: inFamily(closeGlass)},
}

// The signers and roles of the table, by the words of DESIGN §3.
var (
	byRoot         = []Signer{SignRoot}
	byRootOrDevice = []Signer{SignRoot, SignDevice}
	byDevice       = []Signer{SignDevice}
	byServer       = []Signer{SignServer}
	practitioners  = []Role{Practitioner}
	heads          = []Role{HeadOfService}
	registrars     = []Role{HeadOfService, IGOfficer}
)

// fresh makes an empty body to decode into.
func fresh[B any, P interface {
	*B
	Body
}]() Body {
	return P(new(B))
}

// act is the last step of a fold: everything about the author has been checked,
// and what remains is what this kind needs. It validates before it mutates, so
// that a refusal leaves the state as it was.
type act[B any] struct {
	Statement
	Said B
	By   Author
	Now  Micros // time of acceptance
}

func inOrg[B any](apply func(*Org, act[B]) (Changes, error)) func(*Org, Statement, Author, Micros) (Changes, error) {
	return func(o *Org, s Statement, by Author, at Micros) (Changes, error) {
		said, err := said[B](s)
		if err != nil {
			return Changes{}, err
		}
		return apply(o, act[B]{s, said, by, at})
	}
}

func inFamily[B any](apply func(*Family, *Org, act[B]) (Changes, error)) func(*Family, *Org, Statement, Author, Micros) (Changes, error) {
	return func(f *Family, o *Org, s Statement, by Author, at Micros) (Changes, error) {
		said, err := said[B](s)
		if err != nil {
			return Changes{}, err
		}
		return apply(f, o, act[B]{s, said, by, at})
	}
}

// said is the body of a statement as the type of its kind: decoded bodies are
// pointers, bodies written in a program are often values.
func said[B any](s Statement) (B, error) {
	if b, ok := s.Body.(any).(B); ok {
		return b, nil
	}
	if b, ok := s.Body.(any).(*B); ok && b != nil {
		return *b, nil
	}
	var none B
	return none, notPossible("the body of %s does not belong to this kind", s.Kind)
}
