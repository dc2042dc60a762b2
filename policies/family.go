package policies

// Family is the folded state of one family's record.
type Family struct {
	ID    FamilyID `json:"id"`
	Head  Digest   `json:"head"`
	Count int64    `json:"count"`

	Reference string    `json:"reference"` // the case-system number, never a name
	Programme Programme `json:"programme"`
	Recipient string    `json:"recipient"` // the public half of the family's key in force, age1pq1…

	First string                `json:"first"` // that of its first key; "" while there is no other
	Turns map[StatementID]*Turn `json:"turns"` // by their key.turn
	Wraps []Wrap                `json:"wraps"` // every envelope with a key of the family

	Covers     map[StatementID]*Cover    `json:"covers"`     // by their cover.authorise
	Recoveries map[StatementID]*Recovery `json:"recoveries"` // by their recovery.use

	Team      map[StaffID]*TeamMember  `json:"team"`
	People    map[PersonID]*Person     `json:"people"`
	Approvals map[ApprovalID]*Approval `json:"approvals"`
	Consents  map[ConsentID]*Consent   `json:"consents"`
	Sessions  map[SessionID]*Session   `json:"sessions"`
	Clips     map[ClipID]*Clip         `json:"clips"`
	Links     map[LinkID]*Link         `json:"links"`

	// Restrictions by what they restrict. A permission is in force only if it
	// names every restriction on its subject in its deps, whatever arrived first.
	Restrictions map[Subject][]StatementID `json:"restrictions"`

	// Withdrawn is the day of each consent.withdraw and consent.suspend. A form
	// signed before that day does not answer it, even when typed in afterwards by
	// someone who knew.
	Withdrawn map[StatementID]string `json:"withdrawn"`

	// Suspended is what carers asked for on the page of their link.
	Suspended map[StatementID]*Suspension `json:"suspended"`

	// Leaked are the links that the server revoked, by its link.revoke: that their
	// secret was sent to it is the only reason that it has.
	Leaked map[StatementID]LinkID `json:"leaked"`

	// Gone is when a device last said that it has nothing of this family any more.
	Gone map[DeviceID]Micros `json:"gone"`

	// Objections are the consent.object among the restrictions on people.
	Objections map[StatementID]*Objection `json:"objections"`

	// Decisions is what heads of service decided, by the objection, clip or withdrawal.
	Decisions map[StatementID]*Decision `json:"decisions"`

	// What stands between film and its destruction: see hold.go and disposal.go.
	Stops      map[StatementID]*Stop          `json:"stops"`
	Authorised map[StatementID]*Authorisation `json:"authorised"`
	Holds      map[StatementID]*Hold          `json:"holds"`
	Released   map[StatementID]StatementID    `json:"released"` // hold -> hold.release
	Requests   map[StatementID]*LegalRequest  `json:"requests"`
	Cases      map[StatementID]*CaseState     `json:"cases"`
	Closed     *Closing                       `json:"closed"` // nil while the work goes on
	Summaries  map[StatementID]*Summary       `json:"summaries"`

	// What becomes of film whose time is over: see appraisal.go and mark.go.
	Appraisals map[StatementID]*Appraisal `json:"appraisals"`
	Marks      map[StatementID]*Mark      `json:"marks"`

	// Viewers is the viewer list, by its viewer.add.
	Viewers map[StatementID]*Listing `json:"viewers"`

	// Glass is film that was opened against somebody's will, by its breakglass.open.
	Glass map[GlassID]*Glass `json:"glass"`
}

// TeamMember is a practitioner of the family's team.
type TeamMember struct {
	Staff StaffID `json:"staff"`
	// Added lists each team.add (or the family.open) with the restrictions that it
	// knew; one that names every removal is enough to be on the team.
	Added []Grant `json:"added"`
}

// Grant is a permission with the statements its author named as known.
type Grant struct {
	Statement StatementID   `json:"statement"`
	Knew      []StatementID `json:"knew"`
}

// Person is somebody who is, or may be, in a family's film.
type Person struct {
	ID      PersonID         `json:"id"`
	Role    FilmRole         `json:"role"`
	Basis   Basis            `json:"basis"` // who decides about this person's image, as far as known
	Born    string           `json:"born"`  // "2024-03", or "" for adults
	Contact Contact          `json:"contact"`
	Review  CompetenceReview `json:"review"` // the last of whether a young person decides; zero while there is none

	Set  PersonChanges `json:"set"`
	Safe []Grant       `json:"safe"` // each change that said that a link is safe, with what it knew
	Shut Contact       `json:"shut"` // the last change that said otherwise; "" for none
}

// FamilyOpen is the body of family.open. Its author is the first of the team.
// Loose attachments: "key/<staff>", and "recovery/ab|ac|bc".
//
// Source: UK GDPR Art 5(1)(c): a reference of the case system, never a name.
type FamilyOpen struct {
	Reference string    `json:"reference"`
	Programme Programme `json:"programme"`
	Recipient string    `json:"recipient"`
}

// PersonAdd is the body of person.add. The attachment "label" is what the family
// calls this person ("Mum"), sealed to the family key.
type PersonAdd struct {
	Role    FilmRole     `json:"role"`
	Basis   Basis        `json:"basis"`
	Born    string       `json:"born"`
	Contact Contact      `json:"contact"`
	Fixed   []Attachment `json:"attachments"`
}

// TeamAdd is the body of team.add. Loose attachment: "key/<staff>", the family
// key wrapped to that person. Key is which key that is, and To the recipient that it
// is wrapped to; both are zero when none was wrapped.
type TeamAdd struct {
	Staff StaffID `json:"staff"`
	Key   Digest  `json:"key"`
	To    Digest  `json:"to"`
}

// TeamRemove is the body of team.remove, a restriction.
type TeamRemove struct {
	Staff StaffID `json:"staff"`
}

// Session is one VIG cycle or VIPP-SD visit.
type Session struct {
	ID      SessionID `json:"id"`
	On      string    `json:"on"` // "2026-11-20"
	Number  int       `json:"number"`
	Refused bool      `json:"refused"` // somebody said no to being filmed that day
}

// SessionLog is the body of session.log. The attachment "note" is sealed to the
// family key and its author.
type SessionLog struct {
	On         string       `json:"on"`
	Number     int          `json:"number"`
	StillHappy bool         `json:"still_happy"` // "still happy to be filmed today?" was asked and answered yes
	Refused    bool         `json:"refused"`     // was asked, and somebody said no; neither: it was not asked
	Fixed      []Attachment `json:"attachments"`
}
