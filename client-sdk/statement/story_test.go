package statement

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
)

// story signs one statement of each kind, in an order that could have happened
// at a service that was invented for it.
type story struct {
	t       *testing.T
	n       map[string]int64 // per signing key
	kids    map[string]policies.KeyID
	at      policies.Micros
	vectors []validVector
}

const (
	vectorNow = policies.Micros(1790000000000000) // September 2026
	day       = policies.Micros(24 * 60 * 60 * 1000000)
)

// testRecipient has the look of an age hybrid recipient; nothing is sealed to it.
var testRecipient = fakeRecipient("q")

func fakeRecipient(letter string) string { return "age1pq1" + strings.Repeat(letter, 1952) }

func testCustodians() []string {
	return []string{fakeRecipient("q"), fakeRecipient("p"), fakeRecipient("z")}
}

func digest(name string) policies.Digest { return policies.DigestOf([]byte("attune vector: " + name)) }

func attachment(name string) []policies.Attachment {
	return []policies.Attachment{{Name: name, SHA256: digest(name), Bytes: 1234}}
}

func newStory(t *testing.T) *story {
	s := &story{t: t, n: map[string]int64{}, kids: map[string]policies.KeyID{}, at: vectorNow}
	org, head := s.found()
	s.family(org, head)
	return s
}

// sign adds a statement by the named key. deps and record may be empty.
func (s *story) sign(signer string, record policies.RecordID, kind policies.Kind, body policies.Body, deps ...policies.StatementID) policies.StatementID {
	s.t.Helper()
	key := testKey(signer)
	s.n[signer]++
	s.at += 60 * 1000000
	st := policies.Statement{Signer: s.kids[signer], Record: record, Kind: kind, N: s.n[signer], Deps: deps, At: s.at, Body: body}
	if s.n[signer] > 1 {
		st.Seen = policies.Seen{Head: digest("head"), Size: int64(len(s.vectors)), Root: digest("root")}
	}
	raw, signed, err := Sign(st, key)
	if err != nil {
		s.t.Fatalf("%s: %v", kind, err)
	}
	s.vectors = append(s.vectors, validVector{Kind: kind, Seed: text(key.Seed()), Key: public(key), ID: signed.ID, Raw: string(raw)})
	return signed.ID
}

// join invites, certifies and gives a device to one person.
func (s *story) join(who string, role policies.Role, record policies.RecordID, by string) (policies.StaffID, policies.DeviceID) {
	invite := s.sign(by, record, "staff.invite", &policies.StaffInvite{Role: role, Outside: role == policies.Supervisor, Key: public(testKey(who + ", invited")), Expires: s.at + 7*day, Fixed: attachment("label")})
	s.kids[who+", invited"] = policies.KeyID(invite)
	staff := policies.StaffID(invite)
	cert := s.sign(who+", invited", record, "staff.certify", &policies.StaffCertify{Staff: staff, Key: public(testKey(who)), Recipient: testRecipient, Until: s.at + 360*day})
	s.kids[who] = policies.KeyID(cert)
	device := s.sign(who, record, "device.certify", &policies.DeviceCertify{Staff: staff, Key: public(testKey(who + "'s device")), Until: s.at + 360*day})
	s.kids[who+"'s device"] = policies.KeyID(device)
	return staff, policies.DeviceID(device)
}

// rekey renews a person's certificate, invites them for a new key, and has them
// replace the one that they have.
func (s *story) rekey(staff policies.StaffID, who string, record policies.RecordID, by string) {
	s.sign(by, record, "staff.renew", &policies.StaffRenew{Staff: staff, Until: s.at + 364*day})
	s.sign(by, record, "staff.reinvite", &policies.StaffReinvite{Staff: staff, Key: public(testKey(who + ", invited again")), Expires: s.at + 7*day})
	s.sign(who, record, "staff.rekey", &policies.StaffRekey{
		Staff: staff, Device: policies.DeviceID(s.kids[who+"'s device"]), Key: public(testKey(who + ", again")), Recipient: fakeRecipient("r"),
	})
}

