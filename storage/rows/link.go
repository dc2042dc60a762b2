package rows

import (
	"errors"
	"fmt"

	"github.com/attune-vf/attune/policies"
)

// Link is what the statement of a share link cannot hold: how often it was
// opened, and how many PINs were wrong.
type Link struct {
	Token  policies.Bytes16
	Link   policies.LinkID
	Family policies.FamilyID
	Opened int64
	Wrong  int64
	Paused policies.Micros
}

// PutLink makes a link's row; again is the same as once.
func (tx *Tx) PutLink(l Link) error {
	return tx.exec(`INSERT INTO links (token, link, family, opened, wrong, paused) VALUES ($1, $2, $3, 0, 0, 0) ON CONFLICT DO NOTHING`,
		l.Token.String(), l.Link.String(), l.Family.String())
}

// LinkByToken reads the row of an address.
func (q q) LinkByToken(t policies.Bytes16) (Link, bool, error) {
	l := Link{Token: t}
	var link, family string
	ok, err := found(q.row(`SELECT link, family, opened, wrong, paused FROM links WHERE token = $1`, t.String()).
		Scan(&link, &family, &l.Opened, &l.Wrong, &l.Paused))
	if !ok || err != nil {
		return l, false, err
	}
	if err := l.Link.UnmarshalText([]byte(link)); err != nil {
		return l, false, fmt.Errorf("link: %w", err)
	}
	return l, true, l.Family.UnmarshalText([]byte(family))
}

// LinkNear reads the row of an address or, for an address that nobody has, the
// row of its neighbour, by the same steps: whoever guesses at addresses must not
// see from the time that an answer takes which of them are real. The caller
// compares Token. False only while there is no link at all.
func (q q) LinkNear(t policies.Bytes16) (Link, bool, error) {
	var l Link
	var token, link, family string
	ok, err := found(q.row(`
		SELECT token, link, family, opened, wrong, paused FROM (
			SELECT 0 AS turn, token, link, family, opened, wrong, paused FROM (
				SELECT token, link, family, opened, wrong, paused FROM links WHERE token >= $1 ORDER BY token LIMIT 1) AS this
			UNION ALL
			SELECT 1 AS turn, token, link, family, opened, wrong, paused FROM (
				SELECT token, link, family, opened, wrong, paused FROM links ORDER BY token LIMIT 1) AS first
		) AS near ORDER BY turn LIMIT 1`, t.String()).
		Scan(&token, &link, &family, &l.Opened, &l.Wrong, &l.Paused))
	if !ok || err != nil {
		return l, false, err
	}
	return l, true, errors.Join(
		l.Token.UnmarshalText([]byte(token)), l.Link.UnmarshalText([]byte(link)), l.Family.UnmarshalText([]byte(family)))
}

// Link reads the row of a link.
func (q q) Link(id policies.LinkID) (Link, bool, error) {
	l := Link{Link: id}
	var token, family string
	ok, err := found(q.row(`SELECT token, family, opened, wrong, paused FROM links WHERE link = $1`, id.String()).
		Scan(&token, &family, &l.Opened, &l.Wrong, &l.Paused))
	if !ok || err != nil {
		return l, false, err
	}
	return l, true, errors.Join(l.Token.UnmarshalText([]byte(token)), l.Family.UnmarshalText([]byte(family)))
}

// ForgiveWrong begins to count wrong tries anew.
func (tx *Tx) ForgiveWrong(t policies.Bytes16) error {
	return tx.exec(`UPDATE links SET wrong = 0, paused = 0 WHERE token = $1`, t.String())
}

// EndLinkSessions ends every opened page of a link: it may watch no further, and
// can still ask us to stop.
func (tx *Tx) EndLinkSessions(t policies.Bytes16, now policies.Micros) error {
	return tx.exec(`UPDATE link_sessions SET expires = $2 WHERE token = $1 AND expires > $2`, t.String(), now)
}

// CountOpening counts one opening if fewer than max were, in one update, so that
// a thousand at once cannot share the last one.
func (tx *Tx) CountOpening(t policies.Bytes16, max int) (bool, error) {
	res, err := tx.change(`UPDATE links SET opened = opened + 1, wrong = 0, paused = 0 WHERE token = $1 AND opened < $2`, t.String(), max)
	if err != nil {
		return false, fmt.Errorf("count opening: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// CountWrong records a wrong PIN and until when the next has to wait.
func (tx *Tx) CountWrong(t policies.Bytes16, paused policies.Micros) error {
	return tx.exec(`UPDATE links SET wrong = wrong + 1, paused = $2 WHERE token = $1`, t.String(), paused)
}

// LinkSession is one opened page.
type LinkSession struct {
	ID      policies.Digest // SHA-256 of what the page holds
	Token   policies.Bytes16
	Opened  policies.Micros
	Expires policies.Micros
}

// PutLinkSession opens a session.
func (tx *Tx) PutLinkSession(s LinkSession) error {
	return tx.exec(`INSERT INTO link_sessions (id, token, opened, expires) VALUES ($1, $2, $3, $4)`, s.ID.String(), s.Token.String(), s.Opened, s.Expires)
}

// LinkSession reads a session.
func (q q) LinkSession(id policies.Digest) (LinkSession, bool, error) {
	s := LinkSession{ID: id}
	var token string
	ok, err := found(q.row(`SELECT token, opened, expires FROM link_sessions WHERE id = $1`, id.String()).Scan(&token, &s.Opened, &s.Expires))
	if !ok || err != nil {
		return s, false, err
	}
	return s, true, s.Token.UnmarshalText([]byte(token))
}
