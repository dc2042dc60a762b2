package wire

import "github.com/attune-vf/attune/policies"

// LogRow is one event of the access log, with what its pseudonyms stand for as
// far as that has not been deleted.
type LogRow struct {
	Index  int64             `json:"index"`
	Leaf   string            `json:"leaf"`
	Hash   policies.Digest   `json:"hash"` // RFC 6962 leaf hash, as stored beside the row
	Who    string            `json:"who"`  // "practitioner Sam Reed"; "" in a verify page
	Family string            `json:"family"`
	Object string            `json:"object"`
	Detail string            `json:"detail"`
	Salt   policies.Bytes16  `json:"salt,omitzero"`  // of an export: the leaf commits to SHA-256(salt ‖ detail)
	Proof  []policies.Digest `json:"proof,omitzero"` // of an export in part: from the leaf to its checkpoint
}

// LogPage is a page of the access log.
type LogPage struct {
	Rows   []LogRow `json:"rows"`
	Next   int64    `json:"next"` // index to ask from for more; -1 at the end
	Proven Proven   `json:"proven"`
}

// MaxLogRows is the most rows of a page.
const MaxLogRows = 1000

// ExportLine is one line of GET /v1/log/export. The first is a Start, the last an
// End, and every line between a Row: an answer without an End was cut off.
type ExportLine struct {
	Start *ExportStart `json:"start,omitzero"`
	Row   *LogRow      `json:"row,omitzero"`
	End   *ExportEnd   `json:"end,omitzero"`
}

// ExportStart says what an export stands on.
type ExportStart struct {
	Part   bool   `json:"part"` // some events only, each with a proof
	Proven Proven `json:"proven"`
}

// ExportEnd ends an export.
type ExportEnd struct {
	Rows int64 `json:"rows"`
}

// MaxExportLine bounds a line: a leaf at its longest as a JSON string, and the rest.
const MaxExportLine = 512 << 10
