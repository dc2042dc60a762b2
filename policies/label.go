package policies

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// NameLabel is the attachment "label" of staff.invite: sixteen random bytes, then
// the name in UTF-8. The statement keeps the label's digest for ever; without the
// random bytes a deleted name could be found again by trying names.
func NameLabel(salt Bytes16, name string) []byte { return append(salt[:], name...) }

// LabelName is the name in a label, "" when there is none that can be shown beside
// other rows: too short, not text, or with line breaks and the like.
func LabelName(label []byte) string {
	if len(label) <= len(Bytes16{}) {
		return ""
	}
	name := string(label[len(Bytes16{}):])
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}
