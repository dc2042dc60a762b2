package storage

import (
	"context"
	"errors"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// putLink makes the row of a link. One with another PIN begins anew: wrong tries
// are forgotten, and pages that were opened with the PIN before it end, because
// whoever has that one may be why there is another.
func (j *judge) putLink(next folded, l *policies.Link) error {
	if err := j.tx.PutLink(rows.Link{Token: l.Token, Link: l.ID, Family: next.family.ID}); err != nil {
		return err
	}
	if next.before == nil || next.before.Links[l.ID] == nil || next.before.Links[l.ID].Issued == l.Issued {
		return nil
	}
	return errors.Join(j.tx.ForgiveWrong(l.Token), j.tx.EndLinkSessions(l.Token, j.now))
}

// LinkStatus is how a link stands at the server.
type LinkStatus struct {
	Opened int             // openings used
	Opens  int             // openings agreed
	Paused policies.Micros // no PIN is taken before this; zero when one is
	Locked bool            // until the team gives a new PIN
}

// Status says how a link stands, to the family's team. Counts only: when a carer
// opened a film is theirs, and in the log for who looks after the records, because
// viewing habits have been held against parents. That nobody opened it has to show,
// or nobody would ask whether it works. The asking is an event, an unknown link and
// another family's are ErrNotFound.
//
// Source: RULES.md, LINK-SHOW; DESIGN §1.
func (l *Links) Status(ctx context.Context, who policies.Caller, id policies.LinkID) (LinkStatus, error) {
	var out LinkStatus
	var denied error
	err := l.d.rows.Write(ctx, func(tx *rows.Tx) error {
		now := l.d.now()
		row, _, err := tx.Link(id)
		if err != nil {
			return err
		}
		f, err := tx.Family(row.Family)
		if err != nil {
			return err
		}
		org, err := l.d.org.read(tx)
		if err != nil {
			return err
		}
		ruling := l.d.cfg.Bundle.Decide(policies.Request{Caller: who, Action: policies.ActShowLink, Link: id, Now: now}, org, f)
		denied = hidden(ruling, org, f, who)
		ev := l.d.access(who, ruling, now, rows.Named{}, rows.Named{Kind: rows.NamedLink, ID: id.String()})
		if f != nil {
			ev.Family = family(f.ID)
		}
		if denied == nil {
			pack, err := l.d.figures(tx, org)
			if err != nil {
				return err
			}
			locked := row.Wrong >= 2*int64(pack.PINTries.Value)
			out = LinkStatus{Opened: int(row.Opened), Opens: f.Links[id].Opens, Locked: locked}
			if row.Paused > now && !locked {
				out.Paused = row.Paused
			}
		}
		_, err = l.d.logAccess(tx, who, ev)
		return err
	})
	return out, errors.Join(err, denied)
}
