package attune

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/attune-vf/attune/client-sdk/wire"
	"github.com/attune-vf/attune/policies"
)

// feed receives records from the server.
type feed struct{ d *desk }

// pull walks the feed to its head, a page and a transaction at a time. A page
// that does not verify is refused whole: cursor and state stay as they were.
//
// With each page come receipts: the server has to prove from its signed log where the last
// statement stands of every record that moved. Without them nothing of the page is kept. A
// server that left a withdrawal out, and chained the rest anew for this device alone, so
// leaves nothing behind here.
//
// Three kinds of page wait for the next, and are taken as one with it. The records of a
// window come one after the other, so a page may hold a family's statement that was
// judged under a state of the organisation which only a later page brings. A record
// that is sent again replaces what is held once it has come as far as that. And the
// server's certificate may come later than the first state that it signed by its new
// key: until the root's word for that key is here, nothing that it signs counts.
//
// A feed ends where its record ended when its first page was asked for. One that was cut
// short is taken to that end, and then another: only of that is it known what it must hold.
//
// Two that walk at once would each fold over what the other has taken, and blame the
// server for it: one waits for the other.
func (fd *feed) pull(ctx context.Context, r *Report) error {
	fd.d.walking.Lock()
	defer fd.d.walking.Unlock()
	if err := fd.relearn(); err != nil {
		return err
	}
	err := fd.walk(ctx, r)
	if err == nil {
		err = fd.d.lease.met()
	}
	told, _ := fd.d.convict(err)
	if told == nil {
		told = fd.d.over()
	}
	return told
}

// over tells whoever holds a device that was revoked; nil while it is in force.
func (d *desk) over() error { return d.overIn(d.mirror.Org()) }

func (d *desk) overIn(o *policies.Org) error {
	if o == nil {
		return nil
	}
	me, p := o.Devices[d.keys.Device()], o.Staff[d.me.Staff]
	if p != nil && !p.Revoked.IsZero() {
		return problem(wire.CodeUnauthorised, "Ask your registrar. What is queued here is kept.", "This person no longer belongs to the service.")
	}
	if me != nil && !me.Revoked.IsZero() {
		return problem(wire.CodeUnauthorised, "Use another device of yours, or ask a registrar. What is queued here is kept.",
			"This device was revoked; it holds nothing of families any more.")
	}
	return nil
}

func (fd *feed) walk(ctx context.Context, r *Report) error {
	before, err := recall(fd.d.store.db)
	if err != nil {
		return err
	}
	cursor, err := setting(fd.d.store.db, settingCursor)
	if err != nil {
		return err
	}
	resumed, err := setting(fd.d.store.db, settingWindow)
	if err != nil {
		return err
	}
	if resumed == windowLeft {
		cursor, resumed = "", ""
	}
	taken, err := fd.taken()
	if err != nil {
		return err
	}
	var noCause error
	var behind bool
	for waiting := []wire.PullReply(nil); ; {
		page, err := fd.fetch(ctx, cursor, seenSize(before, waiting))
		if err != nil {
			return err
		}
		if page.Cursor == "" { // 204: nothing new, and no checkpoint to prove it by
			if err := fd.met(); err != nil {
				return err
			}
			if len(waiting) > 0 {
				return errors.Join(noCause, fd.short(waiting, before))
			}
			if resumed == "" {
				return errors.Join(noCause, cmp.Or(fd.leftover(), fd.owed(taken)), fd.anew(behind))
			}
			if err := fd.d.store.write(func(tx *sql.Tx) error { return set(tx, settingWindow, "") }); err != nil {
				return err
			}
			resumed = ""
			continue
		}
		if page.More && page.Cursor == cursor {
			return untrusted("The feed does not move on.", nil)
		}
		cursor, waiting = page.Cursor, append(waiting, page)
		after, p, err := fd.fold(before, waiting)
		switch {
		case (errors.Is(err, errLaterOrg) || errors.Is(err, errShort) || CodeOf(err) == CodeLogUnsigned) && page.More && itemsOf(waiting) < maxWaiting:
			continue
		case err != nil:
			return err
		}
		p.report(r)
		noCause, behind = errors.Join(noCause, p.noCause), behind || p.behind
		before, waiting = after, nil
		if !page.More {
			if resumed == "" {
				return errors.Join(noCause, cmp.Or(fd.leftover(), fd.owed(taken)), fd.anew(behind))
			}
			resumed = "" // what came since that feed began is in the next
		}
	}
}

// anew has the next feed begin at the beginning, when this device's clock has to be set
// before it can take what this one brought.
func (fd *feed) anew(behind bool) error {
	if !behind {
		return nil
	}
	return fd.d.store.write(func(tx *sql.Tx) error { return set(tx, settingCursor, "") })
}

// maxWaiting bounds what a server can have this device hold in memory.
const maxWaiting = 10 * wire.MaxPullItems

func itemsOf(pages []wire.PullReply) (n int) {
	for _, p := range pages {
		n += len(p.Items)
	}
	return n
}

// seenSize is the size of the last state of the log that came: of a page that waits it is
// not verified yet, and is once the page is taken, each against the one before it.
func seenSize(before mark, waiting []wire.PullReply) int64 {
	if len(waiting) == 0 {
		return before.Size
	}
	m, err := markOf(waiting[len(waiting)-1].Proven.Checkpoint)
	if err != nil || m.Size < 0 || m.Size > int64(policies.MaxInstant) {
		return before.Size // no checkpoint at all: the page will be refused
	}
	return m.Size
}

