package wire

import "github.com/attune-vf/attune/policies"

// Limits of sync.
const (
	MaxPushStatements = 200      // one transaction's worth; a practitioner's week is below it
	MaxPushBytes      = 12 << 20 // one largest attachment (8 MiB in base64) and its statements
	MaxPullItems      = 1000     // each page is an event of its own, durable before its bytes; 4 MiB end it sooner
	MaxNoticeWait     = 25       // seconds: proxies and mobile networks forget a silent connection after 30
	MaxRequestBytes   = 64 << 10 // any other request
)

// Sealed is a statement with the attachments that travel with it.
type Sealed struct {
	Statement   string       `json:"statement"` // compact JWS
	Attachments []Attachment `json:"attachments"`
}

// Attachment is bytes beside a statement; base64 (standard) in JSON.
type Attachment struct {
	Name string `json:"name"`
	Body []byte `json:"body"`
}

// PushRequest is the body of POST /v1/sync/push and of POST /v1/join.
type PushRequest struct {
	Statements []Sealed `json:"statements"`
	Checkpoint int64    `json:"checkpoint"` // size of the last checkpoint the device holds; 0 for none

	// Acknowledged are statements whose refusal the device has kept, at most
	// MaxPushStatements: the server forgets its answer.
	Acknowledged []policies.StatementID `json:"acknowledged"`
}

// Status is what became of one statement.
type Status string

// The statuses. All are final but Deferred, whose outcome comes by the feed.
const (
	Accepted  Status = "accepted"
	Duplicate Status = "duplicate"
	Refused   Status = "refused"
	Deferred  Status = "deferred" // it rests on something that has not arrived, and waits for it
)

// Retry says when pushing a refused act again, as a new statement, could help.
type Retry string

// The retries.
const (
	RetryNever     Retry = "never"
	RetryAfterSync Retry = "after_sync"
)

// Result is what became of one statement of a push, in the order of the push.
type Result struct {
	ID      policies.StatementID `json:"id"`
	Status  Status               `json:"status"`
	Code    Code                 `json:"code"`    // "" unless refused
	Message string               `json:"message"` // one plain sentence
	Retry   Retry                `json:"retry"`
	Rules   []string             `json:"rules"`
	Receipt *Receipt             `json:"receipt,omitzero"` // unless refused
}

// Receipt proves acceptance: the leaf carries the record's head, the proof leads
// from the leaf to the reply's checkpoint, and the checkpoint is signed.
type Receipt struct {
	Place Place             `json:"place"`
	Leaf  string            `json:"leaf"` // the exact leaf bytes, which are JSON text
	Proof []policies.Digest `json:"proof"`
}

// Place is where a statement stands: in its record, and in the log.
type Place struct {
	Record   policies.RecordID `json:"record"`
	Position int64             `json:"position"` // 1 for the first of a record
	Class    policies.Class    `json:"class"`
	Head     policies.Digest   `json:"head"`     // of the record, after it
	OrgHead  policies.Digest   `json:"org_head"` // that it was judged under
	At       policies.Micros   `json:"at"`       // time of acceptance
	Index    int64             `json:"index"`    // of its leaf
}

// Proven is the signed state of the log that every reply of sync carries.
type Proven struct {
	Checkpoint  string            `json:"checkpoint"`          // signed note
	Consistency []policies.Digest `json:"consistency"`         // from the device's last checkpoint
	Time        policies.Micros   `json:"time"`                // of the server
	Durable     int64             `json:"durable,omitzero"`    // rows of the log that the last verified backup holds
	Recovering  bool              `json:"recovering,omitzero"` // the service was put back from a backup: no film yet
}

// PushReply answers a push.
type PushReply struct {
	Results []Result `json:"results"`
	Proven  Proven   `json:"proven"`
}

// ItemKind is the kind of an item of the feed.
type ItemKind string

// The kinds of item.
const (
	ItemStatement  ItemKind = "statement"   // a statement, or its digest where the caller may not see the content
	ItemAttached   ItemKind = "attached"    // attachments that came after their statement, which the caller has
	ItemResetScope ItemKind = "reset_scope" // forget this record's mirror; all of it follows
	ItemDropScope  ItemKind = "drop_scope"  // access ended, by the statement that it carries: delete what you hold of it
	ItemOutcome    ItemKind = "outcome"     // what became of a statement of this person's that had waited
)

// Item is one change for one caller.
type Item struct {
	Kind        ItemKind             `json:"kind"`
	Place       Place                `json:"place"`
	ID          policies.StatementID `json:"id"`
	Statement   string               `json:"statement"` // "" where only the digest may be seen
	Attachments []Attachment         `json:"attachments"`
	Outcome     *Outcome             `json:"outcome,omitzero"` // of an ItemOutcome
}

// Outcome is what became of a statement that had waited: accepted or refused.
type Outcome struct {
	Status  Status   `json:"status"`
	Code    Code     `json:"code"` // "" unless refused
	Message string   `json:"message"`
	Retry   Retry    `json:"retry"`
	Rules   []string `json:"rules"`
}

// PullReply is a page of the feed.
type PullReply struct {
	Items    []Item    `json:"items"`
	Receipts []Receipt `json:"receipts"` // of each record that has statements here: the last that the caller can read
	Cursor   string    `json:"cursor"`   // opaque; send it back as it is
	More     bool      `json:"more"`
	Proven   Proven    `json:"proven"`
}

// Notice says that there is something to pull, and not what: the number of the newest
// change of what the caller receives.
type Notice struct {
	Head int64 `json:"head"`
}
