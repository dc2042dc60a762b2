package policies_test

import (
	"strings"
	"testing"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/policies/policiestest"
)

// slip changes one thing in a body that is otherwise right.
type slip[B policies.Body] struct {
	name   string
	change func(b *B)
}

// refuses checks that a body is accepted, and with each slip refused.
func refuses[B policies.Body](t *testing.T, name string, good func() B, slips []slip[B]) {
	t.Helper()
	if err := good().Check(); err != nil {
		t.Errorf("%s: the body that every case breaks is refused: %v", name, err)
	}
	for _, s := range slips {
		t.Run(name+"/"+s.name, func(t *testing.T) {
			b := good()
			s.change(&b)
			if b.Check() == nil {
				t.Error("accepted")
			}
		})
	}
}

func attachment(name string) policies.Attachment {
	return policies.Attachment{Name: name, SHA256: policiestest.Digest(name), Bytes: 100}
}

func TestCheckFamilyOpen(t *testing.T) {
	good := func() policies.FamilyOpen {
		return policies.FamilyOpen{Reference: "EH 2041/7-a.b", Programme: policies.VIG, Recipient: policiestest.Recipient("f")}
	}
	type s = slip[policies.FamilyOpen]
	refuses(t, "FamilyOpen", good, []s{
		{"NoReference", func(b *policies.FamilyOpen) { b.Reference = "" }},
		{"LongReference", func(b *policies.FamilyOpen) { b.Reference = strings.Repeat("1", 65) }},
		{"ReferenceWithLetterOutsideTheList", func(b *policies.FamilyOpen) { b.Reference = "Ólafur" }},
		{"ReferenceWithEmail", func(b *policies.FamilyOpen) { b.Reference = "a@b" }},
		{"ReferenceEndsInSpace", func(b *policies.FamilyOpen) { b.Reference = "EH " }},
		{"ReferenceEndsInNewline", func(b *policies.FamilyOpen) { b.Reference = "EH\n" }},
		{"UnknownProgramme", func(b *policies.FamilyOpen) { b.Programme = "theraplay" }},
		{"ClassicalRecipient", func(b *policies.FamilyOpen) { b.Recipient = "age1qqq" }},
		{"HugeRecipient", func(b *policies.FamilyOpen) { b.Recipient += strings.Repeat("q", 4096) }},
		{"TwoRecipients", func(b *policies.FamilyOpen) { b.Recipient += "\n" + b.Recipient }},
	})
}

func TestCheckOrg(t *testing.T) {
	type root = policies.OrgRoot
	refuses(t, "OrgRoot", func() root {
		return root{Service: "Northfield Early Help", Key: policiestest.Key("root"), Custodians: []string{
			policiestest.Recipient("a"), policiestest.Recipient("b"), policiestest.Recipient("c")}}
	}, []slip[root]{
		{"NoName", func(b *root) { b.Service = " " }},
		{"NameOfTwoLines", func(b *root) { b.Service = "a\nb" }},
		{"TwoCustodians", func(b *root) { b.Custodians = b.Custodians[:2] }},
		{"FourCustodians", func(b *root) { b.Custodians = append(b.Custodians, policiestest.Recipient("d")) }},
		{"OneCustodianTwice", func(b *root) { b.Custodians[2] = b.Custodians[0] }},
		{"NoKey", func(b *root) { b.Key = policies.PublicKey{} }},
	})
	type invite = policies.StaffInvite
	refuses(t, "StaffInvite", func() invite {
		return invite{Role: policies.Supervisor, Key: policiestest.Key("x"), Expires: policiestest.Start, Fixed: []policies.Attachment{attachment("label")}}
	}, []slip[invite]{
		{"UnknownRole", func(b *invite) { b.Role = "admin" }},
		{"NoEnd", func(b *invite) { b.Expires = 0 }},
		{"EndPast53Bits", func(b *invite) { b.Expires = 1 << 53 }},
		{"AttachmentOfAnotherKind", func(b *invite) { b.Fixed[0].Name = "form" }},
		{"AttachmentTwice", func(b *invite) { b.Fixed = append(b.Fixed, b.Fixed[0]) }},
		{"EmptyAttachment", func(b *invite) { b.Fixed[0].Bytes = 0 }},
		{"HugeAttachment", func(b *invite) { b.Fixed[0].Bytes = policies.MaxAttachmentBytes + 1 }},
		{"AttachmentWithoutDigest", func(b *invite) { b.Fixed[0].SHA256 = policies.Digest{} }},
	})
	type adopt = policies.PolicyAdopt
	refuses(t, "PolicyAdopt", func() adopt {
		return policies.NewPolicyAdopt("council", []byte("p"), policiestest.Digest("b"))
	}, []slip[adopt]{
		{"PathForAName", func(b *adopt) { b.Pack = "../council" }},
		{"NoBundle", func(b *adopt) { b.Bundle = policies.Digest{} }},
		{"EmptyPack", func(b *adopt) { b.Bytes = 0 }},
		{"NegativePack", func(b *adopt) { b.Bytes = -1 }},
		{"HugePack", func(b *adopt) { b.Bytes = policies.MaxPackBytes + 1 }},
	})
}

