package wire

import "github.com/attune-vf/attune/policies"

// AgainRequest is the body of POST /v1/sync/again: statements that the service had
// accepted before it was put back from a backup, and what proves it.
type AgainRequest struct {
	Statements []Again    `json:"statements"` // in the order of the log
	Evidence   []Evidence `json:"evidence"`
	Checkpoint int64      `json:"checkpoint"` // as of PushRequest
}

// Again is a statement that comes again.
type Again struct {
	Sealed Sealed          `json:"sealed"`
	At     policies.Micros `json:"at"` // when it was accepted
}

// Evidence proves that the service accepted a statement, by a leaf in a signed state of its
// log, and those before it in its record, by the record's chain.
type Evidence struct {
	Record     policies.RecordID `json:"record"`
	Checkpoint string            `json:"checkpoint"` // signed note
	Leaf       string            `json:"leaf"`
	Proof      []policies.Digest `json:"proof"` // from the leaf to the checkpoint
	Links      []Link            `json:"links"` // before the leaf's statement, in order and without gap
}

// Link is a statement as its record's chain has it.
type Link struct {
	ID      policies.StatementID `json:"id"`
	Class   policies.Class       `json:"class"`
	OrgHead policies.Digest      `json:"org_head"`
}

// Limits of a return.
const (
	MaxAgainStatements = 100
	MaxAgainEvidence   = 200
	MaxAgainLinks      = 20_000 // of all evidence together: a family's life, ten times over
)

// HistoryReply answers GET /v1/log/history: the times that the service was put back,
// oldest first, each proved to be the first leaf of its history.
type HistoryReply struct {
	Restored []RestoredStatement `json:"restored"`
	Proven   Proven              `json:"proven"` // consistent with the checkpoint that was asked for
}

// RestoredStatement is a service.restored with its receipt.
type RestoredStatement struct {
	Statement string  `json:"statement"`
	Receipt   Receipt `json:"receipt"`
}
