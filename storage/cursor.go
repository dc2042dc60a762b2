package storage

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

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
}

// openCursor reads a cursor that sealCursor made for the same person. One of
// another history starts anew: the restored database cannot know what was
// delivered from the old one.
func (d *door) openCursor(v *rows.View, staff policies.StaffID, cursor string) (position, error) {
	_, history, err := v.Authority()
	if err != nil {
		return position{}, err
	}
	fresh := position{History: history, Done: -1, Head: -1, Index: -1}
	if cursor == "" {
		return fresh, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < sha256.Size {
		return position{}, ErrCursor
	}
	body, tag := b[sha256.Size:], b[:sha256.Size]
	want, err := cursorTag(v, staff, body)
	if err != nil {
		return position{}, err
	}
	if !hmac.Equal(tag, want) {
		return position{}, ErrCursor
	}
	var p position
	if err := json.Unmarshal(body, &p); err != nil {
		return position{}, ErrCursor
	}
	if p.History != history {
		return fresh, nil
	}
	return p, nil
}

func (d *door) sealCursor(v *rows.View, staff policies.StaffID, p position) (string, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	tag, err := cursorTag(v, staff, body)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(tag, body...)), nil
}

func cursorTag(v *rows.View, staff policies.StaffID, body []byte) ([]byte, error) {
	secret, err := v.CursorKey()
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, secret[:], nil, "attune/cursor/v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(staff[:])
	mac.Write(body)
	return mac.Sum(nil), nil
}