func TestCheckConsentSign(t *testing.T) {
	type form = policies.ConsentSign
	good := func() form { return policiestest.NewFilmed().ConsentBody() }
	refuses(t, "ConsentSign", good, []slip[form]{
		{"Nobody", func(b *form) { b.People = nil }},
		{"OnePersonTwice", func(b *form) { b.People = append(b.People, b.People[0]) }},
		{"OwnDecidedByAnother", func(b *form) { b.People[0].By = policies.PersonID{1} }},
		{"ParentOfOneself", func(b *form) { b.People[1].By = b.People[1].Person }},
		{"CompetentChildDecidedByAnother", func(b *form) { b.People[1].Basis = policies.Competent }},
		{"UnknownBasis", func(b *form) { b.People[0].Basis = "guess" }},
		{"OneParentTwice", func(b *form) {
			b.People = append(b.People, policies.Covered{Person: b.People[1].Person, By: b.People[1].By, Basis: policies.Delegated})
		}},
		{"DecidedAloneAndByAnother", func(b *form) {
			b.People = append(b.People, policies.Covered{Person: b.People[0].Person, By: policies.PersonID{7}, Basis: policies.Delegated})
		}},
		{"NoPurpose", func(b *form) { b.Purposes, b.Viewers = nil, nil }},
		{"PurposeTwice", func(b *form) { b.Purposes = append(b.Purposes, b.Purposes[0]) }},
		{"UnknownPurpose", func(b *form) { b.Purposes[3].Purpose = "marketing" }},
		{"ViewerForARefusedPurpose", func(b *form) { b.Viewers[0].Purpose = policies.Research }},
		{"ViewerTwice", func(b *form) { b.Viewers = append(b.Viewers, b.Viewers[0]) }},
		{"ViewerPastTheConsent", func(b *form) { b.Viewers[0].Until = b.Until + 1 }},
		{"EndsBeforeItBegins", func(b *form) { b.From, b.Until, b.Viewers = b.Until, b.From, nil }},
		{"Empty", func(b *form) { b.From, b.Viewers = b.Until, nil }},
		{"ForTenYears", func(b *form) { b.Until = b.From + policiestest.Day(3650) }},
		{"DayThatIsNone", func(b *form) { b.SignedOn = "2026-02-30" }},
		{"DayInWords", func(b *form) { b.SignedOn = "2 March 2026" }},
		{"NoWords", func(b *form) { b.FormText = policies.Digest{} }},
		{"NothingSigned", func(b *form) { b.Fixed = b.Fixed[1:] }},
		{"NothingShown", func(b *form) { b.Fixed = b.Fixed[:1] }},
		{"OnSand", func(b *form) { b.Medium = "sand" }},
		{"NobodyAskedHowItWasUnderstood", func(b *form) { b.Understood = nil }},
		{"UnknownAid", func(b *form) { b.Understood = []policies.Aid{"telepathy"} }},
		{"AidTwice", func(b *form) { b.Understood = []policies.Aid{policies.Audio, policies.Audio} }},
		{"NotRecordedAndAnInterpreter", func(b *form) { b.Understood = []policies.Aid{policies.NotRecorded, policies.Interpreter} }},
		{"NoneNeededAndAnInterpreter", func(b *form) { b.Understood = []policies.Aid{policies.NoneNeeded, policies.Interpreter} }},
	})
}

