package storage

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
	"github.com/attune-vf/attune/storage/rows"
)

// sessionFor is how long an opened page may go on asking for its film: an
// evening, with pauses.
const sessionFor = 4 * policies.Hour

// reloadFor is how long after an opening the same page may open again without
// using up another: a phone drops a page when another app comes to the front, and a
// carer reloads one that hangs. Long enough for a film of a few minutes and a
// telephone call in between; the next evening is another opening.
const reloadFor = 10 * policies.Minute

// Open lets a carer in. Whatever is wrong with the link itself, unknown, ended,
// consent withdrawn, opened too often, or an auth value that is not the link's,
// looks the same: ErrLinkEnded, by the same statements to the database. A wrong
// auth counts nothing, so a stranger who knows the address cannot lock the carer
// out. With the right auth, a wrong PIN is a *PINError.
//
// Page is the session that the page asks for, 32 bytes that it drew itself; zero for
// none. One that nobody has used becomes the session of this opening. Within ten
// minutes, with the right auth and PIN again, it is the same opening: the same
// session, and nothing is counted. So neither a reload nor an answer that was lost on
// the way uses up another. The session proves the browser, since it was told to
// nobody else, and no time is added to it. It is no substitute for the PIN: whoever
// takes up the phone has the page, and not the PIN.
//
// Source: DESIGN §10; RULES.md, the rules on link.open.
func (l *Links) Open(ctx context.Context, who policies.Caller, token policies.Bytes16, auth, pin, page policies.Digest) (Opened, error) {
	o := opening{d: l.d, who: who, token: token, auth: policies.DigestOf(auth[:]), pin: policies.DigestOf(pin[:]), page: page}
	err := l.d.rows.Write(ctx, o.run)
	if errors.Is(err, errStranger) {
		return Opened{}, ErrLinkEnded
	}
	if err := errors.Join(err, o.refused); err != nil {
		return Opened{}, err
	}
	return o.opened, nil
}

// errStranger undoes what was done for somebody without the link.
var errStranger = errors.New("no such link, or not its auth value")

// opening is one attempt.
type opening struct {
	d               *door
	who             policies.Caller
	token           policies.Bytes16
	auth, pin, page policies.Digest
	reload          bool // of a page that opened the link a little while ago
	unused          bool // nobody has the session that the page asks for
	opened          Opened
	refused         error
}

// run goes the same way for everybody up to the answer. For an address that nobody
// has, its neighbour's link is looked up, ruled on and logged, and all of it undone:
// who measures how long a refusal takes learns nothing of which links there are, and
// a stranger adds nothing to the log.
func (o *opening) run(tx *rows.Tx) error {
	now := o.d.now()
	row, f, link, err := o.find(tx)
	if err != nil {
		return err
	}
	org, err := o.d.org.read(tx)
	if err != nil {
		return err
	}
	pack, err := o.d.figures(tx, org)
	if err != nil {
		return err
	}
	if o.reload, err = o.again(tx, now); err != nil {
		return err
	}
	o.who.Link = link.ID
	ruling := o.d.cfg.Bundle.Decide(policies.Request{
		Caller: o.who, Action: policies.ActOpenLink, Link: link.ID, Clip: link.Clip, Purpose: policies.FilmAndUse, Now: now,
	}, org, f)
	if subtle.ConstantTimeCompare(row.Token[:], o.token[:])&subtle.ConstantTimeCompare(link.Auth[:], o.auth[:]) != 1 {
		if err := o.log(tx, f, link, ruling, now); err != nil {
			return err // on a full disk too the answer is the one that everybody gets
		}
		o.d.floods.stranger(o.who.Address, "link")
		return errStranger
	}
	if !ruling.Allowed {
		o.refused = ErrLinkEnded
		return o.log(tx, f, link, ruling, now)
	}
	if !o.reload && row.Opened >= int64(link.Opens) {
		o.refused = ErrLinkEnded
		return o.log(tx, f, link, byRule(ruling, policies.OpensRule), now)
	}
	if stop := o.tries(pack, row, now); stop != nil {
		o.refused = stop
		return o.log(tx, f, link, byRule(ruling, policies.PINRule), now)
	}
	if subtle.ConstantTimeCompare(link.PIN[:], o.pin[:]) != 1 {
		return o.wrong(tx, pack, row, f, link, ruling, now)
	}
	sealed, err := content(tx, link.ID)
	if err != nil {
		return err
	}
	if sealed == nil { // nothing could be shown: it must not use up an opening
		o.refused = ErrLinkEnded
		return o.log(tx, f, link, byRule(ruling, policies.SealedRule), now)
	}
	if err := o.count(tx, link); err != nil {
		return err
	}
	o.opened = Opened{Link: *link, Clip: *f.Clips[link.Clip], Sealed: sealed, Viewers: viewers(org, f, link.Clip, now)}
	return errors.Join(o.log(tx, f, link, ruling, now), o.admit(tx, *link, now))
}

