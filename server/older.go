package server

import (
	"slices"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// What version 0 says otherwise than version 1. Each type is whole and is never
// changed again: a member that the newest version gains must not reach a program that
// refuses what it does not know. What is not here is the same in both.
//
// Source: client-sdk/PROTOCOL.md, Versions; vectors in client-sdk/vectors/v0.

type pushReplyV0 struct {
	Results []resultV0 `json:"results"`
	Proven  provenV0   `json:"proven"`
}

type resultV0 struct {
	ID      policies.StatementID `json:"id"`
	Status  wire.Status          `json:"status"` // accepted, duplicate, refused
	Code    wire.Code            `json:"code"`
	Message string               `json:"message"`
	Retry   wire.Retry           `json:"retry"`
	Rules   []string             `json:"rules"`
	Receipt *receiptV0           `json:"receipt,omitzero"`
}

type receiptV0 struct {
	Place placeV0           `json:"place"`
	Leaf  string            `json:"leaf"`
	Proof []policies.Digest `json:"proof"`
}

type placeV0 struct {
	Record   policies.RecordID `json:"record"`
	Position int64             `json:"position"`
	Class    policies.Class    `json:"class"`
	Head     policies.Digest   `json:"head"`
	OrgHead  policies.Digest   `json:"org_head"`
	At       policies.Micros   `json:"at"`
	Index    int64             `json:"index"`
}

type provenV0 struct {
	Checkpoint  string            `json:"checkpoint"`
	Consistency []policies.Digest `json:"consistency"`
	Time        policies.Micros   `json:"time"`
}

type pullReplyV0 struct {
	Items  []itemV0 `json:"items"`
	Cursor string   `json:"cursor"`
	More   bool     `json:"more"`
	Proven provenV0 `json:"proven"`
}

type endingsReplyV0 struct {
	Items []itemV0        `json:"items"`
	Time  policies.Micros `json:"time"`
}

type itemV0 struct {
	Kind        wire.ItemKind        `json:"kind"` // statement, attached, reset_scope, drop_scope
	Place       placeV0              `json:"place"`
	ID          policies.StatementID `json:"id"`
	Statement   string               `json:"statement"`
	Attachments []wire.Attachment    `json:"attachments"`
}

type logPageV0 struct {
	Rows   []wire.LogRow `json:"rows"`
	Next   int64         `json:"next"`
	Proven provenV0      `json:"proven"`
}

type exportLineV0 struct {
	Start *exportStartV0  `json:"start,omitzero"`
	Row   *wire.LogRow    `json:"row,omitzero"`
	End   *wire.ExportEnd `json:"end,omitzero"`
}

type exportStartV0 struct {
	Part   bool     `json:"part"`
	Proven provenV0 `json:"proven"`
}

// older writes a reply of this program in an older version.
func older(version int, v any) any {
	if version >= wire.Protocol {
		return v
	}
	switch m := v.(type) {
	case wire.PushReply:
		out := pushReplyV0{Results: make([]resultV0, len(m.Results)), Proven: toProvenV0(m.Proven)}
		for i, r := range m.Results {
			out.Results[i] = toResultV0(r)
		}
		return out
	case wire.PullReply:
		return pullReplyV0{Items: toItemsV0(m.Items), Cursor: m.Cursor, More: m.More, Proven: toProvenV0(m.Proven)}
	case wire.EndingsReply:
		return endingsReplyV0{Items: toItemsV0(m.Items), Time: m.Time}
	case wire.LogPage:
		return logPageV0{Rows: m.Rows, Next: m.Next, Proven: toProvenV0(m.Proven)}
	case wire.ExportLine:
		out := exportLineV0{Row: m.Row, End: m.End}
		if m.Start != nil {
			out.Start = &exportStartV0{Part: m.Start.Part, Proven: toProvenV0(m.Start.Proven)}
		}
		return out
	}
	return v
}

// toResultV0: version 0 knows three outcomes, and all are final. Of what waits for
// something to arrive it says what a refusal for that reason says; where it is accepted
// in the end, the feed brings it, and it leaves the list of what needs attention.
func toResultV0(r wire.Result) resultV0 {
	out := resultV0{ID: r.ID, Status: r.Status, Code: r.Code, Message: r.Message, Retry: r.Retry, Rules: r.Rules}
	if out.Rules == nil {
		out.Rules = []string{}
	}
	if !slices.Contains([]wire.Status{wire.Accepted, wire.Duplicate, wire.Refused}, r.Status) {
		e := wire.EntryOf(wire.CodeMissing)
		out.Status, out.Code, out.Message, out.Retry = wire.Refused, wire.CodeMissing, e.Message, wire.RetryAfterSync
		return out
	}
	if r.Receipt != nil {
		out.Receipt = &receiptV0{Place: placeV0(r.Receipt.Place), Leaf: r.Receipt.Leaf, Proof: r.Receipt.Proof}
	}
	return out
}

// toItemsV0 leaves out the kinds that version 0 does not know. None of them holds
// anything that is not in a statement as well.
func toItemsV0(items []wire.Item) []itemV0 {
	out := []itemV0{}
	for _, i := range items {
		switch i.Kind {
		case wire.ItemStatement, wire.ItemAttached, wire.ItemResetScope, wire.ItemDropScope:
			out = append(out, itemV0{Kind: i.Kind, Place: placeV0(i.Place), ID: i.ID, Statement: i.Statement, Attachments: i.Attachments})
		}
	}
	return out
}

func toProvenV0(p wire.Proven) provenV0 {
	return provenV0{Checkpoint: p.Checkpoint, Consistency: p.Consistency, Time: p.Time}
}
