package policies

// Caller is who asks: a person on a certified device, a carer through a share
// link, or the server itself. It is identity only; roles and states are read
// from the records at each request.
type Caller struct {
	Staff   StaffID
	Device  DeviceID
	Link    LinkID // a carer: only after auth and PIN were right
	Server  bool
	Sweeper bool   // the part of the server that tidies up
	Request string // request ID, for the log
	Address string // where the request came from: goes into deletable detail only
}

// Action is what a caller wants to do. Statement kinds are actions of their own.
type Action string

// The actions beside the statement kinds.
const (
	ActPull      Action = "record.pull"    // receive a record's statements
	ActUpload    Action = "clip.upload"    // send a clip's payload
	ActWatch     Action = "clip.watch"     // read a clip's payload to watch it
	ActCopy      Action = "clip.copy"      // keep a decrypted copy: a reasoned act of its own
	ActHeader    Action = "clip.header"    // keep a clip's key that was written for a viewer
	ActOpenLink  Action = "link.open"      // a carer opens a link
	ActStop      Action = "link.stop"      // a carer asks us to stop, on the page of their link
	ActShowLink  Action = "link.show"      // see how a link stands: openings used, PIN paused or locked
	ActSearchLog Action = "log.search"     // read the access log
	ActExportLog Action = "log.export"     // take events away, with their proofs
	ActVerifyLog Action = "log.verify"     // fetch leaves and proofs
	ActReadForm  Action = "consent.read"   // read a sealed consent form
	ActSweep     Action = "sessions.sweep" // remove the rows of what has ended
)

// Actions lists the actions that are not statement kinds.
func Actions() []Action {
	return []Action{ActPull, ActUpload, ActWatch, ActCopy, ActHeader, ActOpenLink, ActStop, ActShowLink, ActSearchLog, ActExportLog, ActVerifyLog, ActReadForm, ActSweep}
}

// Request asks whether something is allowed now.
type Request struct {
	Caller    Caller
	Action    Action
	Statement *Statement // for a statement kind
	Clip      ClipID     // for clip.* and link.*
	Viewer    StaffID    // for clip.header: whose key it is
	ForTeam   bool       // for clip.header: it is the team's, to the family's key in force
	Link      LinkID     // for link.*
	Purpose   Purpose    // for clip.watch and clip.copy
	Now       Micros
}

// Ruling is the answer, with every rule that decided: the permits that apply, or
// the forbids that stand in the way. DEFAULT-DENY means that nobody granted this.
type Ruling struct {
	Allowed bool
	Rules   []string // ids, sorted
	Action  Action
	Bundle  Digest // SHA-256 of the rules that were asked
}

// DefaultDeny is the rule named when no permit applies.
const DefaultDeny = "DEFAULT-DENY"

// ErrorDeny is the rule named when a rule could not be evaluated.
const ErrorDeny = "ERROR-DENY"