// found writes the organisation's record.
func (s *story) found() (policies.OrgID, string) {
	root := public(testKey("root"))
	org := policies.OrgID(policies.DigestOf(root[:]))
	record := policies.RecordID(org)
	s.kids["root"] = policies.KeyID(s.sign("root", policies.RecordID{}, "org.root", &policies.OrgRoot{Service: "Northfield Early Help", Key: root, Custodians: testCustodians()}))
	s.kids["server"] = policies.KeyID(s.sign("root", record, "server.certify", &policies.ServerCertify{Key: public(testKey("server")), LogKey: public(testKey("log"))}))
	s.join("Robin Head", policies.HeadOfService, record, "root")
	s.sign("root", record, "policy.adopt", &policies.PolicyAdopt{Pack: "council", SHA256: digest("pack"), Bytes: 4, Bundle: digest("bundle")})
	const head = "Robin Head's device"
	staff, _ := s.join("Sam Practitioner", policies.Practitioner, record, head)
	s.sign(head, record, "staff.confirm", &policies.StaffConfirm{Staff: staff, Certificate: s.kids["Sam Practitioner"]})
	s.sign(head, record, "deputy.appoint", &policies.DeputyAppoint{Staff: staff, From: s.at, Until: s.at + 30*day, Reason: policies.OnLeave})
	const sam = "Sam Practitioner's device"
	own := policies.ApprovalID(s.sign(sam, record, "approval.request", &policies.ApprovalRequest{Programme: policies.VIG, From: s.at, Until: s.at + 90*day}))
	s.sign(head, record, "approval.grant", &policies.ApprovalGrant{Request: own})
	s.sign(head, record, "deputy.end", &policies.DeputyEnd{Staff: staff})
	s.rekey(staff, "Sam Practitioner", record, head)
	officer, _ := s.join("Iris Officer", policies.IGOfficer, record, head)
	s.sign(head, record, "staff.confirm", &policies.StaffConfirm{Staff: officer, Certificate: s.kids["Iris Officer"]})
	leaver, device := s.join("Kim Leaver", policies.Supervisor, record, head)
	s.sign(head, record, "device.revoke", &policies.DeviceRevoke{Device: device})
	s.sign(head, record, "staff.revoke", &policies.StaffRevoke{Staff: leaver})
	s.sign(head, record, "staff.train", &policies.StaffTrain{Staff: staff, Programme: policies.VIG, Level: policies.Trainee, Until: s.at + 300*day, Supervisor: policies.StaffID(digest("a supervisor"))})
	camera := policies.EquipmentID(s.sign(head, record, "equipment.add", &policies.EquipmentAdd{Kind: policies.Camera, Holder: staff, Encrypted: true, Fixed: attachment("label")}))
	s.sign(head, record, "equipment.retire", &policies.EquipmentRetire{Equipment: camera, WipedOn: "2026-09-21", How: policies.FactoryReset})
	was := policies.LogState{Origin: "attune/" + org.String() + "/1", Size: 40, Root: digest("root")}
	put := s.sign("server", record, "service.restored", &policies.ServiceRestored{Log: was, Known: policies.LogState{Origin: was.Origin, Size: 52}})
	s.sign("Iris Officer's device", record, "service.recovered", &policies.ServiceRecovered{Restored: put})
	s.sign("Iris Officer's device", record, "sweep.allow", &policies.SweepAllow{What: policies.RefusedClock, Of: digest("what the sweeper saw")})
	over := policies.FamilyID(digest("a family whose time is over"))
	word := s.sign("Iris Officer's device", record, "record.approve", &policies.RecordApprove{Family: over, Closed: "2020-03-31", Until: "2026-03-31"})
	s.sign("server", record, "family.dispose", &policies.FamilyDispose{Family: over, Authority: word, Head: digest("the last head"), Count: 40, Film: 3, Attachments: 25, Due: s.at, Pack: digest("pack"), Backup: "2026-12-31"})
	adopted := policies.StatementID(digest("another pack"))
	planned := s.sign("Iris Officer's device", record, "retention.plan", &policies.RetentionPlan{Adoption: adopted, AsOf: s.at, Hash: digest("a plan"), Earlier: 2, Later: 1})
	s.sign(head, record, "retention.approve", &policies.RetentionApprove{Plan: planned, Hash: digest("a plan")})
	s.sign(head, record, "disposal.standing", &policies.DisposalStanding{Class: policies.RawFilm, Pack: digest("pack")})
	s.sign(head, record, "disposal.standing.end", &policies.DisposalStandingEnd{Class: policies.RawFilm})
	everything := s.sign("Iris Officer's device", record, "service.hold", &policies.ServiceHoldPlace{Kind: "inquiry", ReviewOn: "2026-12-31"})
	s.sign(head, record, "service.release", &policies.ServiceRelease{Hold: everything})
	return org, head
}

