package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Links is the door of carers.
type Links struct {
	d       *door
	records *Records
}

// viewers says who can watch a clip, by role.
func viewers(o *policies.Org, f *policies.Family, id policies.ClipID, now policies.Micros) []Viewer {
	out := []Viewer{{Role: "carer"}, {Role: "team"}}
	for _, l := range f.Listings() {
		who := Viewer{Role: string(l.Purpose), Until: f.ViewUntil(o, l, id, now)}
		if who.Until > now && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	slices.SortFunc(out[2:], func(a, b Viewer) int {
		return cmp.Or(cmp.Compare(a.Until, b.Until), cmp.Compare(a.Role, b.Role))
	})
	return out
}

// Read opens a range of the film for an opened page. The rules are asked again at
// each request, and on its way at each eighth of the film, so a playback stops once
// consent has ended. For a carer only openings are logged, and a denial is. The
// reader holds ctx, and must be closed.
func (l *Links) Read(ctx context.Context, who policies.Caller, token policies.Bytes16, session policies.Digest, offset, length int64) (io.ReadCloser, int64, error) {
	clip, err := l.playing(ctx, who, token, session)
	if err != nil {
		return nil, 0, err
	}
	total := clip.Payload.Bytes
	if offset < 0 || length <= 0 || offset >= total {
		return nil, total, ErrRange
	}
	body, err := l.d.cfg.Objects.ReadRange(ctx, payloadKey(clip.ID), offset, min(length, total-offset))
	if err != nil {
		return nil, total, fmt.Errorf("read clip %s: %w", clip.ID, err)
	}
	return gate(body, offset, total, func(int64) error {
		_, err := l.playing(ctx, who, token, session)
		return err
	}), total, nil
}

// playing is the clip of an opened page that may still be watched now.
func (l *Links) playing(ctx context.Context, who policies.Caller, token policies.Bytes16, session policies.Digest) (*policies.Clip, error) {
	var f *policies.Family
	var link policies.Link
	var ruling policies.Ruling
	now := l.d.now()
	err := l.d.rows.Read(ctx, func(v *rows.View) error {
		s, ok, err := v.LinkSession(policies.DigestOf(session[:]))
		if err != nil {
			return err
		}
		row, known, err := v.LinkByToken(token)
		if err != nil {
			return err
		}
		if !ok || !known || s.Token != token || s.Expires <= now {
			return ErrLinkEnded
		}
		if f, err = v.Family(row.Family); err != nil {
			return err
		}
		link, who.Link = *f.Links[row.Link], row.Link
		o, err := l.d.org.read(v)
		if err != nil {
			return err
		}
		ruling = l.d.cfg.Bundle.Decide(policies.Request{
			Caller: who, Action: policies.ActOpenLink, Link: link.ID, Clip: link.Clip, Purpose: policies.FilmAndUse, Now: now,
		}, o, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if ruling.Allowed {
		return f.Clips[link.Clip], nil
	}
	err = l.d.rows.Write(ctx, func(tx *rows.Tx) error {
		_, err := l.d.logAccess(tx, who, l.d.access(who, ruling, now, family(f.ID), clip(link.Clip)))
		return err
	})
	return nil, errors.Join(ErrLinkEnded, err)
}
