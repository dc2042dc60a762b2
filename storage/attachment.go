package storage

import (
	"errors"
	"fmt"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// maxAttachments is the most attachments of one statement: a clip's title and a
// header for each of a family's viewers stay well below.
const maxAttachments = 64

// maxLooseBytes is the most of an attachment that no digest fixes: a header, a
// wrapped key, what a link's page needs. Each is a few thousand bytes, and all of
// one statement are held in memory when it is delivered.
const maxLooseBytes = 64 << 10

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
			if !policies.LooseAttachment(s.Kind, a.Name) || len(a.Body) > maxLooseBytes {
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

// attach writes attachments that come later. It is a write like any other: asked of
// the rules that the statement itself would be asked of now, and an event. Whoever
// has left the team, or the service, adds nothing to what they once said.
func (j *judge) attach(s policies.Statement, record policies.RecordID, sealed Sealed) (refused Result, err error) {
	by, _ := j.org.Signer(s.Signer)
	there, err := j.tx.AttachmentNames(s.ID)
	if err != nil || by.Staff.IsZero() || by.Staff != j.c.Staff {
		return Result{}, err
	}
	var fresh []Attachment
	for _, a := range sealed.Attachments {
		if !slices.Contains(there, a.Name) && policies.LooseAttachment(s.Kind, a.Name) {
			fresh = append(fresh, a)
		}
	}
	if len(fresh) == 0 {
		return Result{}, nil
	}
	next := folded{record: record, author: by}
	if next.before, err = j.family(policies.FamilyID(record)); err != nil {
		return Result{}, err
	}
	if why := j.mayAttach(s, next, len(there), fresh); why != nil {
		return j.refuse(s, why)
	}
	ruling, err := j.decide(s, next)
	if err != nil {
		return Result{}, err
	}
	if !ruling.Allowed {
		return j.deny(s, ruling)
	}
	ev := j.event(s, next, accesslog.Allowed, ruling)
	ev.Range = fmt.Sprintf("%d attachments", len(fresh))
	_, _, err = j.tx.Log(ev)
	for _, a := range fresh {
		err = errors.Join(err, j.tx.PutAttachment(s.ID, rows.Attachment(a)))
	}
	return Result{}, err
}

func (j *judge) mayAttach(s policies.Statement, next folded, there int, fresh []Attachment) error {
	if _, err := j.org.Author(s, j.now); err != nil {
		return err
	}
	if next.before == nil || !next.before.OnTeam(next.author.Staff) {
		return fmt.Errorf("%w: the author is not on this family's team any more", policies.ErrSigner)
	}
	if there+len(fresh) > maxAttachments {
		return fmt.Errorf("%w: %d attachments, at most %d", ErrAttachment, there+len(fresh), maxAttachments)
	}
	seen := map[string]bool{}
	for _, a := range fresh {
		if seen[a.Name] || len(a.Body) > maxLooseBytes {
			return fmt.Errorf("%w: %q twice, or %d bytes", ErrAttachment, a.Name, len(a.Body))
		}
		seen[a.Name] = true
	}
	return nil
}
