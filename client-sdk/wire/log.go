package wire

import "github.com/attune-vf/attune/policies"

// LogRow is one event of the access log, with what its pseudonyms stand for as
// far as that has not been deleted.
type LogRow struct {
	Index  int64           `json:"index"`
	Leaf   string          `json:"leaf"`
	Hash   policies.Digest `json:"hash"` // RFC 6962 leaf hash, as stored beside the row
	Who    string          `json:"who"`  // "practitioner Sam Reed"; "" in a verify page
	Family string          `json:"family"`
	Object string          `json:"object"`
	Detail string          `json:"detail"`
}

// LogPage is a page of the access log.
type LogPage struct {
	Rows   []LogRow `json:"rows"`
	Next   int64    `json:"next"` // index to ask from for more; -1 at the end
	Proven Proven   `json:"proven"`
}

// MaxLogRows is the most rows of a page.
const MaxLogRows = 1000