func TestCheckClipAdd(t *testing.T) {
	type clip = policies.ClipAdd
	refuses(t, "ClipAdd", func() clip { return policiestest.NewFilmed().ClipBody() }, []slip[clip]{
		{"UnknownKind", func(b *clip) { b.Kind = "selfie" }},
		{"Nobody", func(b *clip) { b.People = nil }},
		{"OnePersonTwice", func(b *clip) { b.People[1] = b.People[0] }},
		{"CaptureBackwards", func(b *clip) { b.Captured.Until = b.Captured.From - 1 }},
		{"CaptureOfADay", func(b *clip) { b.Captured.From -= policiestest.Day(1) }},
		{"NoSession", func(b *clip) { b.Session = policies.SessionID{} }},
		{"EmptyPayload", func(b *clip) { b.Payload.Bytes = 0 }},
		{"NonceOnly", func(b *clip) { b.Payload.Bytes = 16 }},
		{"EmptyLastChunk", func(b *clip) { b.Payload.Bytes = 16 + (64<<10 + 16) + 16 }},
		{"NoCommitment", func(b *clip) { b.Payload.Commitment = policies.Digest{} }},
		{"Document", func(b *clip) { b.Media.Type = "application/pdf" }},
		{"ScriptInCodec", func(b *clip) { b.Media.Codec = "<script>" }},
		{"NegativeDuration", func(b *clip) { b.Media.DurationMS = -1 }},
		{"NoSource", func(b *clip) { b.Source.SHA256 = policies.Digest{} }},
		{"ChangeTwice", func(b *clip) { b.Source.Changed = []string{"moov/udta", "moov/udta"} }},
		{"ChangeOfTwoLines", func(b *clip) { b.Source.Changed = []string{"a\nb"} }},
		{"FormOnAClip", func(b *clip) { b.Fixed = []policies.Attachment{attachment("form")} }},
	})
	for _, bytes := range []int64{32, 33, 16 + 64<<10 + 16, 16 + (64<<10 + 16) + 17} {
		b := policiestest.NewFilmed().ClipBody()
		b.Payload.Bytes = bytes
		if err := b.Check(); err != nil {
			t.Errorf("%d bytes: %v", bytes, err)
		}
	}
}

