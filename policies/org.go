package policies

// Org is the folded state of the organisation's record: who may sign what.
// It holds only what changes a decision and is stored whole beside the head.
type Org struct {
	ID      OrgID  `json:"id"`
	Head    Digest `json:"head"` // after the last accepted statement
	Count   int64  `json:"count"`
	Service string `json:"service"` // "Northfield Early Help"

	Root       StatementID          `json:"root"` // the org.root statement
	RootKey    PublicKey            `json:"root_key"`
	Custodians []string             `json:"custodians"` // age hybrid recipients, three
	Server     Server               `json:"server"`
	Retired    []Server             `json:"retired"` // servers' keys before it, oldest first
	Policy     Policy               `json:"policy"`
	Staff      map[StaffID]*Staff   `json:"staff"`
	Devices    map[DeviceID]*Device `json:"devices"`
	Keys       map[KeyID]StaffID    `json:"keys"` // staff.certify and staff.rekey -> person

	// Approvals are those of practitioners, by their approval.request.
	Approvals map[ApprovalID]*OwnApproval `json:"approvals"`

	// Deputies are the appointments, by their deputy.appoint.
	Deputies map[StatementID]*Deputy `json:"deputies"`

	// Certificates are those that are not in force: replaced, or waiting for a
	// registrar. What they signed must still verify. Nil in states stored before.
	Certificates map[KeyID]*Certificate    `json:"certificates"`
	Reinvites    map[StatementID]*Reinvite `json:"reinvites"` // staff.reinvite

	Equipment map[EquipmentID]*Equipment `json:"equipment"`

	// Allowed are what the sweeper refused and an IG officer let it go on with.
	Allowed map[Digest]*Allowance `json:"allowed"`
	// Adoptions are all of policies, the last in force, and Plans what changes of them
	// move, by their retention.plan. Nil in states stored before.
	Adoptions []Adoption            `json:"adoptions"`
	Plans     map[StatementID]*Plan `json:"plans"`

	// Standings are the signatures under standing authorisations, by their
	// disposal.standing.
	Standings map[StatementID]*StandingWord `json:"standings"`

	// HeldAll are the holds on everything of the service, by their service.hold. Nil in states
	// stored before.
	HeldAll map[StatementID]*ServiceHold `json:"holds"`

	// LetGo is the word of IG officers on whole records, and Ended the records that were
	// destroyed. Nil in states stored before.
	LetGo map[FamilyID]*RecordApproval `json:"let_go"`
	Ended map[FamilyID]*Ended          `json:"ended"`

	// Restorations are the times that the service was put back, oldest first.
	Restorations []Restoration `json:"restorations"`
}

// Server is the certified server: a device that states what it stored.
type Server struct {
	Certificate StatementID `json:"certificate"` // server.certify
	Key         PublicKey   `json:"key"`
	LogKey      PublicKey   `json:"log_key"` // signs checkpoints of the access log
}

// Policy is what the head of service adopted.
type Policy struct {
	Adopted StatementID `json:"adopted"` // policy.adopt
	Pack    string      `json:"pack"`    // "council"
	SHA256  Digest      `json:"sha256"`  // of the pack's file
	Bundle  Digest      `json:"bundle"`  // of the Cedar rules
}

// Staff is a member of staff, from invitation on. Powers (approving, certifying,
// being wrapped to) begin with Confirmed.
type Staff struct {
	ID        StaffID     `json:"id"`
	By        StaffID     `json:"by"` // who invited them; zero for the root
	Role      Role        `json:"role"`
	Outside   bool        `json:"outside"`
	OneTime   PublicKey   `json:"one_time"` // the invitation's key
	InviteEnd Micros      `json:"invite_end"`
	ByRoot    bool        `json:"by_root"`   // the first invitation: powers at once
	Certified KeyID       `json:"certified"` // staff.certify or staff.rekey in force; zero while invited
	Key       PublicKey   `json:"key"`
	Recipient string      `json:"recipient"` // age1pq1…
	Until     Micros      `json:"until"`
	Confirmed StatementID `json:"confirmed"`
	Heard     StatementID `json:"heard"` // staff.confirm by an IG officer; zero while only heads of service stand for them
	Revoked   StatementID `json:"revoked"`
	Again     StatementID `json:"again"`   // staff.reinvite under way; zero when none is
	LeftAt    Micros      `json:"left_at"` // when it was revoked; zero while in force

	Training []Training `json:"training"` // at most one for each programme, in their order
}

