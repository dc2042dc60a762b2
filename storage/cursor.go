package storage

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// position is what a cursor holds: all changes up to Done were delivered; while a
// window is open, Head is its pinned end, and Record and Index are how far it got.
type position struct {
	History string `json:"h"`
	Done    int64  `json:"d"`
	Head    int64  `json:"e"` // -1 between windows
	Record  string `json:"r"`
	Index   int64  `json:"i"`

	// Over: in this window somebody's date was seen to have passed, and what that ends is
	// told in the next. Never are the records, by the beginnings of their ids, of which
	// nothing had been delivered then: at their drop there is nothing to go on from. Next
	// becomes Never when the window ends.
	Over  bool     `json:"o,omitzero"`
	Never []string `json:"n,omitempty"`
	Next  []string `json:"x,omitempty"`

	// Missed are the records, in the same way, that a rule held back in an earlier window:
	// they come whole once it lets them through. Held are those of this window, and become
	// Missed when it ends. Full: there are more than fit, or nothing came at all, and the
	// window is to be walked again.
	Missed []string `json:"m,omitempty"`
	Held   []string `json:"b,omitempty"`
	Full   bool     `json:"f,omitzero"`

	// Past is the history that the cursor before was of, and Was its Done, until the first
	// window of this one ends: what ended since has to be told with all that led to it.
	Past string `json:"p,omitempty"`
	Was  int64  `json:"w,omitzero"`
}

// hold notes that a rule held a record back.
func (p *position) hold(name string, whole bool) {
	switch {
	case slices.Contains(p.Held, name):
	case whole || len(p.Held) == maxNever:
		p.Full = true
	default:
		p.Held = append(p.Held, name)
	}
}

// openCursor is where a cursor of this person's stands.
func (d *door) openCursor(v *rows.View, staff policies.StaffID, cursor string) (position, error) {
	s, err := d.cursorSealIn(v)
	if err != nil {
		return position{}, err
	}
	return s.at(staff, cursor)
}

// cursorSeal makes and reads cursors of one history.
type cursorSeal struct {
	history string
	key     []byte
}

func newCursorSeal(v *rows.View) (*cursorSeal, error) {
	_, history, err := v.Authority()
	if err != nil {
		return nil, err
	}
	secret, err := v.CursorKey()
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, secret[:], nil, "attune/cursor/v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	return &cursorSeal{history, key}, nil
}

// fresh is where everybody begins.
func (s *cursorSeal) fresh() position {
	return position{History: s.history, Done: -1, Head: -1, Index: -1}
}

// at is where a cursor stands. One of another history starts anew: the restored
// database does not have all that was delivered from the old one.
func (s *cursorSeal) at(staff policies.StaffID, cursor string) (position, error) {
	if cursor == "" {
		return s.fresh(), nil
	}
	p, err := s.openCursor(staff, cursor)
	if err == nil && p.History != s.history {
		anew := s.fresh()
		anew.Past, anew.Was = p.History, p.Done
		return anew, nil
	}
	return p, err
}

// maxNever bounds each list in a cursor. Nobody's dates end in so many families between
// two syncs; whose do, gets the drops of the others without what led to them.
const maxNever = 8

// maxCursor is above what a position needs, in characters: a longer one is nobody's.
const maxCursor = 1024

// openCursor reads a cursor that seal made for the same person.
func (s *cursorSeal) openCursor(staff policies.StaffID, cursor string) (position, error) {
	var p position
	if len(cursor) > maxCursor {
		return p, ErrCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < sha256.Size {
		return p, ErrCursor
	}
	if body, tag := b[sha256.Size:], b[:sha256.Size]; !hmac.Equal(tag, s.tag(staff, body)) || json.Unmarshal(body, &p) != nil {
		return position{}, ErrCursor
	}
	return p, nil
}

func (s *cursorSeal) seal(staff policies.StaffID, p position) (string, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(s.tag(staff, body), body...)), nil
}

func (s *cursorSeal) tag(staff policies.StaffID, body []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(staff[:])
	mac.Write(body)
	return mac.Sum(nil)
}