func TestCheckTheRest(t *testing.T) {
	type request = policies.ApprovalRequest
	refuses(t, "ApprovalRequest", func() request { return policiestest.NewFilmed().RequestBody() }, []slip[request]{
		{"Backwards", func(b *request) { b.From, b.Until = b.Until, b.From }},
		{"ForTwoYears", func(b *request) { b.Until = b.From + policiestest.Day(730) }},
		{"UnknownProgramme", func(b *request) { b.Programme = "" }},
	})
	type link = policies.LinkCreate
	refuses(t, "LinkCreate", func() link { return policiestest.NewFilmed().LinkBody("x") }, []slip[link]{
		{"NeverOpens", func(b *link) { b.Opens = 0 }},
		{"OpensForEver", func(b *link) { b.Opens = 101 }},
		{"NoName", func(b *link) { b.Token = policies.Bytes16{} }},
		{"NoPIN", func(b *link) { b.PIN = policies.Digest{} }},
	})
	type pin = policies.LinkPIN
	refuses(t, "LinkPIN", func() pin { return pin{Link: policies.LinkID{1}, PIN: policiestest.Digest("new")} }, []slip[pin]{
		{"NoLink", func(b *pin) { b.Link = policies.LinkID{} }},
		{"NoPIN", func(b *pin) { b.PIN = policies.Digest{} }},
	})
	type person = policies.PersonAdd
	refuses(t, "PersonAdd", func() person {
		return person{Role: policies.Child, Basis: policies.CareOrder, Born: "2024-03", Contact: policies.NoLink, Fixed: []policies.Attachment{attachment("label")}}
	}, []slip[person]{
		{"WholeBirthday", func(b *person) { b.Born = "2024-03-02" }},
		{"UnknownContact", func(b *person) { b.Contact = "" }},
		{"UnknownRole", func(b *person) { b.Role = "dog" }},
	})
	type session = policies.SessionLog
	refuses(t, "SessionLog", func() session {
		return session{On: "2026-03-02", Number: 1, Fixed: []policies.Attachment{attachment("note")}}
	}, []slip[session]{
		{"NumberZero", func(b *session) { b.Number = 0 }},
		{"NoDay", func(b *session) { b.On = "" }},
	})
	type change = policies.PersonChange
	refuses(t, "PersonChange", func() change {
		return change{Person: policies.PersonID{1}, Basis: policies.Competent, Born: "2010-02", Contact: policies.NoLink,
			Review: policies.CompetenceReview{On: "2026-02-10", Outcome: policies.Decides}}
	}, []slip[change]{
		{"Nobody", func(b *change) { b.Person = policies.PersonID{} }},
		{"Nothing", func(b *change) { *b = change{Person: b.Person} }},
		{"UnknownBasis", func(b *change) { b.Basis = "guess" }},
		{"UnknownContact", func(b *change) { b.Contact = "pigeon" }},
		{"MonthThatIsNone", func(b *change) { b.Born = "2010-13" }},
		{"ReviewWithoutADay", func(b *change) { b.Review.On = "" }},
		{"ReviewWithoutAnOutcome", func(b *change) { b.Review.Outcome = "" }},
	})
	type withdrawal = policies.ConsentWithdraw
	refuses(t, "ConsentWithdraw", func() withdrawal {
		return withdrawal{People: []policies.PersonID{{1}}, Channel: policies.Page}
	}, []slip[withdrawal]{
		{"Nobody", func(b *withdrawal) { b.People = nil }},
		{"UnknownChannel", func(b *withdrawal) { b.Channel = "dream" }},
		{"UnknownPurpose", func(b *withdrawal) { b.Purposes = []policies.Purpose{"marketing"} }},
		{"PurposeTwice", func(b *withdrawal) { b.Purposes = []policies.Purpose{policies.Research, policies.Research} }},
	})
	type suspension = policies.ConsentSuspend
	refuses(t, "ConsentSuspend", func() suspension {
		return suspension{People: []policies.PersonID{{1}}, Link: policies.LinkID{2}}
	}, []slip[suspension]{
		{"Nobody", func(b *suspension) { b.People = nil }},
		{"Twice", func(b *suspension) { b.People = []policies.PersonID{{1}, {1}} }},
		{"NoLink", func(b *suspension) { b.Link = policies.LinkID{} }},
	})
}

// TestEmptyBodiesAreRefused: no kind means anything without a word in it.
func TestEmptyBodiesAreRefused(t *testing.T) {
	for _, row := range policies.Kinds() {
		if row.New().Check() == nil {
			t.Errorf("an empty %s is accepted", row.Kind)
		}
	}
}

