package storage

import (
	"context"
	"errors"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// Stop takes a carer's "Ask us to stop" from the page that they opened. When it
// returns nil a consent.suspend stands in the family's record: every use of every
// clip that the carer is in is refused from the next request, and a running
// playback stops at its next range. Pressed again while it stands, it is the same
// suspension, and answers alike.
//
// The press is the carer's act, by link, and is in the log before the server states
// what follows from it. A crash between the two leaves a press without a
// suspension; the page had no answer, says so, and offers the button again.
//
// A page may say stop for as long as its session is known, also when it may no
// longer watch: the link revoked or past its date, the evening over. What a session
// gives here takes nothing from anybody but use of the film. Any other page is
// ErrLinkEnded.
//
// Source: RULES.md, LINK-STOP; UK GDPR Art 7(3).
func (l *Links) Stop(ctx context.Context, who policies.Caller, token policies.Bytes16, session policies.Digest) error {
	var pressed press
	err := l.d.rows.WriteFromReserve(ctx, func(tx *rows.Tx) (err error) {
		pressed, err = l.press(tx, who, token, session)
		return err
	})
	if err := errors.Join(err, pressed.refused); err != nil {
		return err
	}
	// Its caller may hang up: what was pressed is carried out.
	ctx = context.WithoutCancel(ctx)
	return l.records.state(ctx, who, pressed.family, func(f *policies.Family) (policies.Kind, policies.Body) {
		for _, s := range f.StopAsked() {
			if s.Link == pressed.link {
				return "", nil
			}
		}
		return "consent.suspend", f.Suspension(pressed.link, l.d.now())
	})
}

// press is one press of the button.
type press struct {
	family  policies.FamilyID
	link    policies.LinkID
	refused error
}

// press rules on the carer's act and logs it.
func (l *Links) press(tx *rows.Tx, who policies.Caller, token policies.Bytes16, session policies.Digest) (press, error) {
	ended := press{refused: ErrLinkEnded}
	s, ok, err := tx.LinkSession(policies.DigestOf(session[:]))
	if err != nil {
		return ended, err
	}
	row, known, err := tx.LinkByToken(token)
	if err != nil || !ok || !known || s.Token != token {
		return ended, err
	}
	f, err := tx.Family(row.Family)
	if err != nil {
		return ended, err
	}
	o, err := l.d.org.read(tx)
	if err != nil {
		return ended, err
	}
	now, link := l.d.now(), f.Links[row.Link]
	who.Link = link.ID
	ruling := l.d.cfg.Bundle.Decide(policies.Request{
		Caller: who, Action: policies.ActStop, Link: link.ID, Clip: link.Clip, Now: now,
	}, o, f)
	_, _, err = tx.Log(l.d.access(who, ruling, now, family(f.ID), clip(link.Clip)))
	if !ruling.Allowed {
		return ended, err
	}
	return press{family: f.ID, link: link.ID}, err
}
