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
// Each page is folded twice. First for nothing: what comes out is the place of the last
// statement of every record that moved, and the server has to prove those from its
// signed log. Only then is it folded to be kept. A server that left a withdrawal out,
// and chained the rest anew for this device alone, so leaves nothing behind here.
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
	taken, err := fd.taken()
	if err != nil {
		return err
	}
	var noCause error
	var behind bool
	for waiting := []wire.Item(nil); ; {
		page, err := fd.fetch(ctx, cursor, before)
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
				return errors.Join(noCause, cmp.Or(fd.attest(ctx), fd.owed(taken)), fd.anew(behind))
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
		cursor, page.Items = page.Cursor, append(waiting, page.Items...)
		after, p, err := fd.page(ctx, before, page)
		switch {
		case (errors.Is(err, errLaterOrg) || errors.Is(err, errShort) || CodeOf(err) == CodeLogUnsigned) && page.More && len(page.Items) < maxWaiting:
			waiting = page.Items
			continue
		case err != nil:
			return err
		}
		p.report(r)
		noCause, behind = errors.Join(noCause, p.noCause), behind || p.behind
		before, waiting = after, nil
		if !page.More {
			if resumed == "" {
				return errors.Join(noCause, cmp.Or(fd.attest(ctx), fd.owed(taken)), fd.anew(behind))
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

// page has one page proved, and takes it.
func (fd *feed) page(ctx context.Context, before mark, page wire.PullReply) (mark, *pageFold, error) {
	after, p, err := fd.fold(before, page, nil)
	if err != nil || len(p.due) == 0 {
		return after, p, err
	}
	proved, err := fd.prove(ctx, p.org, after, p.due)
	if err != nil {
		return mark{}, nil, err
	}
	return fd.fold(before, page, &proved)
}

// maxWaiting bounds what a server can have this device hold in memory.
const maxWaiting = 20 * wire.MaxPullItems

// fetch asks for a page. It is the zero page when the server says that nothing is new.
// That is not signed, so that now and then a device asks for a page all the same: a
// server that shows one device an old state has to sign it within the hour.
func (fd *feed) fetch(ctx context.Context, cursor string, before mark) (page wire.PullReply, err error) {
	query := url.Values{"cursor": {cursor}, "checkpoint": {strconv.FormatInt(before.Size, 10)}}
	stale, err := fd.unsigned()
	if err != nil {
		return page, err
	}
	if stale {
		query.Set("proof", "1")
	}
	err = fd.d.remote.call(ctx, http.MethodGet, "/v1/sync/pull?"+query.Encode(), nil, &page)
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

// errRehearsed undoes the fold of a page that is not proved yet.
var errRehearsed = errors.New("not proved yet")

// fold folds one page over copies of the state, and with proofs of it keeps all of it
// or nothing.
func (fd *feed) fold(before mark, page wire.PullReply, proved *proofs) (after mark, p *pageFold, err error) {
	m := fd.d.mirror
	p = &pageFold{m: m, families: map[policies.FamilyID]*policies.Family{}, again: map[policies.RecordID]bool{}}
	err = fd.d.store.write(func(tx *sql.Tx) error {
		p.tx, p.past, p.told = tx, past{tx: tx, in: fd.d.store}, page.Proven.Time
		if org := m.Org(); org != nil {
			p.org = org.Clone()
		}
		for _, item := range orgFirst(page.Items, policies.RecordID(fd.d.me.Org)) {
			if err := p.take(item); err != nil {
				return err
			}
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
		if after, err = (witness{fd.d}).prove(p.org, before, page.Proven); err != nil {
			return err
		}
		if err := fd.d.store.withFigures(tx, p.org); err != nil {
			return err
		}
		if proved == nil {
			if p.due, err = unproven(tx, fd.d.store, fd.d.me.Org); err != nil {
				return err
			}
			if len(p.due) > 0 {
				return errRehearsed
			}
			proved = &proofs{after: after} // nothing moved
		}
		if err := proved.keep(tx); err != nil {
			return err
		}
		after = proved.after
		if err := (witness{fd.d}).remember(tx, after); err != nil {
			return err
		}
		window := ""
		if page.More {
			window = "open"
		}
		if err := set(tx, settingWindow, window); err != nil {
			return err
		}
		return set(tx, settingCursor, page.Cursor)
	})
	if errors.Is(err, errRehearsed) {
		return after, p, nil
	}
	if err != nil {
		return mark{}, p, err
	}
	m.take(p)
	return after, p, fd.d.cleared(p)
}

// short tells why what waited for more was not taken: the feed ended.
func (fd *feed) short(waiting []wire.Item, before mark) error {
	_, _, err := fd.fold(before, wire.PullReply{Items: waiting}, nil)
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