// family writes a family's record, from opening to the end of its link.
func (s *story) family(org policies.OrgID, head string) {
	const sam = "Sam Practitioner's device"
	family := policies.RecordID(s.sign(sam, policies.RecordID{}, "family.open", &policies.FamilyOpen{Reference: "F-2026-0042", Programme: policies.VIG, Recipient: testRecipient}))
	carer := policies.PersonID(s.sign(sam, family, "person.add", &policies.PersonAdd{Role: policies.Carer, Basis: policies.Own, Contact: policies.LinkSafe, Fixed: attachment("label")}))
	child := policies.PersonID(s.sign(sam, family, "person.add", &policies.PersonAdd{Role: policies.Child, Basis: policies.ParentalResponsibility, Born: "2024-03", Contact: policies.NoLink, Fixed: attachment("label")}))
	s.sign(sam, family, "person.change", &policies.PersonChange{Person: child, Contact: policies.InPersonOnly, Review: policies.CompetenceReview{On: "2026-09-20", Outcome: policies.DoesNotDecide}})
	colleague := policies.StaffID(digest("a colleague"))
	s.sign(sam, family, "team.add", &policies.TeamAdd{Staff: colleague})
	removed := s.sign(sam, family, "team.remove", &policies.TeamRemove{Staff: colleague})
	s.sign(sam, family, "team.add", &policies.TeamAdd{Staff: colleague}, removed)

	turned := s.sign(sam, family, "key.turn", &policies.KeyTurn{Recipient: fakeRecipient("z"), Replaces: policies.StatementID(family),
		For: []policies.Wrapped{{Staff: policies.StaffID(digest("Sam")), To: digest("Sam's recipient")}}, Fixed: attachment("previous")})
	s.sign(sam, family, "key.wrap", &policies.KeyWrap{Staff: colleague, Key: digest("the new key of " + turned.String()), To: digest("a colleague's recipient")})

	s.sign(head, family, "cover.authorise", &policies.CoverAuthorise{Staff: colleague, Until: s.at + 14*day}, removed)
	use := s.sign(head, family, "recovery.use", &policies.RecoveryUse{Ground: policies.RecoverCover, Pair: policies.PairAC, For: colleague})
	s.sign(head, family, "recovery.confirm", &policies.RecoveryConfirm{Use: use})
	s.sign(head, family, "recovery.restore", &policies.RecoveryRestore{Use: use, Key: digest("the key"), To: digest("a colleague's recipient")})

	request := func() policies.ApprovalID {
		return policies.ApprovalID(s.sign(sam, family, "approval.request", &policies.ApprovalRequest{Programme: policies.VIG, From: s.at, Until: s.at + 90*day}))
	}
	declined := request()
	s.sign(head, family, "approval.decline", &policies.ApprovalDecline{Request: declined, Reason: policies.MoreNeeded})
	approval := request()
	s.sign(head, family, "approval.grant", &policies.ApprovalGrant{Request: approval})

	sign := func(deps ...policies.StatementID) policies.ConsentID {
		return policies.ConsentID(s.sign(sam, family, "consent.sign", &policies.ConsentSign{
			People: []policies.Covered{{Person: carer, By: carer, Basis: policies.Own}, {Person: child, By: carer, Basis: policies.ParentalResponsibility}},
			Purposes: []policies.PurposeAnswer{{Purpose: policies.FilmAndUse, Yes: true}, {Purpose: policies.FilmReview, Yes: true},
				{Purpose: policies.Supervision, Yes: true}, {Purpose: policies.FamilyCopy, Yes: false}},
			Viewers: []policies.NamedViewer{{Staff: policies.StaffID(digest("a supervisor")), Purpose: policies.Supervision, Until: s.at + 30*day}},
			From:    s.at, Until: s.at + 90*day, SignedOn: "2026-09-21",
			Medium: policies.OnPaper, Understood: []policies.Aid{policies.Interpreter, policies.EasyRead},
			FormText: digest("form text"), Fixed: append(attachment("form"), attachment("shown")...),
		}, deps...))
	}
	sign()
	withdrawn := s.sign(sam, family, "consent.withdraw", &policies.ConsentWithdraw{People: []policies.PersonID{carer, child}, Purposes: []policies.Purpose{policies.Supervision}, Channel: policies.ByPhone})
	father := policies.PersonID(digest("the child's father"))
	objection := s.sign(head, family, "consent.object", &policies.ConsentObject{People: []policies.PersonID{child}, By: father, Channel: policies.Writing})
	s.sign(head, family, "decision.make", &policies.DecisionMake{Of: objection, Outcome: policies.MayBeUsed, Ground: policies.CourtOrder})
	consent := sign(withdrawn, removed)
	provisional := s.sign(sam, family, "hold.provisional", &policies.HoldProvisional{Clips: []policies.ClipID{}, Sessions: []policies.SessionID{}, People: []policies.PersonID{child}, Reason: "safeguarding"})
	const iris = "Iris Officer's device"
	placed := s.sign(iris, family, "hold.place", &policies.HoldPlace{Clips: []policies.ClipID{policies.ClipID(digest("a clip"))}, Sessions: []policies.SessionID{}, People: []policies.PersonID{}, Kind: "police", ReviewOn: "2026-12-31", Confirms: provisional})
	s.sign(head, family, "hold.release", &policies.HoldRelease{Hold: placed})
	asked := s.sign(sam, family, "request.open", &policies.RequestOpen{Kind: policies.AccessRequest, People: []policies.PersonID{carer}, ReceivedOn: "2026-09-20"})
	s.sign(iris, family, "request.clock", &policies.RequestClock{Request: asked, Step: policies.ExtendComplex, On: "2026-09-21"})
	s.sign(iris, family, "request.close", &policies.RequestClose{Request: asked, Outcome: "met"})
	court := s.sign(sam, family, "case.change", &policies.CaseChange{LegalStatus: "care_order", Court: true, Basis: "public_task", Controller: policies.RecordHolder})
	s.sign(sam, family, "case.change", &policies.CaseChange{LegalStatus: "care_order", Basis: "public_task", Controller: policies.RecordHolder}, court)
	s.sign(head, family, "disposal.authorise", &policies.DisposalAuthorise{Of: withdrawn, Identity: "rang_known_number"}, provisional, placed, asked, court)
	supervisor := policies.StaffID(digest("a supervisor"))
	listing := s.sign(sam, family, "viewer.add", &policies.ViewerAdd{Staff: supervisor, Purpose: policies.Supervision, Until: s.at + 30*day})
	s.sign(head, family, "countersign", &policies.Countersign{Of: listing})
	s.sign(sam, family, "viewer.remove", &policies.ViewerRemove{Staff: supervisor})

	session := policies.SessionID(s.sign(sam, family, "session.log", &policies.SessionLog{On: "2026-09-21", Number: 1, StillHappy: true, Fixed: attachment("note")}))
	clip := policies.ClipID(s.sign(sam, family, "clip.add", &policies.ClipAdd{
		Kind: policies.Excerpt, Chosen: true, Session: session, People: []policies.PersonID{carer, child}, Controller: org,
		Captured: policies.Span{From: s.at - 600*1000000, Until: s.at - 420*1000000}, Approval: approval, Consent: consent,
		Payload: policies.Payload{Bytes: 16 + 65536 + 16 + 1000 + 16, SHA256: digest("payload"), Nonce: policies.Bytes16{1, 2, 3}, Commitment: digest("commitment")},
		Media:   policies.Media{Type: "video/mp4", Codec: "avc1.42C01E, mp4a.40.2", DurationMS: 180000},
		Source:  policies.Source{SHA256: digest("source"), Bytes: 66536, Changed: []string{"moov/udta/\u00a9xyz"}, Remove: true},
		Fixed:   attachment("title"),
	}))
	s.sign("server", family, "clip.stored", &policies.ClipStored{Clip: clip, Bytes: 66584, SHA256: digest("payload")})
	order := s.sign(head, family, "decision.make", &policies.DecisionMake{Of: policies.StatementID(clip), Outcome: policies.Destroy, Ground: policies.FamilyAsked}, withdrawn)
	s.sign(sam, family, "device.purged", &policies.DevicePurged{Clip: clip, Order: order})
	s.sign(sam, family, "clip.annotate", &policies.ClipAnnotate{Clip: clip, Source: policies.SourceRemoved})
	link := policies.LinkID(s.sign(sam, family, "link.create", &policies.LinkCreate{Clip: clip, Person: carer, Token: policies.Bytes16{9, 8, 7}, Auth: digest("auth"), PIN: digest("pin"), Expires: s.at + 14*day, Opens: 20}))
	s.sign(sam, family, "link.revoke", &policies.LinkRevoke{Link: link})
	s.sign(head, family, "approval.revoke", &policies.ApprovalRevoke{Request: approval, Reason: policies.CaseClosed})
	s.sign("server", family, "consent.suspend", &policies.ConsentSuspend{People: []policies.PersonID{carer}, Link: link})
	s.sign(sam, family, "link.pin", &policies.LinkPIN{Link: link, PIN: digest("another pin")})
	glass := policies.GlassID(s.sign(head, family, "breakglass.open", &policies.BreakglassOpen{
		Clips: []policies.ClipID{clip}, For: colleague, Category: policies.GlassCourt, Until: s.at + day/3, Fixed: attachment("reason"),
	}))
	s.sign(head, family, "breakglass.close", &policies.BreakglassClose{Glass: glass})
	word := s.sign(iris, family, "disposal.approve", &policies.DisposalApprove{Clips: []policies.ClipID{clip}, Class: policies.WorkingClips, Outcome: policies.LetGo, Until: "2026-11-20"})
	end := func() *policies.ClipMark {
		return &policies.ClipMark{Clip: clip, Class: policies.WorkingClips, Ground: policies.BySchedule, Authority: []policies.StatementID{word}, Due: s.at, Until: s.at + 7*day, Pack: digest("pack")}
	}
	first := s.sign("server", family, "clip.mark", end())
	s.sign("server", family, "clip.spare", &policies.ClipSpare{Clip: clip, Mark: first})
	mark := s.sign("server", family, "clip.mark", end(), provisional)
	destroy := s.sign("server", family, "clip.destroy", &policies.ClipDestroy{Clip: clip, Mark: mark})
	s.sign("server", family, "clip.dispose", &policies.ClipDispose{
		Clip: clip, Order: destroy, Class: policies.WorkingClips, Ground: policies.BySchedule, Authority: []policies.StatementID{word}, Due: s.at, Pack: digest("pack"),
		Payload: digest("payload"), Versions: []policies.Version{{ID: "0d5c3b1e", Bytes: 66584, SHA256: digest("payload")}}, Uploads: 1, Keys: 3,
		VerifiedAt: s.at, KeysAt: s.at + 1000, Backup: "2026-12-25",
	})
	s.sign(sam, family, "summary.file", &policies.SummaryFile{Clips: []policies.ClipID{clip}, FiledOn: "2026-09-20", Where: "case_record"})
	s.sign(sam, family, "family.close", &policies.FamilyClose{EndedOn: "2026-09-21"})
}

// TestStoryHasEveryKind: a kind that is added without a vector is noticed here.
func TestStoryHasEveryKind(t *testing.T) {
	have := map[policies.Kind]bool{}
	for _, v := range readVectors[validVector](t, "statement.json") {
		have[v.Kind] = true
	}
	for _, row := range policies.Kinds() {
		if !have[row.Kind] {
			t.Errorf("no valid vector of %s", row.Kind)
		}
	}
}
