package policies

import "strings"

// The fixed attachments of each body, by digest.

// Attachments implements [Attached].
func (b StaffInvite) Attachments() []Attachment { return b.Fixed }

// PackFile is the attachment of policy.adopt that holds the pack's file.
const PackFile = "pack"

// Attachments implements [Attached].
func (b PolicyAdopt) Attachments() []Attachment {
	return []Attachment{{Name: PackFile, SHA256: b.SHA256, Bytes: b.Bytes}}
}

// Attachments implements [Attached].
func (b PersonAdd) Attachments() []Attachment { return b.Fixed }

// Attachments implements [Attached].
func (b ConsentSign) Attachments() []Attachment { return b.Fixed }

// Attachments implements [Attached].
func (b SessionLog) Attachments() []Attachment { return b.Fixed }

// Attachments implements [Attached].
func (b KeyTurn) Attachments() []Attachment { return b.Fixed }

// Attachments implements [Attached].
func (b ClipAdd) Attachments() []Attachment { return b.Fixed }

// Attachments implements [Attached].
func (b BreakglassOpen) Attachments() []Attachment { return b.Fixed }

// Attachments implements [Attached].
func (b EquipmentAdd) Attachments() []Attachment { return b.Fixed }

// LooseAttachment reports whether an attachment of this name may be added to a
// statement of this kind after it was made: wrapped keys, headers, a link's
// sealed parts. What such bytes must match stands in the statement's body.
func LooseAttachment(kind Kind, name string) bool {
	for _, l := range loose {
		rest, ok := strings.CutPrefix(name, l.name)
		if l.kind != kind || !ok {
			continue
		}
		if !strings.HasSuffix(l.name, "/") {
			return rest == ""
		}
		id, err := ParseID[digest](rest)
		return err == nil && !id.IsZero()
	}
	return false
}

// loose is a constant: the names, or with a trailing slash the prefix before an
// identifier. "key/" is followed by the person, "header/" by the SHA-256 of the
// recipient.
var loose = []struct {
	kind Kind
	name string
}{
	{KindFamilyOpen, "key/"},
	{KindFamilyOpen, "recovery/ab"}, {KindFamilyOpen, "recovery/ac"}, {KindFamilyOpen, "recovery/bc"},
	{"team.add", "key/"},
	{"key.turn", "key/"}, {"key.turn", "recovery/ab"}, {"key.turn", "recovery/ac"}, {"key.turn", "recovery/bc"},
	{"key.wrap", "key/"},
	{"recovery.use", "recovery/ab"}, {"recovery.use", "recovery/ac"}, {"recovery.use", "recovery/bc"},
	{"recovery.restore", "key/"},
	{"clip.add", "header/"},
	{"link.create", "sealed"}, {"link.create", "secret"}, {"link.pin", "secret"},
}