// find reads the link of the address, or the one that stands in for it.
func (o *opening) find(tx *rows.Tx) (rows.Link, *policies.Family, *policies.Link, error) {
	none := &policies.Link{}
	row, _, err := tx.LinkNear(o.token)
	if err != nil {
		return row, nil, none, err
	}
	f, err := tx.Family(row.Family)
	if err != nil || f == nil || f.Links[row.Link] == nil {
		return row, nil, none, err
	}
	return row, f, f.Links[row.Link], nil
}

// again reports whether this page opened the link a little while ago.
func (o *opening) again(tx *rows.Tx, now policies.Micros) (bool, error) {
	s, ok, err := tx.LinkSession(policies.DigestOf(o.page[:]))
	o.unused = !ok && !o.page.IsZero()
	return ok && s.Token == o.token && now < s.Expires && now < s.Opened+reloadFor, err
}

// count uses up an opening, and a reload begins to count wrong PINs anew as any
// opening does. That the link has one left was seen in this transaction, and one
// update holds it against every other.
func (o *opening) count(tx *rows.Tx, link *policies.Link) error {
	if o.reload {
		return tx.ForgiveWrong(o.token)
	}
	ok, err := tx.CountOpening(o.token, link.Opens)
	if err == nil && !ok {
		err = fmt.Errorf("link %s was opened too often inside one transaction", link.ID)
	}
	return err
}

// content is what a link's page needs, sealed under the link's own key; nil while
// it has not arrived, and once it was deleted.
func content(tx *rows.Tx, id policies.LinkID) ([]byte, error) {
	attached, err := tx.Attachments(policies.StatementID(id))
	for _, a := range attached {
		if a.Name == "sealed" {
			return a.Body, err
		}
	}
	return nil, err
}

// tries refuses a PIN while the link is paused or locked: some tries, a pause, as
// many again, then locked until a team device issues another PIN.
func (o *opening) tries(pack policies.Pack, row rows.Link, now policies.Micros) error {
	allowed := int64(pack.PINTries.Value)
	switch {
	case row.Wrong >= 2*allowed:
		return &PINError{Locked: true}
	case row.Paused > now:
		return &PINError{After: int((row.Paused-now)/policies.Second) + 1}
	}
	return nil
}

func (o *opening) wrong(tx *rows.Tx, pack policies.Pack, row rows.Link, f *policies.Family, link *policies.Link, ruling policies.Ruling, now policies.Micros) error {
	allowed := int64(pack.PINTries.Value)
	wrong := row.Wrong + 1
	e := &PINError{Left: int(allowed - wrong%allowed), Locked: wrong >= 2*allowed}
	paused := policies.Micros(0)
	if wrong == allowed {
		pause := policies.Micros(pack.PINPauseMins.Value) * policies.Minute
		paused, e.Left, e.After = now+pause, 0, int(pause/policies.Second)
	}
	if e.Locked {
		e.Left = 0
	}
	o.refused = e
	if err := tx.CountWrong(o.token, paused); err != nil {
		return err
	}
	return o.log(tx, f, link, byRule(ruling, policies.PINRule), now)
}

// byRule is the denial of a limit that is counted here and not by the rules.
func byRule(r policies.Ruling, rule string) policies.Ruling {
	r.Allowed, r.Rules = false, []string{rule}
	return r
}

// log writes the event. For an address without a link it is about nobody.
func (o *opening) log(tx *rows.Tx, f *policies.Family, link *policies.Link, r policies.Ruling, now policies.Micros) error {
	ev := o.d.access(o.who, r, now, rows.Named{}, clip(link.Clip))
	if f != nil {
		ev.Family = family(f.ID)
	}
	if o.reload {
		ev.Range = "reload"
	}
	_, err := o.d.logAccess(tx, o.who, ev)
	return err
}

// admit opens a session, or goes on with the one that the page has.
func (o *opening) admit(tx *rows.Tx, link policies.Link, now policies.Micros) error {
	if o.reload {
		o.opened.Session = o.page
		return nil
	}
	if o.opened.Session = o.page; !o.unused {
		o.opened.Session = newToken()
	}
	return tx.PutLinkSession(rows.LinkSession{
		ID: policies.DigestOf(o.opened.Session[:]), Token: o.token, Opened: now, Expires: min(link.Expires, now+sessionFor),
	})
}
