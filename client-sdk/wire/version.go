package wire

import (
	"strconv"

	"github.com/attune-vf/attune/policies"
)

// Versions of the protocol. A major version changes what a program of the one before
// could not read. Statements are not in it: their format has a version of its own.
const (
	Protocol = 1 // that this program speaks
	Oldest   = 0 // that a server of this program still answers

	// Core is the version of what every server answers for good, whatever range it
	// serves: GET /v1/protocol, POST /v1/restrictions, GET /v1/sync/endings, and
	// error bodies. A program that is too old for everything else can still stop
	// something, and is still told what it must forget.
	Core = 0

	maxProtocol = 9999 // four digits
)

// ProtocolHeader names the version of a request, and that of its reply. A request
// without it is answered in the newest version of the server: what a person asks with
// a tool at hand.
const ProtocolHeader = "Attune-Protocol"

// ProtocolRange answers GET /v1/protocol: the versions that a server answers.
type ProtocolRange struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// Holds reports whether a version is in the range.
func (r ProtocolRange) Holds(version int) bool { return version >= r.Min && version <= r.Max }

// ParseVersion reads the value of [ProtocolHeader]: digits, without sign or leading
// zero, at most four.
func ParseVersion(s string) (version int, ok bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxProtocol || strconv.Itoa(n) != s {
		return 0, false
	}
	return n, true
}

// EndingsReply answers GET /v1/sync/endings: the drop_scope items alone that a device
// has still to obey, and the server's time. It has no cursor and no proof: each item is
// justified by the statement in it, or by a date that has passed.
type EndingsReply struct {
	Items []Item          `json:"items"`
	Time  policies.Micros `json:"time"`
}
