package policies

import "crypto/sha256"

// NewOrg begins an organisation record with its org.root, which the root key in
// its own body signed. Its identity is the fingerprint of that key.
func NewOrg(s Statement) (*Org, error) {
	b, err := opening[OrgRoot](s, KindRoot)
	if err != nil {
		return nil, err
	}
	if s.Signer != KeyID(b.Key) {
		return nil, notCertified("org.root must be signed by the root key that it names")
	}
	o := &Org{
		ID: sha256.Sum256(b.Key[:]), Service: b.Service,
		Root: s.ID, RootKey: b.Key, Custodians: append([]string{}, b.Custodians...),
		Staff: map[StaffID]*Staff{}, Devices: map[DeviceID]*Device{}, Keys: map[KeyID]StaffID{},
		Approvals: map[ApprovalID]*OwnApproval{}, Deputies: map[StatementID]*Deputy{}, Equipment: map[EquipmentID]*Equipment{},
		Certificates: map[KeyID]*Certificate{}, Reinvites: map[StatementID]*Reinvite{}, Allowed: map[Digest]*Allowance{},
		Adoptions: []Adoption{}, Plans: map[StatementID]*Plan{}, Standings: map[StatementID]*StandingWord{},
		HeldAll: map[StatementID]*ServiceHold{},
		LetGo:   map[FamilyID]*RecordApproval{}, Ended: map[FamilyID]*Ended{},
	}
	o.Head, o.Count = NextHead(Digest{}, Control, s.ID, Digest{}), 1
	return o, nil
}

// Apply folds one statement, accepted at the given time, into the organisation.
// Everything is validated before anything changes: on error the state is as it
// was. Errors are [ErrSigner], [ErrNotPossible] or [ErrMissing].
func (o *Org) Apply(s Statement, at Micros) (Changes, error) {
	row, err := possible(s, RecordID(o.ID))
	if err != nil {
		return Changes{}, err
	}
	if row.Org == nil {
		return Changes{}, notPossible("%s does not belong in the organisation's record", s.Kind)
	}
	by, err := o.Author(s, at)
	if err != nil {
		return Changes{}, err
	}
	changes, err := row.Org(o, s, by, at)
	if err != nil {
		return Changes{}, err
	}
	// For its own record the organisation head is the one before the statement.
	o.Head, o.Count = NextHead(o.Head, row.Class, s.ID, o.Head), o.Count+1
	return changes, nil
}

// NewFamily begins a family's record with its family.open. The author is the
// first of the team.
func NewFamily(o *Org, s Statement, at Micros) (*Family, Changes, error) {
	b, err := opening[FamilyOpen](s, KindFamilyOpen)
	if err != nil {
		return nil, Changes{}, err
	}
	by, err := o.Author(s, at)
	if err != nil {
		return nil, Changes{}, err
	}
	if o.recipientUsed(b.Recipient) {
		return nil, Changes{}, notPossible("a family's key is nobody's own; make a new one")
	}
	f := &Family{
		ID: FamilyID(s.ID), Reference: b.Reference, Programme: b.Programme, Recipient: b.Recipient,
		Team: map[StaffID]*TeamMember{}, People: map[PersonID]*Person{},
		Approvals: map[ApprovalID]*Approval{}, Consents: map[ConsentID]*Consent{},
		Sessions: map[SessionID]*Session{}, Clips: map[ClipID]*Clip{}, Links: map[LinkID]*Link{},
		Turns:        map[StatementID]*Turn{},
		Covers:       map[StatementID]*Cover{},
		Recoveries:   map[StatementID]*Recovery{},
		Restrictions: map[Subject][]StatementID{}, Withdrawn: map[StatementID]string{},
		Suspended: map[StatementID]*Suspension{}, Leaked: map[StatementID]LinkID{}, Gone: map[DeviceID]Micros{}, Objections: map[StatementID]*Objection{}, Decisions: map[StatementID]*Decision{}, Viewers: map[StatementID]*Listing{}, Glass: map[GlassID]*Glass{},
		Stops: map[StatementID]*Stop{}, Authorised: map[StatementID]*Authorisation{}, Holds: map[StatementID]*Hold{},
		Released: map[StatementID]StatementID{}, Requests: map[StatementID]*LegalRequest{}, Cases: map[StatementID]*CaseState{}, Summaries: map[StatementID]*Summary{},
		Appraisals: map[StatementID]*Appraisal{}, Marks: map[StatementID]*Mark{},
	}
	f.Team[by.Staff] = &TeamMember{Staff: by.Staff, Added: []Grant{{Statement: s.ID, Knew: knew(s)}}}
	f.wrap(Wrap{s.ID, by.Staff, KeyName(b.Recipient), KeyName(o.Staff[by.Staff].Recipient)})
	f.Head, f.Count = NextHead(Digest{}, Control, s.ID, o.Head), 1
	return f, Changes{Joined: []StaffID{by.Staff}}, nil
}

