package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
)

const (
	// Version is the leaf format written here.
	Version = 1

	// MaxLeafBytes is the most that one leaf can hold: entry bundles of C2SP
	// tlog-tiles give each entry a 16-bit length.
	MaxLeafBytes = 1<<16 - 1

	// maxInteger keeps numbers exact in every JSON reader (2^53 - 1).
	maxInteger = 1<<53 - 1
)

// ErrLeaf is wrapped by every refusal of [Decode].
var ErrLeaf = errors.New("not a canonical leaf")

// Outcomes of an event.
const (
	Allowed = "allowed" // a rule permitted an access
	Denied  = "denied"  // a rule forbade it
	Done    = "done"    // something took effect
	Refused = "refused" // something was impossible, so no rule was asked

	Deferred = "deferred" // something waits for what it rests on; another event says what became of it
)

// Event is one leaf. Its encoding is canonical JSON with members in the order of
// the fields; one line of an export is exactly the bytes that were hashed.
// Strings hold codes and ids, never names: detail lives outside, behind
// Commitment, where it can be deleted.
type Event struct {
	Version int       `json:"v"`    // 1; 0 is encoded as 1
	Index   int64     `json:"n"`    // place in the tree, from 0 without gaps
	At      int64     `json:"t"`    // microseconds since 1970, UTC
	Action  string    `json:"act"`  // such as "clip.view"
	Outcome string    `json:"out"`  // allowed, denied, done, refused or deferred
	Subject Pseudonym `json:"sub"`  // who acted
	Family  Pseudonym `json:"fam"`  // whose record it was
	Object  Pseudonym `json:"obj"`  // what it touched
	Rules   []string  `json:"rule"` // ids of the deciding rules, ascending, each once
	Bundle  string    `json:"bun"`  // SHA-256 of the policy bundle, base64url, or ""
	// Accepted is present only when the event accepts a statement.
	Accepted   *Acceptance `json:"acc,omitzero"`
	Range      string      `json:"rng"`   // such as "eighth 3" or "bytes 1048576"
	Request    string      `json:"req"`   // request id
	Nonce      Nonce       `json:"nonce"` // 16 random bytes
	Commitment Digest      `json:"c"`     // SHA-256(second nonce ‖ detail)
}

// Acceptance ties a statement to its place in its record, so that one checkpoint
// of the log commits to the heads of all records.
type Acceptance struct {
	Statement Digest `json:"stm"`  // statement id
	Class     int    `json:"cls"`  // the class byte hashed into the head, 0 to 255
	Position  int64  `json:"pos"`  // n of head_n, from 1
	Head      Digest `json:"head"` // head_n of the record
	OrgHead   Digest `json:"org"`  // organisation head it was judged under
}

// Encode returns the canonical leaf bytes, at most [MaxLeafBytes]. It refuses an
// event that [Decode] would refuse.
func (e Event) Encode() ([]byte, error) {
	if e.Version == 0 {
		e.Version = Version
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("encode event %d: %w", e.Index, err)
	}
	leaf, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event %d: %w", e.Index, err)
	}
	if len(leaf) > MaxLeafBytes {
		return nil, fmt.Errorf("encode event %d: %d bytes, at most %d", e.Index, len(leaf), MaxLeafBytes)
	}
	return leaf, nil
}

// Decode reads a leaf and refuses, wrapping [ErrLeaf], whatever [Event.Encode]
// would not have written: unknown, duplicate, missing or reordered members,
// null, spaces, other escapes, other base64.
//
// The comparison with the re-encoding is what makes two different leaves two
// different events; the checks before it only say more plainly what is wrong.
func Decode(leaf []byte) (Event, error) {
	if len(leaf) > MaxLeafBytes {
		return Event{}, fmt.Errorf("%w: %d bytes, at most %d", ErrLeaf, len(leaf), MaxLeafBytes)
	}
	var e Event
	if err := json.Unmarshal(leaf, &e, json.RejectUnknownMembers(true)); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrLeaf, err)
	}
	if e.Version != Version {
		return Event{}, fmt.Errorf("%w: version %d", ErrLeaf, e.Version)
	}
	again, err := e.Encode()
	if err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrLeaf, err)
	}
	if !bytes.Equal(again, leaf) {
		return Event{}, fmt.Errorf("%w: differs from its own re-encoding", ErrLeaf)
	}
	return e, nil
}

func (e Event) check() error {
	switch {
	case e.Version != Version:
		return fmt.Errorf("version %d", e.Version)
	case e.Index < 0 || e.Index > maxInteger:
		return fmt.Errorf("index %d out of range", e.Index)
	case e.At < 0 || e.At > maxInteger:
		return fmt.Errorf("time %d out of range", e.At)
	case e.Action == "":
		return errors.New("no action")
	case e.Outcome != Allowed && e.Outcome != Denied && e.Outcome != Done && e.Outcome != Refused && e.Outcome != Deferred:
		return fmt.Errorf("outcome %q", e.Outcome)
	case zero(e.Nonce[:]):
		return errors.New("no nonce")
	}
	for i, rule := range e.Rules {
		if rule == "" || i > 0 && rule <= e.Rules[i-1] {
			return fmt.Errorf("rules %q are not ascending ids, each once", e.Rules)
		}
	}
	var bundle Digest
	if err := bundle.UnmarshalText([]byte(e.Bundle)); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return e.Accepted.check()
}

func (a *Acceptance) check() error {
	switch {
	case a == nil:
		return nil
	case a.Class < 0 || a.Class > 255:
		return fmt.Errorf("class %d is not a byte", a.Class)
	case a.Position < 1 || a.Position > maxInteger:
		return fmt.Errorf("position %d out of range", a.Position)
	case zero(a.Statement[:]) || zero(a.Head[:]):
		return errors.New("accepted without statement or head")
	}
	return nil
}

// SortRules returns ids ascending and each once, as an event wants them.
func SortRules(ids []string) []string {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
