package attune

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/attune-vf/attune/client-sdk/statement"
	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// A service is updated on one day and its devices on others. One major version back is
// served; whoever is further behind than that is told so, and works on offline for as
// long as the policy lets anybody. Two things wait for no update, and are the same in
// every version: what stops something is handed in (see apart.go), and what this person
// may no longer see goes from this device.

// Outdated reports whether err only means that this program and the service do not
// understand each other any more: one of them has to be updated.
func Outdated(err error) bool {
	return errors.Is(err, &Error{Code: wire.CodeTooOld}) || errors.Is(err, &Error{Code: wire.CodeTooNew})
}

// Outdated is how the last sync that reached the service ended, while this program and
// the service do not understand each other and one of them has to be updated: an error
// with wire.CodeTooOld for this program, with wire.CodeTooNew for the service, nil for
// neither; with [CodeOldProgram] where a record holds what this program cannot read.
func (c *Client) Outdated() (*Error, error) {
	code, err := setting(c.desk.store.db, settingOutdated)
	if err != nil {
		return nil, err
	}
	if code == "" {
		var stopped *Error
		if err := c.desk.tooOld(); !errors.As(err, &stopped) {
			return nil, err
		}
		return stopped, nil
	}
	e := wire.EntryOf(wire.Code(code))
	return &Error{Code: wire.Code(code), Message: e.Message, Next: e.Next}, nil
}

// agree remembers whether a sync that ended so was understood.
func (d *desk) agree(err error) error {
	told := ""
	switch {
	case Outdated(err):
		told = string(CodeOf(err))
	case err != nil:
		return nil // says nothing about it
	}
	before, err := setting(d.store.db, settingOutdated)
	if err != nil || before == told {
		return err
	}
	return d.store.write(func(tx *sql.Tx) error { return set(tx, settingOutdated, told) })
}

// endings asks what this person receives no longer, and forgets it. Each item has to be
// justified like one of the feed, by what this device has verified: a statement that ended
// the access, or a date. It is judged under the newest state of the organisation that this
// program could read. What is queued stays.
func (fd *feed) endings(ctx context.Context, r *Report) error {
	fd.d.walking.Lock()
	defer fd.d.walking.Unlock()
	m := fd.d.mirror
	cursor, err := setting(fd.d.store.db, settingCursor)
	if err != nil || m.Org() == nil {
		return err
	}
	var told wire.EndingsReply
	query := url.Values{"cursor": {cursor}}
	if err := fd.d.remote.call(ctx, http.MethodGet, "/v1/sync/endings?"+query.Encode(), nil, &told); err != nil {
		return err
	}
	p := &pageFold{m: m, families: map[policies.FamilyID]*policies.Family{}, again: map[policies.RecordID]bool{}, outdated: true}
	err = fd.d.store.write(func(tx *sql.Tx) error {
		p.tx, p.past, p.told, p.org = tx, past{tx: tx, in: fd.d.store}, told.Time, m.Org().Clone()
		for _, item := range told.Items {
			if err := p.end(item); err != nil {
				return err
			}
		}
		p.org = m.Org().Clone() // without what is no part of the chain that this device holds
		if err := p.leaveWindow(); err != nil {
			return err
		}
		return p.save()
	})
	if err != nil {
		return err
	}
	p.report(r)
	m.mu.Lock()
	for id, f := range p.families {
		if f == nil {
			delete(m.families, id)
		}
	}
	m.mu.Unlock()
	return errors.Join(fd.d.cleared(p), p.noCause)
}

// leaveWindow has the next feed begin anew when something was forgotten outside of it: what
// the service would go on with has no beginning here any more. The cursor stays until then,
// because it tells the service what this device still has to forget.
func (p *pageFold) leaveWindow() error {
	if len(p.dropped) == 0 {
		return nil
	}
	return set(p.tx, settingWindow, windowLeft)
}

// end obeys one item: a family that this person left, or the end of this device.
func (p *pageFold) end(item wire.Item) error {
	switch item.Kind {
	case wire.ItemStatement:
		return p.stop(item)
	case wire.ItemDropScope:
	default:
		return untrusted("The server was asked what ended, and tells something else.", nil)
	}
	if item.Place.Record != policies.RecordID(p.org.ID) {
		f := p.family(policies.FamilyID(item.Place.Record))
		if f == nil || slices.Contains(p.dropped, f.ID) {
			return nil // nothing is held
		}
		return p.drop(item)
	}
	if p.m.d.overIn(p.org) != nil {
		return p.wipe() // as the record said itself
	}
	s, err := statement.Verify([]byte(item.Statement), p.org.Key)
	if err != nil || s.ID != item.ID {
		return refused(item, err)
	}
	if _, err := p.org.Apply(s, item.Place.At); err != nil {
		return refused(item, err)
	}
	return p.wipe()
}

// stop counts a restriction by which access may have ended together with others: one of
// the organisation's at once, one of a family when it is asked whether access to that has
// ended. It is judged by what this program could read; what does not fit stops nothing.
func (p *pageFold) stop(item wire.Item) error {
	s, err := statement.Verify([]byte(item.Statement), p.org.Key)
	if err != nil && !errors.Is(err, statement.ErrUnknownKey) && !errors.Is(err, statement.ErrUnknownKind) {
		return refused(item, err)
	}
	if row, _ := policies.RowOf(s.Kind); err != nil || !row.Restriction || s.Record != item.Place.Record {
		return nil
	}
	if s.Record == policies.RecordID(p.org.ID) {
		_, _ = p.org.Apply(s, item.Place.At)
		return nil
	}
	if p.stops == nil {
		p.stops = map[policies.RecordID][]stopping{}
	}
	p.stops[s.Record] = append(p.stops[s.Record], stopping{s, item.Place.At})
	return nil
}

// stopping is a restriction and when it was accepted.
type stopping struct {
	policies.Statement
	at policies.Micros
}
