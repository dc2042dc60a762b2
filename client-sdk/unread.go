package attune

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// CodeOldProgram: a record holds what only a newer version of this program can read.
const CodeOldProgram wire.Code = "program_too_old"

const settingUnread = "unread" // JSON of what this program could not read

// unread is what the feed brought and this program cannot read. A record stops, as a
// whole page of it, at a kind that is not marked as one on which no decision rests: what
// is held of it stays, and is proved, and nothing is permitted in it but what stops
// something. See package policies, unread.go.
type unread struct {
	Kinds   []policies.Kind                     `json:"kinds"`   // every one, so that a later version knows that it has to ask anew
	Stopped map[policies.RecordID]policies.Kind `json:"stopped"` // and by which kind
}

func readUnread(q querier) (u unread, err error) {
	text, err := setting(q, settingUnread)
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &u)
	}
	return u, err
}

func (u unread) keep(tx *sql.Tx) error {
	text := ""
	if len(u.Kinds) > 0 {
		b, err := json.Marshal(u)
		if err != nil {
			return err
		}
		text = string(b)
	}
	before, err := setting(tx, settingUnread)
	if err != nil || before == text {
		return err
	}
	return set(tx, settingUnread, text)
}

func (u *unread) meet(k policies.Kind) {
	if !slices.Contains(u.Kinds, k) {
		u.Kinds = append(u.Kinds, k)
	}
}

func (u *unread) stop(r policies.RecordID, k policies.Kind) {
	if u.meet(k); u.Stopped == nil {
		u.Stopped = map[policies.RecordID]policies.Kind{}
	}
	if _, already := u.Stopped[r]; !already {
		u.Stopped[r] = k
	}
}

func (u unread) stopped(r policies.RecordID) bool {
	_, ok := u.Stopped[r]
	return ok
}

// relearn has the feed begin anew once this program knows a kind that it had met before
// it was updated: what was passed over is folded then, and what stopped goes on.
func (fd *feed) relearn() error {
	u, err := readUnread(fd.d.store.db)
	if err != nil || !slices.ContainsFunc(u.Kinds, known) {
		return err
	}
	return fd.d.store.write(func(tx *sql.Tx) error {
		return errors.Join(set(tx, settingUnread, ""), set(tx, settingCursor, ""), set(tx, settingWindow, ""))
	})
}

func known(k policies.Kind) bool {
	_, ok := policies.RowOf(k)
	return ok
}

// takeAll folds the items of a page, the organisation's first, but those of records that
// this program cannot read to their end. Of a page that stops a record nothing of that
// record is taken: what is held then ends where the log was last asked about it.
func (p *pageFold) takeAll(items []wire.Item) error {
	own := policies.RecordID(p.m.d.me.Org)
	items = orgFirst(items, own)
	at := slices.IndexFunc(items, func(i wire.Item) bool { return i.Place.Record != own })
	if at < 0 {
		at = len(items)
	}
	for _, some := range [][]wire.Item{items[:at], items[at:]} {
		for _, i := range some {
			if err := p.see(i); err != nil {
				return err
			}
		}
		for _, i := range some {
			if i.Kind != wire.ItemDropScope && p.unread.stopped(i.Place.Record) {
				continue
			}
			if err := p.take(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// see stops the record of an item that cannot be read. Whether it is what somebody here
// signed is looked at all the same: junk is no newer version.
func (p *pageFold) see(item wire.Item) error {
	own := policies.RecordID(p.m.d.me.Org)
	r, kind := item.Place.Record, statement.KindOf([]byte(item.Statement))
	switch {
	case item.Kind == wire.ItemDropScope || p.unread.stopped(r):
		return nil
	case item.Kind == wire.ItemStatement && kind != "" && !known(kind) && !kind.Optional():
		s, err := statement.VerifyKept([]byte(item.Statement), p.key)
		if err != nil && !(errors.Is(err, statement.ErrUnknownKey) && (r == own || p.unread.stopped(own))) {
			return refused(item, err)
		}
		if err == nil && (s.ID != item.ID || s.Record != r) {
			return refused(item, errors.New("it is another statement than the feed says"))
		}
		p.unread.stop(r, kind)
	case item.Kind == wire.ItemStatement && p.unread.stopped(own) && r != own && p.org != nil:
		// Judged under what stopped the organisation's record, perhaps.
		if _, err := p.past.org(p.org, item.Place.OrgHead); errors.Is(err, errLaterOrg) {
			p.unread.stop(r, p.unread.Stopped[own])
		}
	}
	return nil
}

// stoppedAt reports whether this program may not go on with a record: it, or the
// organisation's, holds what cannot be read here.
func (d *desk) stoppedAt(r policies.RecordID) (bool, error) {
	u, err := readUnread(d.store.db)
	return u.stopped(r) || u.stopped(policies.RecordID(d.me.Org)), err
}

// tooOld is what a person is told while any record is stopped; nil while none is.
func (d *desk) tooOld() error {
	u, err := readUnread(d.store.db)
	if err != nil || len(u.Stopped) == 0 {
		return err
	}
	return programTooOld()
}

func programTooOld() *Error {
	return problem(CodeOldProgram, "Update it, then sync. Until then it can only stop things there.",
		"This program is too old to read all that was stated since.")
}

// going refuses an act in a record that is stopped: a permission could rest on what this
// program cannot read.
func (d *desk) going(r policies.RecordID, row policies.Row) error {
	if row.Restriction {
		return nil
	}
	if stopped, err := d.stoppedAt(r); err != nil || !stopped {
		return err
	}
	return programTooOld()
}
