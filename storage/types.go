package storage

import (
	"crypto/rand"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
)

// Hash is a hash of the log's tree.
type Hash = accesslog.Hash

// Sealed is a statement as it travels: the compact JWS and what lies beside it.
type Sealed struct {
	Statement   []byte
	Attachments []Attachment
}

// Attachment is deletable bytes beside a statement.
type Attachment struct {
	Name string
	Body []byte
}

// Result is what became of one statement, in the order of the batch. Err is nil
// when it was accepted now or before; otherwise one of this package's errors, a
// policies error, or a statement syntax error.
type Result struct {
	ID        policies.StatementID
	Duplicate bool
	Deferred  bool // it waits for something that has not arrived; what becomes of it comes by the feed
	Err       error
	Receipt   *Receipt
}

// Receipt is the evidence of acceptance.
type Receipt struct {
	Place Place
	Leaf  []byte
	Proof []accesslog.Hash // from the leaf to the tree of Proven
}

// Place is where an accepted statement stands.
type Place struct {
	Record   policies.RecordID
	Position int64
	Class    policies.Class
	Head     policies.Digest
	OrgHead  policies.Digest
	At       policies.Micros
	Index    int64
}

// Proven is a signed checkpoint, and its consistency with an older size.
type Proven struct {
	Size        int64
	Checkpoint  string
	Consistency []accesslog.Hash
	Durable     int64 // rows that the last verified backup holds
	Recovering  bool  // the service was put back, and nobody has said that it is whole
}

// ItemKind tells items of the feed apart.
type ItemKind string

// The kinds of item.
const (
	ItemStatement  ItemKind = "statement"
	ItemAttached   ItemKind = "attached"
	ItemResetScope ItemKind = "reset_scope"
	ItemDropScope  ItemKind = "drop_scope"
	ItemOutcome    ItemKind = "outcome"
)

// Item is one change of the feed. Statement is nil where the caller may see only
// that something stands there. Of an ItemAttached, ID is the statement beside which
// the attachments lie, and Place has only Record and Index. An ItemOutcome says what became
// of a statement of the caller's that had waited; of Place it has only Index.
type Item struct {
	Kind        ItemKind
	ID          policies.StatementID
	Place       Place
	Statement   []byte
	Attachments []Attachment
	Err         error // of an ItemOutcome: why it was refused; nil when it was accepted
}

// Page is a page of the feed.
type Page struct {
	Items    []Item
	Receipts []Receipt // of each record in the page: its last statement that the caller can read, as far as the page goes
	Cursor   string
	More     bool
	Proven   Proven
	Withheld int // records that a rule held back although the tables let them through
}

// Upload is a resumable upload of one clip's payload.
type Upload struct {
	ID      UploadID
	Clip    policies.ClipID
	Offset  int64 // durable bytes; never Length before the payload is committed
	Length  int64
	Expires policies.Micros
	Stored  bool
}

// UploadID names an upload: 32 random bytes.
type UploadID = policies.Digest

// ViewingID names a viewing: 32 random bytes, known only to whom it was given.
type ViewingID = policies.Digest

// ViewRequest asks to watch, or to keep a copy.
type ViewRequest struct {
	Clip    policies.ClipID
	Purpose policies.Purpose
	Copy    bool
	Reason  string
}

// Opened is what a carer's page receives once auth and PIN were right.
type Opened struct {
	Session policies.Digest
	Link    policies.Link
	Clip    policies.Clip
	Sealed  []byte
	Viewers []Viewer
}

// Viewer is one line of "who can watch".
type Viewer struct {
	Role  string
	Until policies.Micros // zero: while the consent lasts
}

// LogQuery narrows a search; zero fields match everything.
type LogQuery struct {
	From    int64 // index to start at
	Limit   int
	Family  string // reference, or the record's ID
	Person  policies.StaffID
	Object  policies.StatementID // a clip, a link, a statement: events about it, and those of the link's carer
	Action  string
	Outcome string
	Rule    string
	Since   policies.Micros
	Until   policies.Micros // the first instant after
}

// LogRow is one event with what its pseudonyms stand for.
type LogRow struct {
	Index  int64
	Leaf   []byte
	Hash   accesslog.Hash
	Who    string
	Family string
	Object string
	Detail string
	Salt   []byte           // with Detail, what the leaf commits to; of an export
	Proof  []accesslog.Hash // to the export's tree; of an export in part
}

// newToken is 32 random bytes for something that only its holder may name.
func newToken() policies.Digest {
	var b policies.Digest
	rand.Read(b[:])
	return b
}