// TestTable checks what every row must have, so that a new kind cannot be half a
// kind.
func TestTable(t *testing.T) {
	seen := map[policies.Kind]bool{}
	for _, row := range policies.Kinds() {
		if seen[row.Kind] {
			t.Errorf("%s has two rows", row.Kind)
		}
		seen[row.Kind] = true
		opens := row.Kind == policies.KindRoot || row.Kind == policies.KindFamilyOpen
		both := strings.HasPrefix(string(row.Kind), "approval.") || row.Kind == "device.purged" // of a family, or of the organisation
		if acts := (row.Org != nil) != (row.Family != nil) || both && row.Org != nil && row.Family != nil; acts == opens {
			t.Errorf("%s is applied to one record, or begins one", row.Kind)
		}
		if len(row.Signers) == 0 || row.Class != policies.Control && row.Class != policies.Content {
			t.Errorf("%s has no signer or no class", row.Kind)
		}
		if row.Restriction && row.Class != policies.Control {
			t.Errorf("%s could be hidden from somebody in the record", row.Kind)
		}
		if got, ok := policies.RowOf(row.Kind); !ok || got.Kind != row.Kind {
			t.Errorf("RowOf(%s) = %s, %v", row.Kind, got.Kind, ok)
		}
	}
	if _, ok := policies.RowOf("consent.sing"); ok {
		t.Error("a kind that nobody knows has a row")
	}
}

func TestLooseAttachment(t *testing.T) {
	id := policiestest.Digest("x").String()
	for _, c := range []struct {
		kind policies.Kind
		name string
		want bool
	}{
		{"family.open", "key/" + id, true}, {"family.open", "recovery/ac", true}, {"team.add", "key/" + id, true},
		{"clip.add", "header/" + id, true}, {"link.create", "sealed", true}, {"link.create", "secret", true}, {"link.pin", "secret", true}, {"link.pin", "sealed", false},
		{"family.open", "key/", false}, {"family.open", "key/../x", false}, {"family.open", "recovery/ba", false},
		{"family.open", "header/" + id, false}, {"team.add", "recovery/ab", false}, {"clip.add", "header/" + id + "A", false},
		{"clip.add", "title", false}, {"link.create", "sealed/", false}, {"consent.sign", "form", false}, {"", "", false},
	} {
		if got := policies.LooseAttachment(c.kind, c.name); got != c.want {
			t.Errorf("LooseAttachment(%s, %q) = %v, want %v", c.kind, c.name, got, c.want)
		}
	}
}

func TestPlaysOnPhones(t *testing.T) {
	for _, c := range []struct {
		media policies.Media
		want  bool
	}{
		{policies.Media{Type: "video/mp4", Codec: "avc1.42C01E, mp4a.40.2"}, true},
		{policies.Media{Type: "video/mp4", Codec: "avc1.64001f"}, true},
		{policies.Media{Type: "image/jpeg"}, true},
		{policies.Media{Type: "video/mp4", Codec: "hvc1.1.6.L93.B0, mp4a.40.2"}, false},
		{policies.Media{Type: "video/mp4", Codec: "avc1.42C01E, ac-3"}, false},
		{policies.Media{Type: "video/mp4", Codec: "mp4a.40.2"}, false},
		{policies.Media{Type: "video/mp4"}, false},
		{policies.Media{Type: "video/quicktime", Codec: "avc1.42C01E"}, false},
	} {
		if got := c.media.PlaysOnPhones(); got != c.want {
			t.Errorf("PlaysOnPhones(%+v) = %v, want %v", c.media, got, c.want)
		}
	}
}

// TestNextHead is the chain by its definition: DESIGN §3.
func TestNextHead(t *testing.T) {
	prev, org, id := policiestest.Digest("before"), policiestest.Digest("org"), policies.StatementID(policiestest.Digest("s"))
	text := "attune/record/v1" + string(prev[:]) + "\x02" + string(id[:]) + string(org[:])
	if got, want := policies.NextHead(prev, policies.Content, id, org), policies.DigestOf([]byte(text)); got != want {
		t.Errorf("head = %s, want %s", got, want)
	}
}