// Device is one certified device of a person.
type Device struct {
	ID        DeviceID    `json:"id"`
	Staff     StaffID     `json:"staff"`
	Key       PublicKey   `json:"key"`
	Until     Micros      `json:"until"`
	Revoked   StatementID `json:"revoked"`             // or the statement that replaced the person's key
	RevokedAt Micros      `json:"revoked_at"`          // when; zero in states stored before
	RevokedBy StaffID     `json:"revoked_by,omitzero"` // who revoked it; zero where its person's key was replaced
	Purged    StatementID `json:"purged"`              // once it was revoked: its own word that it lost what it had
	Under     KeyID       `json:"under"`               // the person's certificate; zero in states stored before
	Waiting   bool        `json:"waiting"`             // that certificate waits for a registrar

	Continues DeviceID `json:"continues,omitzero"` // whose numbers were in use twice, so that this one goes on with its work
	Copied    Micros   `json:"copied,omitzero"`    // when another device went on with the work of this one; zero for never
}

// OrgRoot is the body of org.root, signed by the root key it names.
type OrgRoot struct {
	Service    string    `json:"service"`
	Key        PublicKey `json:"key"`
	Custodians []string  `json:"custodians"` // three age hybrid recipients
}

// ServerCertify is the body of server.certify, signed by the root.
type ServerCertify struct {
	Key      PublicKey   `json:"key"`
	LogKey   PublicKey   `json:"log_key"`
	Replaces StatementID `json:"replaces"` // the server.certify in force; zero for the first
}

// StaffInvite is the body of staff.invite. The attachment "label" holds the
// person's name for people to read; it can be deleted, the statement stays.
type StaffInvite struct {
	Role    Role         `json:"role"`
	Outside bool         `json:"outside"` // works for another organisation, as supervisors often do
	Key     PublicKey    `json:"key"`     // one-time
	Expires Micros       `json:"expires"` // at most seven days after it was signed
	Fixed   []Attachment `json:"attachments"`
}

// StaffCertify is the body of staff.certify, signed by the invitation's one-time
// key on the device of the person who joins. The first one counts, by the fold.
type StaffCertify struct {
	Staff     StaffID   `json:"staff"`
	Key       PublicKey `json:"key"`
	Recipient string    `json:"recipient"`
	Until     Micros    `json:"until"` // at most twelve months after it was signed
}

// DeviceCertify is the body of device.certify, signed by the person's key.
//
// Continues is for a device that was copied, or restored from a backup: two of them then
// give out the same numbers, and neither knows what the other said. One makes itself a new
// key, with numbers of its own, and names whose work it goes on with.
type DeviceCertify struct {
	Staff     StaffID   `json:"staff"`
	Key       PublicKey `json:"key"`
	Until     Micros    `json:"until"`
	Continues DeviceID  `json:"continues"` // "" for a device of its own
}

// StaffConfirm is the body of staff.confirm: the registrar heard the six words of
// this certificate from the person.
type StaffConfirm struct {
	Staff       StaffID `json:"staff"`
	Certificate KeyID   `json:"certificate"`
}

// StaffRekey is the body of staff.rekey, signed by the person's own key, which it
// replaces together with their age recipient. It names the one device that goes on.
type StaffRekey struct {
	Staff     StaffID   `json:"staff"`
	Device    DeviceID  `json:"device"`
	Key       PublicKey `json:"key"`
	Recipient string    `json:"recipient"`
}

// StaffReinvite is the body of staff.reinvite: a registrar invites somebody whose
// keys are lost to certify new ones.
type StaffReinvite struct {
	Staff   StaffID   `json:"staff"`
	Key     PublicKey `json:"key"` // one-time
	Expires Micros    `json:"expires"`
}

// StaffRenew is the body of staff.renew: a registrar lets a certificate last longer.
type StaffRenew struct {
	Staff StaffID `json:"staff"`
	Until Micros  `json:"until"`
}

// StaffRevoke is the body of staff.revoke, a restriction.
type StaffRevoke struct {
	Staff StaffID `json:"staff"`
}

// DeviceRevoke is the body of device.revoke, a restriction.
type DeviceRevoke struct {
	Device DeviceID `json:"device"`
}

// PolicyAdopt is the body of policy.adopt. The pack itself, the file with every
// figure, is its one fixed attachment, "pack": whoever folds the adoption has what
// was signed, and no program needs to carry a service's own figures.
type PolicyAdopt struct {
	Pack   string `json:"pack"`
	SHA256 Digest `json:"sha256"` // of the file
	Bytes  int64  `json:"bytes"`  // of the file, at most MaxPackBytes
	Bundle Digest `json:"bundle"` // of the Cedar rules
}

// NewPolicyAdopt is the body for the file of a pack.
func NewPolicyAdopt(pack string, file []byte, bundle Digest) PolicyAdopt {
	return PolicyAdopt{Pack: pack, SHA256: DigestOf(file), Bytes: int64(len(file)), Bundle: bundle}
}
