package storage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
// the rules that the statement itself would be asked of now, and an event for each.
// Whoever has left the team, or the service, adds nothing to what they once said.
//
// A clip's key for a viewer is anyone's of the team to write, not only the
// author's, who may be on leave; a rule of its own looks at whose key it is.
func (j *judge) attach(s policies.Statement, record policies.RecordID, sealed Sealed) (refused Result, err error) {
	by, _ := j.org.Signer(s.Signer)
	there, err := j.tx.AttachmentNames(s.ID)
	if err != nil || by.Staff.IsZero() || j.c.Staff.IsZero() {
		return Result{}, err
	}
	next := folded{record: record, author: by}
	if record != policies.RecordID(j.org.ID) { // whose state is no family's
		if next.before, err = j.family(policies.FamilyID(record)); err != nil {
			return Result{}, err
		}
	}
	if j.wasEnded(record) != nil || beingDestroyed(next.before, s.ID, s.Kind) {
		return Result{}, nil
	}
	fresh := later{there: len(there)}
	for _, a := range sealed.Attachments {
		if slices.Contains(there, a.Name) || !policies.LooseAttachment(s.Kind, a.Name) || stale(next.before, s.ID, a.Name) {
			continue
		}
		if s.Kind == "clip.add" && strings.HasPrefix(a.Name, "header/") {
			fresh.keys = append(fresh.keys, a)
		} else if by.Staff == j.c.Staff {
			fresh.own = append(fresh.own, a)
		}
	}
	if err := fresh.check(); err != nil {
		return j.refuse(s, err)
	}
	if len(fresh.own) > 0 {
		if refused, err = j.attachOwn(s, next, fresh.own); refused.Err != nil || err != nil {
			return refused, err
		}
	}
	for _, a := range fresh.keys {
		if refused, err = j.attachKey(s, next, a); refused.Err != nil || err != nil {
			return refused, err
		}
	}
	return Result{}, nil
}

// later is what one push brings to a statement that stands.
type later struct {
	there     int          // attachments that lie there already
	own, keys []Attachment // of the statement's author; clips' keys, for viewers and for the family's key in force
}

func (l later) check() error {
	all := slices.Concat(l.own, l.keys)
	if l.there+len(all) > maxAttachments {
		return fmt.Errorf("%w: %d attachments, at most %d", ErrAttachment, l.there+len(all), maxAttachments)
	}
	seen := map[string]bool{}
	for _, a := range all {
		if seen[a.Name] || len(a.Body) > maxLooseBytes {
			return fmt.Errorf("%w: %q twice, or %d bytes", ErrAttachment, a.Name, len(a.Body))
		}
		seen[a.Name] = true
	}
	return nil
}

// attachOwn asks of the author what the statement itself would be asked now.
func (j *judge) attachOwn(s policies.Statement, next folded, fresh []Attachment) (Result, error) {
	if _, err := j.org.Author(s, j.now); err != nil {
		return j.refuse(s, err)
	}
	if next.before == nil || !next.before.TeamAt(next.author.Staff, j.now) {
		return j.refuse(s, fmt.Errorf("%w: the author is not on this family's team any more", policies.ErrSigner))
	}
	ruling, err := j.decide(s, next)
	if err != nil {
		return Result{}, err
	}
	if !ruling.Allowed {
		return j.deny(s, ruling)
	}
	for _, a := range fresh {
		ev := j.event(s, next, accesslog.Allowed, ruling)
		ev.Range = "1 attachment"
		if err := j.keepLate(s, ev, a); err != nil {
			return Result{}, err
		}
	}
	return Result{}, nil
}

// forViewer reports whether an attachment is a clip's key for somebody outside the
// family: for no key that is the family's, nor was. A clip sealed to a key that was
// replaced since is taken, its author was offline.
func (f folded) forViewer(s policies.Statement, name string) bool {
	family := cmp.Or(f.family, f.before)
	return family != nil && s.Kind == "clip.add" && strings.HasPrefix(name, "header/") && !family.FamilyHeader(name)
}

// attachKeys rules on the keys for viewers that came with their clip. The clip stands
// whatever becomes of them: what is denied is logged, and not kept.
func (j *judge) attachKeys(s policies.Statement, next folded, keys []Attachment) error {
	next.before = next.family
	for _, a := range keys {
		if _, err := j.attachKey(s, next, a); err != nil {
			return err
		}
	}
	return nil
}

// attachKey keeps a clip's key that a device of the team wrote: for a viewer, or for
// the family's key in force, when the clip came with one that had been replaced.
func (j *judge) attachKey(s policies.Statement, next folded, a Attachment) (Result, error) {
	id := policies.ClipID(s.ID)
	viewer := j.recipient(a.Name)
	team := next.before != nil && a.Name == policies.HeaderFor(next.before.Recipient)
	ruling := j.d.cfg.Bundle.Decide(policies.Request{
		Caller: j.c, Action: policies.ActHeader, Clip: id, Viewer: viewer, ForTeam: team, Now: j.now,
	}, j.org, next.before)
	ev := j.d.access(j.c, ruling, j.now, j.familyNamed(next.record), clip(id))
	whose := viewer.String()
	if team {
		whose = "the team"
	}
	ev.Detail = "for " + whose + "\n" + ev.Detail
	if !ruling.Allowed {
		_, err := j.d.logAccess(j.tx, j.c, ev)
		return Result{ID: s.ID, Err: hidden(ruling, j.org, next.before, j.c)}, err
	}
	if err := j.keepLate(s, ev, a); err != nil || !team {
		return Result{}, err
	}
	return Result{}, j.dropStale(s, next)
}

// dropStale deletes a clip's keys for keys of the family that had been replaced before it
// was taken, once its author has brought another: until then they are all that opens it,
// and from then on only those because of whom the locks were changed have a use for them.
// A colleague's word is not enough: nobody here can see whether what they bring opens.
func (j *judge) dropStale(s policies.Statement, next folded) error {
	if c := next.before.Clips[policies.ClipID(s.ID)]; c == nil || c.By != j.c.Staff {
		return nil
	}
	names, err := j.tx.AttachmentNames(s.ID)
	for _, name := range names {
		if err == nil && stale(next.before, s.ID, name) {
			err = j.tx.DropHeader(s.ID, name)
		}
	}
	return err
}

// keepLate writes one attachment as the change that its event numbers.
func (j *judge) keepLate(s policies.Statement, ev rows.Event, a Attachment) error {
	index, _, err := j.tx.Log(ev)
	if err != nil {
		return err
	}
	return j.tx.PutLateAttachment(s.ID, rows.Attachment(a), index)
}

// recipient is whose key a header of this name is; nobody's when no member of staff
// has that recipient.
func (j *judge) recipient(name string) (who policies.StaffID) {
	for id, p := range j.org.Staff {
		if p.Recipient != "" && policies.HeaderFor(p.Recipient) == name {
			return id
		}
	}
	return who
}
