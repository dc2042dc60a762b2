package storage

import (
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// maxAttachments is the most attachments of one statement: a clip's title and a
// header for each of a family's viewers stay well below.
const maxAttachments = 64

// matches holds what travels beside a statement against what the statement fixes.
// Every fixed attachment must be there to the byte; anything else must be of a
// kind that may be added later.
func matches(s policies.Statement, got []Attachment) error {
	if len(got) > maxAttachments {
		return fmt.Errorf("%w: %d attachments, at most %d", ErrAttachment, len(got), maxAttachments)
	}
	fixed := map[string]policies.Attachment{}
	if b, ok := s.Body.(policies.Attached); ok {
		for _, a := range b.Attachments() {
			fixed[a.Name] = a
		}
	}
	seen := map[string]bool{}
	for _, a := range got {
		if seen[a.Name] {
			return fmt.Errorf("%w: %q twice", ErrAttachment, a.Name)
		}
		seen[a.Name] = true
		want, ok := fixed[a.Name]
		if !ok {
			if !policies.LooseAttachment(s.Kind, a.Name) || len(a.Body) > policies.MaxAttachmentBytes {
				return fmt.Errorf("%w: %s carries no %q", ErrAttachment, s.Kind, a.Name)
			}
			continue
		}
		if want.Bytes != int64(len(a.Body)) || want.SHA256 != policies.DigestOf(a.Body) {
			return fmt.Errorf("%w: %q differs from its digest", ErrAttachment, a.Name)
		}
		delete(fixed, a.Name)
	}
	for name := range fixed {
		return fmt.Errorf("%w: %q is missing", ErrAttachment, name)
	}
	return nil
}