// Apply folds one statement, accepted at the given time under this organisation,
// into the family. On error the state is as it was.
//
// What Apply asks of the family only ever becomes more true: that a person, an
// approval or a clip exists, that the author was once put on the team. Whether a
// permission is in force is a question put to the folded state, where every
// restriction counts whenever it arrived. That is why folding commutes.
// Whether the author is on the team today is asked once, by authz, at the server.
func (f *Family) Apply(o *Org, s Statement, at Micros) (Changes, error) {
	row, err := possible(s, RecordID(f.ID))
	if err != nil {
		return Changes{}, err
	}
	if row.Family == nil {
		return Changes{}, notPossible("%s does not belong in a family's record", s.Kind)
	}
	by, err := o.Author(s, at)
	if err != nil {
		return Changes{}, err
	}
	changes, err := row.Family(f, o, s, by, at)
	if err != nil {
		return Changes{}, err
	}
	f.Head, f.Count = NextHead(f.Head, row.Class, s.ID, o.Head), f.Count+1
	return changes, nil
}

// NextHead chains a statement into its record: SHA-256("attune/record/v1" ‖ head
// before ‖ class, one byte ‖ statement id ‖ organisation head it was judged
// under). The head before the first statement is zero.
//
// Source: DESIGN §3.
func NextHead(prev Digest, class Class, id StatementID, orgHead Digest) Digest {
	const label = "attune/record/v1"
	b := make([]byte, 0, len(label)+3*sha256.Size+1)
	b = append(b, label...)
	b = append(b, prev[:]...)
	b = append(b, byte(class))
	b = append(b, id[:]...)
	b = append(b, orgHead[:]...)
	return sha256.Sum256(b)
}

// possible checks what holds for every statement, whatever its kind.
func possible(s Statement, record RecordID) (Row, error) {
	row, ok := RowOf(s.Kind)
	if !ok {
		return Row{}, notPossible("%q is not a kind of statement; update this program", s.Kind)
	}
	if s.Record != record {
		return Row{}, notPossible("it was made for another record")
	}
	return row, checkStatement(s)
}

func opening[B any](s Statement, kind Kind) (B, error) {
	b, err := said[B](s)
	if err == nil && (s.Kind != kind || !s.Record.IsZero()) {
		err = notPossible("a record begins with %s, made for no record", kind)
	}
	if err == nil {
		err = checkStatement(s)
	}
	return b, err
}

func checkStatement(s Statement) error {
	var c checks
	named(&c, "the statement's id", s.ID)
	c.instant("the author's time", s.At)
	distinct(&c, "deps", s.Deps, 0, MaxDeps)
	if c.err == nil && s.Body == nil {
		c.that(false, "the statement says nothing")
	}
	if c.err == nil {
		c.err = s.Body.Check()
	}
	if c.err != nil {
		return notPossible("%s: %v", s.Kind, c.err)
	}
	return nil
}

// knew copies what the author named as known; never nil, so that stored state
// has one form.
func knew(s Statement) []StatementID { return append([]StatementID{}, s.Deps...) }
