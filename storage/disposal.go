package storage

import (
	"strings"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/accesslog"
	"github.com/attune-vf/attune/storage/rows"
)

// verifyAfter is when film that was destroyed is looked for once more: longer than a server
// that was cut can take to finish an upload which it had begun.
const verifyAfter = 24 * policies.Hour

// disposal writes what a clip's new state means for its film, in the transaction that
// accepted it: whoever states it, and whenever, also when the restriction ledger is replayed
// after a restore. An order ends the clip's upload, and from then on the rules take none. A
// certificate deletes what opens the film: the clip's title and headers, and what its links
// hold. The bytes are gone by then, so that what a store refused to delete because of a hold
// that the record forgot can still be read.
func (j *judge) disposal(f *policies.Family, c *policies.Clip) error {
	row := rows.Disposal{Clip: c.ID, Family: f.ID}
	switch {
	case c.Disposed != nil:
		row.State, row.Due = rows.FilmDestroyed, j.time()+verifyAfter
		keys, err := j.d.filmStatements(j.tx, j.org, f, c.ID)
		if err != nil {
			return err
		}
		for _, id := range keys {
			if _, err := j.tx.DropFilmKeys(id); err != nil {
				return err
			}
		}
	case !c.Destroying.IsZero():
		row.State, row.Due = rows.FilmDestroying, c.DestroyingAt
		if err := j.endUpload(c.ID); err != nil {
			return err
		}
	default:
		return nil // worked out with the rest of the family's: see reckon
	}
	was, _, err := j.tx.Disposal(c.ID)
	if err != nil || was.State == rows.FilmVerified || was.State == row.State {
		return err
	}
	return j.tx.PutDisposal(row)
}

func (j *judge) endUpload(id policies.ClipID) error {
	live, open, err := j.tx.LiveUpload(id)
	if err != nil || !open {
		return err
	}
	return j.tx.SetUploadState(live.ID, rows.UploadEnded)
}

// filmStatements are the statements beside which something lies that opens a clip's film:
// the clip's own, those of its links, and of their PINs, which the fold keeps only the last of.
func (d *door) filmStatements(from interface {
	StatementsIn(policies.RecordID, policies.Kind) ([]rows.Statement, error)
}, o *policies.Org, f *policies.Family, id policies.ClipID) ([]policies.StatementID, error) {
	out := []policies.StatementID{policies.StatementID(id)}
	for link, l := range f.Links {
		if l.Clip == id {
			out = append(out, policies.StatementID(link))
		}
	}
	if len(out) == 1 {
		return out, nil
	}
	pins, err := from.StatementsIn(policies.RecordID(f.ID), "link.pin")
	if err != nil {
		return nil, err
	}
	for _, p := range pins {
		s, err := statement.Verify(p.Raw, o.Key)
		if err != nil {
			return nil, err
		}
		if b, ok := s.Body.(*policies.LinkPIN); ok && f.Links[b.Link] != nil && f.Links[b.Link].Clip == id {
			out = append(out, p.ID)
		}
	}
	return out, nil
}

// withheldKey reports whether something that lies beside a statement opens film that is marked
// to be destroyed, or was destroyed: nobody receives it. Where the film is spared, the change
// that spares it brings the keys.
func withheldKey(f *policies.Family, id policies.StatementID, kind policies.Kind, name string) bool {
	return f != nil && kind == "clip.add" && strings.HasPrefix(name, "header/") && f.Going(policies.ClipID(id))
}

// beingDestroyed reports whether nothing more is kept beside a statement, because its clip is
// past the point of no return.
func beingDestroyed(f *policies.Family, id policies.StatementID, kind policies.Kind) bool {
	if f == nil || kind != "clip.add" {
		return false
	}
	c := f.Clips[policies.ClipID(id)]
	return c != nil && !c.Destroying.IsZero()
}

// spared brings a clip's keys again once it was spared, to devices that were not given them
// while it was marked: each as a change with an event of its own.
func (j *judge) spared(next folded, id policies.ClipID) error {
	if next.before == nil || !next.before.Going(id) || next.family.Going(id) {
		return nil
	}
	names, err := j.tx.AttachmentNames(policies.StatementID(id))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "header/") {
			continue
		}
		index, _, err := j.tx.Log(rows.Event{
			At: int64(j.now), Action: "clip.spare", Outcome: accesslog.Done, Subject: rows.Named{Kind: rows.NamedKey, ID: string(policies.SignServer)},
			Family: family(next.family.ID), Object: clip(id), Bundle: j.d.cfg.Bundle.SHA256().String(), Range: "1 attachment",
		})
		if err == nil {
			err = j.tx.RedateHeader(policies.StatementID(id), name, index)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