// fetch asks for a page. It is the zero page when the server says that nothing is new.
// That is not signed, so that now and then a device asks for a page all the same: a
// server that shows one device an old state has to sign it within the hour.
func (fd *feed) fetch(ctx context.Context, cursor string, size int64) (page wire.PullReply, err error) {
	query := url.Values{"cursor": {cursor}, "checkpoint": {strconv.FormatInt(size, 10)}}
	stale, err := fd.unsigned()
	if err != nil {
		return page, err
	}
	if stale {
		query.Set("proof", "1")
	}
	err = fd.d.remote.call(ctx, http.MethodGet, "/v1/sync/pull?"+query.Encode(), nil, &page)
	if err == nil && page.Cursor != "" {
		var before mark
		if before, err = recall(fd.d.store.db); err == nil {
			err = fd.d.sameHistory(before, page.Proven)
		}
	}
	if err == nil && page.Cursor == "" && (stale || cursor == "") {
		err = untrusted("The server says that nothing is new, and was asked to sign it.", nil)
	}
	return page, err
}

// signEvery is how old the last signed state of the log may be before a device wants
// another, although nothing is new.
const signEvery = time.Hour

// unsigned reports whether it is older than that, by a clock that may have been set since.
func (fd *feed) unsigned() (bool, error) {
	text, err := setting(fd.d.store.db, settingSigned)
	if err != nil || text == "" {
		return true, err
	}
	at, err := strconv.ParseInt(text, 10, 64)
	ago := fd.d.now().Sub(time.UnixMicro(at))
	return ago < 0 || ago >= signEvery, err
}

// metEvery is how exactly a contact that brought nothing is remembered: a device that
// listens asks often, and a phone pays for each write.
const metEvery = time.Minute

// met remembers that the server answered.
func (fd *feed) met() error {
	last, err := fd.d.mirror.Contact()
	if err != nil {
		return err
	}
	now := fd.d.now()
	if ago := now.Sub(last); ago >= 0 && ago < metEvery {
		return nil
	}
	return fd.d.store.write(func(tx *sql.Tx) error {
		return set(tx, settingContact, strconv.FormatInt(int64(policies.At(now)), 10))
	})
}

// fold folds a page, and those that waited for it, over copies of the state, and keeps
// all of it or nothing.
func (fd *feed) fold(before mark, pages []wire.PullReply) (after mark, p *pageFold, err error) {
	m, page := fd.d.mirror, pages[len(pages)-1]
	var items []wire.Item
	for _, some := range pages {
		items = append(items, some.Items...)
	}
	p = &pageFold{m: m, families: map[policies.FamilyID]*policies.Family{}, again: map[policies.RecordID]bool{}, touched: map[policies.RecordID]bool{}, hidden: map[policies.RecordID]bool{}}
	err = fd.d.store.write(func(tx *sql.Tx) error {
		p.tx, p.past, p.told = tx, past{tx: tx, in: fd.d.store}, page.Proven.Time
		if org := m.Org(); org != nil {
			p.org = org.Clone()
		}
		if p.unread, err = readUnread(tx); err != nil {
			return err
		}
		if err := p.takeAll(items); err != nil {
			return err
		}
		if err := p.forgetEnded(); err != nil {
			return err
		}
		if err := p.wipe(); err != nil {
			return err
		}
		// One after the other: on a full disk SQLite undoes all of it by itself, and the
		// cursor alone would move on, past what this device then never sees.
		if err := p.save(); err != nil {
			return err
		}
		if err := p.keepHeard(); err != nil {
			return err
		}
		if err := p.reached(); err != nil {
			return err
		}
		after = before
		given := map[policies.RecordID]receipt{}
		for _, some := range pages {
			if after, err = (witness{fd.d}).prove(p.org, after, some.Proven); err != nil {
				return err
			}
			for _, r := range some.Receipts {
				given[r.Place.Record] = receipt{r, after}
			}
		}
		if err := fd.d.store.withFigures(tx, p.org); err != nil {
			return err
		}
		if err := p.attest(given); err != nil {
			return err
		}
		if err := (witness{fd.d}).remember(tx, after); err != nil {
			return err
		}
		if err := p.unread.keep(tx); err != nil {
			return err
		}
		window := ""
		if page.More {
			window = windowOpen
		}
		if err := set(tx, settingWindow, window); err != nil {
			return err
		}
		return set(tx, settingCursor, page.Cursor)
	})
	if err != nil {
		return mark{}, p, err
	}
	m.take(p)
	return after, p, fd.d.cleared(p)
}

// short tells why what waited for more was not taken: the feed ended.
func (fd *feed) short(waiting []wire.PullReply, before mark) error {
	_, _, err := fd.fold(before, waiting)
	return err
}

// orgFirst moves the organisation's items to the front, each part in its order.
func orgFirst(items []wire.Item, org policies.RecordID) []wire.Item {
	out := make([]wire.Item, 0, len(items))
	for _, first := range []bool{true, false} {
		for _, i := range items {
			if (i.Place.Record == org) == first {
				out = append(out, i)
			}
		}
	}
	return out
}
